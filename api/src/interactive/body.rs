//! The optional body of `POST /api/v1/liveness/sessions`. The challenges are asked for in the query; the body holds
//! what belongs in no log.

use poem_openapi::Object;
use serde::Deserialize;

use crate::attempts::SubjectRef;
use crate::contract::attestation::AttestationHash;
use crate::error::ApiError;
use crate::http::fields::{RawField, read_body};
use crate::http::json::RequestDocument;

/// Largest body, bytes: the longest attestation with every character escaped, and room to spare.
pub const MAX_LIVE_SESSION_BODY_BYTES: usize = 128 << 10;

/// What a new session takes besides its query. Unknown fields are refused.
#[derive(Object)]
pub struct InteractiveSessionRequest {
    /// What you know of the device, as you like: for example the result of App Attest or Play Integrity. 1 to 16,384
    /// bytes. The service does not read it: its SHA-256 goes into the receipt.
    #[oai(validator(min_length = 1, max_length = 16384))]
    attestation: Option<String>,
    /// Your own reference to the person, the same for each of their sessions: for example a hash of your user's id. Where
    /// the operator has limited the attempts of your key, sessions are counted for each reference. Only a keyed hash
    /// of it is stored.
    #[oai(validator(min_length = 1, max_length = 128))]
    subject_ref: Option<String>,
}

impl RequestDocument for InteractiveSessionRequest {
    const MAX_BYTES: usize = MAX_LIVE_SESSION_BODY_BYTES;
    const EMPTY_OF_ANY_TYPE: bool = true;
}

/// The body of a new session, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveBody {
    /// The caller's attestation.
    pub attestation: Option<AttestationHash>,
    /// The caller's reference to the person.
    pub subject_ref: Option<SubjectRef>,
}

impl LiveBody {
    /// Reads a body; an empty one says nothing.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] naming the field and what is allowed.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let raw: Raw<'_> = read_body(
            body,
            "send num_challenges, timeout_seconds, challenges, preset and mirrored as query parameters; the body takes attestation and subject_ref",
        )?;
        Ok(Self {
            attestation: AttestationHash::read(raw.attestation)?,
            subject_ref: SubjectRef::read(raw.subject_ref)?,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    attestation: Option<RawField<'a>>,
    subject_ref: Option<RawField<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_says_nothing_is_accepted_and_options_of_the_query_are_refused() {
        for body in ["", "{}", " {} ", "\u{feff}{}", r#"{"attestation":null}"#] {
            assert_eq!(
                LiveBody::parse(body.as_bytes()).unwrap(),
                LiveBody::default()
            );
        }
        let error = LiveBody::parse(br#"{"num_challenges":1}"#).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("\"num_challenges\"") && text.contains("query"),
            "{text}"
        );
    }
}
