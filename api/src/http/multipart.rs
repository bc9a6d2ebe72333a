//! The body of a live frame: a form with one image, kept in memory only.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use livegate_media::Picture;
use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use uuid::Uuid;

use super::body::BodyRules;
use super::calling_key::CallingKey;
use super::form::{Form, FormError, boundary};
use super::parameters::Parameters;
use super::uploads::{UploadPlace, Uploader, Uploads};
use crate::contract::bad_picture::BadImage;
use crate::contract::excerpt::Excerpt;
use crate::contract::media::MAX_FRAME_BYTES;
use crate::error::{ApiError, ForeignBody};

use crate::state::AppState;

const CONTENT_TYPE: &str = "multipart/form-data";

/// Name of the field with the image.
const IMAGE: &str = "image";

/// Largest form, bytes: an image of the largest size, and the form around it.
const MAX_FORM_BYTES: usize = MAX_FRAME_BYTES + (64 << 10);

/// Most fields of a form. All but the image are ignored, but a body full of them would cost time.
const MAX_FIELDS: usize = 16;

/// Values of `Content-Transfer-Encoding` that leave bytes unchanged.
const PLAIN: [&[u8]; 3] = [b"binary", b"8bit", b"7bit"];

/// How long a frame may take to arrive; guidance from an older one is useless.
const ARRIVAL: Duration = Duration::from_secs(10);

/// The rules for the body of a live frame.
const RULES: BodyRules = BodyRules {
    max_bytes: MAX_FORM_BYTES,
    arrival: ARRIVAL,
    too_large: |_| ApiError::FrameTooLarge,
    any_type_bytes: 0,
    check_type,
};

/// A live frame that passed every check that needs no pixels.
pub struct FrameUpload {
    /// The image, JPEG or PNG, as it came.
    pub image: Picture,
    /// The upload room that the form takes. Keep it as long as the image.
    pub place: UploadPlace,
}

impl FrameUpload {
    async fn receive(
        request: &Request,
        body: &mut RequestBody,
        uploads: &Uploads,
    ) -> Result<Self, ApiError> {
        let place = uploads.place(Uploader {
            key: CallingKey::of(request),
            // Ids may be written in capitals, too.
            session: (request.path_params::<String>().ok())
                .and_then(|id| Uuid::try_parse(&id).ok()),
        });
        let (bytes, place) = RULES.receive(request, body, place).await?;
        if bytes.is_empty() {
            return Err(ApiError::MissingFields(vec![IMAGE]));
        }
        let image = find_image(request.headers().get(header::CONTENT_TYPE), &bytes)?;
        if image.is_empty() {
            return Err(BadImage::Empty.into());
        }
        if image.len() > MAX_FRAME_BYTES {
            return Err(ApiError::FrameTooLarge);
        }
        // The image is a slice of the form, which stays in memory as a whole.
        let image = Picture::read(image).map_err(BadImage::Picture)?;
        Ok(Self { image, place })
    }
}

/// Checks that this content type is a form. It must be present: without it the boundary is not known.
fn check_type(content_type: Option<&HeaderValue>) -> Result<(), ForeignBody> {
    let expected = CONTENT_TYPE;
    let value = content_type.ok_or(ForeignBody::NoContentType { expected })?;
    let essence = Parameters::read(value.as_bytes()).value;
    if essence.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()) {
        return Ok(());
    }
    Err(ForeignBody::ContentType {
        expected,
        arrived: Excerpt::of_header(value),
    })
}

/// The content of the form's field `image`.
///
/// # Errors
/// [`ApiError::InvalidInput`] when `form` is not a form, [`ApiError::MissingFields`] when it has no
/// field `image`, [`ApiError::ImageFormat`] when that field is encoded.
pub fn find_image(content_type: Option<&HeaderValue>, form: &Bytes) -> Result<Bytes, ApiError> {
    let content_type = content_type.map_or(&b""[..], HeaderValue::as_bytes);
    let boundary = boundary(content_type)?;
    let mut parts = Form::new(form, &boundary);
    let mut image = None;
    let mut fields = 0;
    while let Some(part) = parts.next_part()? {
        fields += 1;
        if fields > MAX_FIELDS {
            return Err(invalid(&format!(
                "The form has more than {MAX_FIELDS} fields; send the field image alone."
            )));
        }
        if part.name.as_deref() == Some(IMAGE.as_bytes()) && image.replace(part).is_some() {
            return Err(invalid(
                "The form has the field image more than once; send one image in each request.",
            ));
        }
    }
    let image = image.ok_or(ApiError::MissingFields(vec![IMAGE]))?;
    if let Some(encoding) = image.encoding
        && !PLAIN.iter().any(|p| encoding.eq_ignore_ascii_case(p))
    {
        let encoding = Excerpt::of(&String::from_utf8_lossy(&encoding));
        return Err(BadImage::Encoded(encoding).into());
    }
    Ok(form.slice(image.content))
}

impl From<FormError> for ApiError {
    fn from(error: FormError) -> Self {
        invalid(&error.to_string())
    }
}

fn invalid(text: &str) -> ApiError {
    ApiError::InvalidInput(text.to_owned())
}

impl<'a> ApiExtractor<'a> for FrameUpload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let image = MetaSchema {
            description: Some(
                "The frame: JPEG or PNG, each side 120 to 4096 pixels, up to 10 MiB.",
            ),
            format: Some("binary"),
            ..MetaSchema::new("string")
        };
        let form = MetaSchema {
            required: vec![IMAGE],
            properties: vec![(IMAGE, MetaSchemaRef::Inline(Box::new(image)))],
            ..MetaSchema::new("object")
        };
        Some(MetaRequest {
            description: None,
            content: vec![MetaMediaType {
                content_type: CONTENT_TYPE,
                schema: MetaSchemaRef::Inline(Box::new(form)),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let Data(state) =
            <Data<&Arc<AppState>> as FromRequest>::from_request_without_body(request).await?;
        Ok(Self::receive(request, body, &state.live_uploads).await?)
    }
}

#[cfg(test)]
mod tests;
