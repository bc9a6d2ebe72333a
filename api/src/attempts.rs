//! Attempts of a subject: the sessions that a key creates for the same `subject_ref`, counted over a window of time.
//!
//! A session counts from its creation. It is counted before it is stored, so that no death of a process
//! loses an attempt. One that ends verified no longer counts: a living customer who comes back often is not
//! locked out. All others stay counted until they leave the window: rejected, failed, expired, cancelled.

use livegate_common::limits::{Rate, Window};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::fields::RawField;
use crate::keys::KeyRecord;
use crate::state::AppState;

/// Longest `subject_ref`, characters.
pub const MAX_SUBJECT_REF: usize = 128;

/// Purpose of the keyed hash.
const CONTEXT: &[u8] = b"livegate subject_ref";

/// A caller's reference to a person, as it was sent. It is neither stored nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectRef(String);

/// Prints nothing of the reference.
impl std::fmt::Debug for SubjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectRef(..)")
    }
}

impl SubjectRef {
    /// Reads the field `subject_ref`.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] unless it is a string of 1 to [`MAX_SUBJECT_REF`] characters.
    pub fn read(field: Option<RawField<'_>>) -> Result<Option<Self>, ApiError> {
        match field {
            None => Ok(None),
            Some(RawField::Text(text)) if (1..=MAX_SUBJECT_REF).contains(&text.chars().count()) => {
                Ok(Some(Self(text.into_owned())))
            }
            Some(_) => Err(ApiError::InvalidInput(format!(
                "subject_ref must be a string of 1 to {MAX_SUBJECT_REF} characters."
            ))),
        }
    }
}

/// A session that counts as an attempt, in the session's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedAttempt {
    /// The keyed hash of the subject's reference.
    subject: [u8; 32],
    /// Id of the attempt.
    id: Uuid,
}

impl CountedAttempt {
    /// Counts a new session for this subject. `None` if the key has no policy or the caller names no subject:
    /// then nothing is stored.
    ///
    /// # Errors
    /// [`ApiError::AttemptLimited`] when the subject has used up its attempts.
    pub async fn count(
        state: &AppState,
        key: &KeyRecord,
        subject: Option<&SubjectRef>,
    ) -> Result<Option<Self>, ApiError> {
        let Some((policy, SubjectRef(subject))) = key.attempts.zip(subject) else {
            return Ok(None);
        };
        let hash = state.services.seal.keyed_hash(CONTEXT, subject.as_bytes());
        let this = Self {
            subject: hash.map_err(ApiError::internal)?,
            id: Uuid::new_v4(),
        };
        let window = Window {
            name: &this.window(&key.id),
            most: policy.most,
            lasts: policy.per,
        };
        match state.services.limits.enter(&window, this.id).await? {
            Rate::Allowed => Ok(Some(this)),
            Rate::RetryAfter(retry_after) => Err(ApiError::AttemptLimited { retry_after }),
        }
    }

    /// Takes the attempt back, because its session ended verified. If the store does not answer, it stays counted.
    pub async fn take_back(&self, state: &AppState, key_id: &str) {
        let window = self.window(key_id);
        if let Err(error) = state.services.limits.leave(&window, self.id).await {
            tracing::warn!(
                key.id = %key_id,
                error = %error,
                "The attempt of a verified session could not be taken back and stays counted: {error}"
            );
        }
    }

    /// Name of the window. A key has its own subjects.
    fn window(&self, key_id: &str) -> String {
        let digits: String = self.subject.iter().map(|b| format!("{b:02x}")).collect();
        format!("attempts:{key_id}:{digits}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_1_to_128_characters_and_never_printed() {
        let read = |text: &str| SubjectRef::read(Some(RawField::Text(text.to_owned().into())));
        let longest = "\u{fc}".repeat(128);
        for good in ["1", " ", &longest] {
            let reference = read(good).unwrap().unwrap();
            assert_eq!(format!("{reference:?}"), "SubjectRef(..)");
        }
        assert_eq!(SubjectRef::read(None).unwrap(), None);
        let too_long = "x".repeat(129);
        for bad in [
            read(""),
            read(&too_long),
            SubjectRef::read(Some(RawField::Bool(true))),
        ] {
            let text = bad.unwrap_err().to_string();
            assert!(text.contains("1 to 128") && !text.contains("xx"), "{text}");
        }
    }
}
