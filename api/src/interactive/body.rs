//! The optional body of `POST /api/v1/liveness/sessions`. The challenges are asked for in the query; the body holds
//! what belongs in no log.

use poem_openapi::Object;
use serde::Deserialize;

use crate::contract::attestation::AttestationHash;
use crate::error::ApiError;
use crate::http::fields::{RawField, read_body};
use crate::http::json::RequestDocument;
use crate::reference::{NumberList, Reference};
use crate::verify::wire::test_outcome;

/// Largest body, bytes: a reference picture of the largest size in base64 and the longest attestation with every character
/// escaped, with room to spare.
pub const MAX_LIVE_SESSION_BODY_BYTES: usize = 14 << 20;

/// What a new session takes besides its query. Unknown fields are refused.
#[derive(Object)]
pub struct InteractiveSessionRequest {
    /// What you know of the device, as you like: for example the result of App Attest or Play Integrity. 1 to 16,384
    /// bytes. The service does not read it: its SHA-256 goes into the receipt.
    #[oai(validator(min_length = 1, max_length = 16384))]
    attestation: Option<String>,
    /// A picture of the person you expect: JPEG or PNG in base64 (standard or URL-safe), each side 120 to 4096 pixels, up to
    /// 10 MiB, with exactly one clear face. Send it or `reference_embedding`, not both. The verdict then has
    /// `reference_match`, for the key's owner alone. Only its embedding is kept, sealed, until the session is over.
    reference_image_b64: Option<String>,
    /// The same as an embedding of this service: 512 numbers, of any length. It must come from the models in use.
    #[oai(validator(min_items = 512, max_items = 512))]
    reference_embedding: Option<Vec<f32>>,
    /// With a test key only: the outcome of the session, as the query parameter of this name. Send one of the two.
    #[oai(validator(min_length = 1))]
    test_outcome: Option<String>,
}

impl RequestDocument for InteractiveSessionRequest {
    const MAX_BYTES: usize = MAX_LIVE_SESSION_BODY_BYTES;
    const EMPTY_OF_ANY_TYPE: bool = true;
}

/// The body of a new session, read.
#[derive(Clone, Debug, Default)]
pub struct LiveBody {
    /// The caller's attestation.
    pub attestation: Option<AttestationHash>,
    /// The face that the session's face is compared with.
    pub reference: Option<Reference>,
    /// The outcome of a test session, unread.
    pub test_outcome: Option<String>,
}

impl LiveBody {
    /// Reads a body; an empty one says nothing. With a picture it takes milliseconds, so a large one must not be read on an
    /// async thread.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] naming the field and what is allowed; [`ApiError::InvalidReference`] for bytes that are
    /// not an accepted picture.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let raw: Raw<'_> = read_body(
            body,
            "send num_challenges, timeout_seconds, challenges, preset and mirrored as query parameters; the body takes attestation, reference_image_b64, reference_embedding and, with a test key, test_outcome",
        )?;
        Ok(Self {
            attestation: AttestationHash::read(raw.attestation)?,
            reference: Reference::read(raw.reference_image_b64, raw.reference_embedding)?,
            test_outcome: test_outcome(raw.test_outcome)?,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    attestation: Option<RawField<'a>>,
    reference_image_b64: Option<RawField<'a>>,
    reference_embedding: Option<NumberList>,
    test_outcome: Option<RawField<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_says_nothing_is_accepted_and_options_of_the_query_are_refused() {
        for body in ["", "{}", " {} ", "\u{feff}{}", r#"{"attestation":null}"#] {
            let read = LiveBody::parse(body.as_bytes()).unwrap();
            assert!(read.attestation.is_none() && read.reference.is_none());
        }
        let error = LiveBody::parse(br#"{"num_challenges":1}"#).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("\"num_challenges\"") && text.contains("query"),
            "{text}"
        );
    }
}
