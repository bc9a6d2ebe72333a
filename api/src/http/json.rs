//! JSON bodies: requests are read within limits, answers are written by serde.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use poem::http::HeaderValue;
use poem::web::Data;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::Serialize;

use super::body::BodyRules;
use super::calling_key::CallingKey;
use super::parameters::{Parameters, Value};
use super::uploads::{UploadPlace, Uploader};
use crate::contract::excerpt::Excerpt;
use crate::error::{ApiError, ForeignBody};
use crate::state::AppState;

/// How long a body may take to arrive: 36 MiB at 5 Mbit/s.
const ARRIVAL: Duration = Duration::from_secs(60);

const CONTENT_TYPE: &str = "application/json";

/// Names of UTF-8 as a charset; ASCII is a subset of it.
const UTF_8: [&str; 3] = ["utf-8", "utf8", "us-ascii"];

/// Length of an empty object with a byte order mark, bytes.
const NOTHING_BYTES: usize = "\u{feff}{}".len();

/// The schema of a request body and its size limit.
pub trait RequestDocument: Type {
    /// Largest body, bytes; a larger one cannot be a valid request.
    const MAX_BYTES: usize;

    /// Whether an empty object may come with any content type, as some clients send where there is nothing to say.
    const EMPTY_OF_ANY_TYPE: bool = false;
}

impl<T: RequestDocument> RequestDocument for Option<T> {
    const MAX_BYTES: usize = T::MAX_BYTES;
    const EMPTY_OF_ANY_TYPE: bool = T::EMPTY_OF_ANY_TYPE;
}

/// A body as it came in, documented as `T`. Its own parser reads it, since that can name fields and
/// ranges where a generic parser cannot.
pub struct JsonRequest<T> {
    /// The body; empty when there was none.
    pub bytes: Bytes,
    /// The upload room that the body takes. Keep it as long as any part of the body.
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
        let Data(state) =
            <Data<&Arc<AppState>> as FromRequest>::from_request_without_body(request).await?;
        let rules = BodyRules {
            max_bytes: T::MAX_BYTES,
            arrival: ARRIVAL,
            too_large,
            any_type_bytes: if T::EMPTY_OF_ANY_TYPE {
                NOTHING_BYTES
            } else {
                0
            },
            check_type,
        };
        let place = state.uploads.place(Uploader {
            key: CallingKey::of(request),
            session: None,
        });
        let (bytes, place) = rules.receive(request, body, place).await?;
        Ok(Self {
            bytes,
            place,
            document: PhantomData,
        })
    }
}

/// The refusal of a body over its limit of `max_bytes`.
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

/// Checks that the content type, if there is one, is JSON in UTF-8.
fn check_type(content_type: Option<&HeaderValue>) -> Result<(), ForeignBody> {
    let Some(value) = content_type else {
        return Ok(());
    };
    let parameters = Parameters::read(value.as_bytes());
    let essence = String::from_utf8_lossy(parameters.value).to_ascii_lowercase();
    if essence != CONTENT_TYPE && !(essence.contains('/') && essence.ends_with("+json")) {
        return Err(ForeignBody::ContentType {
            expected: CONTENT_TYPE,
            arrived: Excerpt::of_header(value),
        });
    }
    let charset = match parameters.get("charset") {
        Some(Value::Whole(charset)) => String::from_utf8_lossy(charset),
        Some(Value::Unclosed) | None => return Ok(()),
    };
    if charset.is_empty() || UTF_8.iter().any(|n| n.eq_ignore_ascii_case(&charset)) {
        return Ok(());
    }
    Err(ForeignBody::Charset(Excerpt::of(&charset)))
}

/// A response body, documented as `T` and written by serde, which prints an `f32` as the shortest text
/// that reads back as the same number.
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

/// A response body that was written before as JSON, documented as `T`.
pub struct WrittenJson<T> {
    json: String,
    document: PhantomData<fn() -> T>,
}

impl<T> WrittenJson<T> {
    /// This JSON, which serde made of a `T`.
    pub fn new(json: String) -> Self {
        Self {
            json,
            document: PhantomData,
        }
    }
}

impl<T: Type + Send> Payload for WrittenJson<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Send> IntoResponse for WrittenJson<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(CONTENT_TYPE)
            .body(self.json)
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
