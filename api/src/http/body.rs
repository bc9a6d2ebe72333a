//! Reading request bodies: their content type is checked, and their memory, their size and the time
//! that they take are bounded.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::http::{HeaderValue, header};
use poem::{Request, RequestBody};

use super::uploads::{UploadPlace, Uploads};
use crate::contract::excerpt::Excerpt;
use crate::error::{ApiError, ForeignBody};

/// The rules for the body of one kind of request.
pub struct BodyRules {
    /// Largest body, bytes; a larger one cannot be a valid request.
    pub max_bytes: usize,
    /// How long the body may take to arrive.
    pub arrival: Duration,
    /// Makes the refusal of a body that is larger than the given limit, bytes.
    pub too_large: fn(usize) -> ApiError,
    /// Refuses a content type, or its absence, that is not accepted. Not asked about an empty body.
    pub check_type: fn(Option<&HeaderValue>) -> Result<(), ForeignBody>,
}

impl BodyRules {
    /// Reads the body into memory, and returns it with the upload room that it takes. A request without a
    /// body has an empty one.
    ///
    /// # Errors
    /// [`ApiError`]. An error that the head alone shows is returned before any of the body is read.
    pub async fn receive(
        &self,
        request: &Request,
        body: &mut RequestBody,
        uploads: &Uploads,
    ) -> Result<(Bytes, UploadPlace), ApiError> {
        let length = self.declared_length(request)?;
        let mut place = uploads.admit(length.unwrap_or(self.max_bytes)).await?;
        let arrived =
            tokio::time::timeout(self.arrival, self.read(request, body, length.unwrap_or(0)));
        let bytes = arrived.await.unwrap_or_else(|_| {
            let seconds = self.arrival.as_secs();
            Err(ApiError::InvalidInput(format!(
                "The body did not arrive within {seconds} seconds."
            )))
        })?;
        place.shrink_to(bytes.len());
        Ok((bytes, place))
    }

    /// The length that the head announces; an error if it is over the limit or the head is not
    /// acceptable.
    fn declared_length(&self, request: &Request) -> Result<Option<usize>, ApiError> {
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        let Some(declared) = declared else {
            return Ok(None);
        };
        if declared > 0 {
            self.check_form(request)?;
        }
        match usize::try_from(declared) {
            Ok(length) if length <= self.max_bytes => Ok(Some(length)),
            Ok(_) | Err(_) => Err((self.too_large)(self.max_bytes)),
        }
    }

    async fn read(
        &self,
        request: &Request,
        body: &mut RequestBody,
        expected: usize,
    ) -> Result<Bytes, ApiError> {
        let Ok(body) = body.take() else {
            return Ok(Bytes::new());
        };
        let form = self.check_form(request);
        let mut stream = std::pin::pin!(body.into_bytes_stream());
        let mut bytes = BytesMut::with_capacity(expected);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| {
                ApiError::InvalidInput("The body broke off before its end.".to_owned())
            })?;
            if bytes.len() + chunk.len() > self.max_bytes {
                return Err((self.too_large)(self.max_bytes));
            }
            if !chunk.is_empty() {
                form.clone()?;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Checks the content type and encodings that the head states.
    fn check_form(&self, request: &Request) -> Result<(), ForeignBody> {
        let headers = request.headers();
        for coding in headers.get_all(header::CONTENT_ENCODING) {
            if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
                return Err(ForeignBody::Encoding(Excerpt::of_header(coding)));
            }
        }
        (self.check_type)(headers.get(header::CONTENT_TYPE))
    }
}
