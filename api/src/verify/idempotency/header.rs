//! The header `Idempotency-Key`.

use poem::{FromRequest, Request, RequestBody};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Name of the header.
pub const NAME: &str = "Idempotency-Key";

/// Longest key, characters.
pub const MAX_LENGTH: usize = 255;

/// SHA-256 of a caller's `Idempotency-Key`. The key itself is not kept: callers may put anything into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub(super) [u8; 32]);

impl IdempotencyKey {
    /// The key in a request's headers; `None` without one.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] if it is sent twice, or is not 1 to 255 visible ASCII characters.
    pub fn of(request: &Request) -> Result<Option<Self>, ApiError> {
        let mut values = request.headers().get_all(NAME).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(ApiError::InvalidInput(format!(
                "Send the header {NAME} once."
            )));
        }
        let bytes = value.as_bytes();
        if !(1..=MAX_LENGTH).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(ApiError::InvalidInput(format!(
                "The header {NAME} must be 1 to {MAX_LENGTH} visible ASCII characters, without spaces."
            )));
        }
        Ok(Some(Self(Sha256::digest(bytes).into())))
    }
}

/// The key of a request, read before its body.
pub struct RequestKey(pub Option<IdempotencyKey>);

impl<'a> FromRequest<'a> for RequestKey {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(IdempotencyKey::of(request)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&[u8]]) -> Result<Option<IdempotencyKey>, ApiError> {
        let mut request = Request::builder().finish();
        for value in values {
            let value = poem::http::HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append("idempotency-key", value);
        }
        IdempotencyKey::of(&request)
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters_and_sent_once() {
        assert_eq!(of(&[]).unwrap(), None);
        let longest = "~".repeat(255);
        for good in ["a", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &longest] {
            assert!(of(&[good.as_bytes()]).unwrap().is_some(), "{good}");
        }
        assert_ne!(of(&[b"a"]).unwrap(), of(&[b"A"]).unwrap());
        let too_long = "~".repeat(256);
        let bad: [&[&[u8]]; 6] = [
            &[b""],
            &[b"a b"],
            &[b"a\tb"],
            &["schl\u{fc}ssel".as_bytes()],
            &[too_long.as_bytes()],
            &[b"a", b"a"],
        ];
        for values in bad {
            match of(values) {
                Err(ApiError::InvalidInput(text)) => {
                    assert!(text.contains("Idempotency-Key"), "{text}");
                }
                other => panic!("{values:?}: {other:?}"),
            }
        }
    }
}
