//! JSON bodies: read with every limit in place, written as serde writes them.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::Serialize;

use super::excerpt::Excerpt;
use super::uploads::UploadPlace;
use crate::error::{ApiError, ForeignBody};
use crate::state::AppState;

const CONTENT_TYPE: &str = "application/json";

/// What UTF-8 is called; ASCII is part of it.
const UTF_8: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// How long a body may take to arrive: at 36 MiB a link of 5 Mbit/s.
const ARRIVAL: Duration = Duration::from_secs(60);

/// The schema of a request body and its limit.
pub trait RequestDocument: Type {
    /// A larger body cannot be a legal request.
    const MAX_BYTES: usize;
}

impl<T: RequestDocument> RequestDocument for Option<T> {
    const MAX_BYTES: usize = T::MAX_BYTES;
}

/// A body as it came in, documented as `T`. What it means is for its own parser to say, which can
/// name fields and ranges where a generic one cannot.
pub struct JsonRequest<T> {
    /// The body; empty when there was none.
    pub bytes: Bytes,
    /// The room that it takes; keep it as long as anything of the body.
    pub place: UploadPlace,
    document: PhantomData<fn() -> T>,
}

impl<'a, T: RequestDocument> ApiExtractor<'a> for JsonRequest<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType {
            content_type: CONTENT_TYPE,
            schema: T::schema_ref(),
        }];
        Some(MetaRequest {
            description: None,
            content,
            required: T::IS_REQUIRED,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let length = declared_length(request, T::MAX_BYTES)?;
        let Data(state) =
            <Data<&Arc<AppState>> as FromRequest>::from_request_without_body(request).await?;
        let expected = length.unwrap_or(T::MAX_BYTES);
        let mut place = state.uploads.admit(expected).await?;
        let bytes = read(request, body, length.unwrap_or(0), T::MAX_BYTES).await?;
        place.shrink_to(bytes.len());
        Ok(Self {
            bytes,
            place,
            document: PhantomData,
        })
    }
}

/// The length that the head announces, if it is one that may be read.
fn declared_length(request: &Request, max_bytes: usize) -> Result<Option<usize>, ApiError> {
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let Some(declared) = declared else {
        return Ok(None);
    };
    if declared > 0 {
        check_form(request)?;
    }
    match usize::try_from(declared) {
        Ok(length) if length <= max_bytes => Ok(Some(length)),
        Ok(_) | Err(_) => Err(too_large(max_bytes)),
    }
}

async fn read(
    request: &Request,
    body: &mut RequestBody,
    expected: usize,
    max_bytes: usize,
) -> Result<Bytes, ApiError> {
    let Ok(body) = body.take() else {
        return Ok(Bytes::new());
    };
    let form = check_form(request);
    let mut stream = std::pin::pin!(body.into_bytes_stream());
    let arrive = async {
        let mut bytes = BytesMut::with_capacity(expected);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| {
                ApiError::InvalidInput("The body broke off before its end.".to_owned())
            })?;
            if bytes.len() + chunk.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            if !chunk.is_empty() {
                form.clone()?;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(ARRIVAL, arrive)
        .await
        .unwrap_or_else(|_| {
            let seconds = ARRIVAL.as_secs();
            Err(ApiError::InvalidInput(format!(
                "The body did not arrive within {seconds} seconds."
            )))
        })
}

/// The refusal of a body over its limit.
pub fn too_large(max_bytes: usize) -> ApiError {
    let limit = if max_bytes >= 1 << 20 {
        format!("{} MiB", max_bytes >> 20)
    } else {
        format!("{} KiB", max_bytes >> 10)
    };
    ApiError::TooLarge(format!(
        "The body is larger than any valid request: over {limit}."
    ))
}

/// Whether the head says of the body that it is plain JSON, or says nothing.
fn check_form(request: &Request) -> Result<(), ForeignBody> {
    let headers = request.headers();
    for coding in headers.get_all(header::CONTENT_ENCODING) {
        if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(ForeignBody::Encoding(excerpt(coding)));
        }
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    if essence != CONTENT_TYPE && !(essence.contains('/') && essence.ends_with("+json")) {
        return Err(ForeignBody::ContentType {
            expected: CONTENT_TYPE,
            arrived: excerpt(value),
        });
    }
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim_matches('"'));
    match charset {
        None => Ok(()),
        Some(name) if UTF_8.iter().any(|n| n.eq_ignore_ascii_case(name)) => Ok(()),
        Some(other) => Err(ForeignBody::Charset(Excerpt::of(other))),
    }
}

fn excerpt(value: &HeaderValue) -> Excerpt {
    Excerpt::of(&String::from_utf8_lossy(value.as_bytes()))
}

/// A response body, documented as `T` and written by serde, which prints an `f32` as the shortest
/// text that reads back as the same number.
pub struct JsonResponse<T>(pub T);

impl<T: Type + Send> Payload for JsonResponse<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for JsonResponse<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => Response::builder().content_type(CONTENT_TYPE).body(body),
            Err(error) => poem::Error::from(ApiError::internal(error)).into_response(),
        }
    }
}
