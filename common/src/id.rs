//! Identifiers. Each is a type of its own, so that the compiler rejects one in the place of another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Id of a job: the work of one verification, shared by all its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobId(pub Uuid);

impl JobId {
    /// A new random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(f)
    }
}

/// Id of a batch: a part of a job that travels as one message and returns as one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BatchId {
    /// The job that the batch belongs to.
    pub job: JobId,
    /// Position of the batch in its job, from 0.
    pub batch: u16,
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.job, self.batch)
    }
}

/// Id of a running API process, to which its outcomes are announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReplicaId(pub Uuid);

impl ReplicaId {
    /// A new random id. Each process draws one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_simple().fmt(f)
    }
}

/// Longest request id that is accepted from a caller, bytes.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Id of a request in logs, audit records and the `X-Request-Id` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RequestId(Arc<str>);

/// The text cannot be a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of a request has 1 to 64 letters, digits, dots, underscores and hyphens")]
pub struct BadRequestId;

impl RequestId {
    /// A new id, which no other request has.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Accepts only characters that have no special meaning in logs and headers, where ids are written.
impl TryFrom<&str> for RequestId {
    type Error = BadRequestId;

    fn try_from(id: &str) -> Result<Self, BadRequestId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let is_harmless =
            !id.is_empty() && id.len() <= MAX_REQUEST_ID_BYTES && id.bytes().all(allowed);
        is_harmless.then(|| Self(id.into())).ok_or(BadRequestId)
    }
}

impl TryFrom<String> for RequestId {
    type Error = BadRequestId;

    fn try_from(id: String) -> Result<Self, BadRequestId> {
        Self::try_from(id.as_str())
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        for (id, harmless) in [
            ("3f2a-1", true),
            ("a.b_c", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("a\nb", false),
            ("ä", false),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(RequestId::try_from(id).is_ok(), harmless, "{id:?}");
            let encoded = postcard::to_stdvec(id).unwrap();
            let read = postcard::from_bytes::<RequestId>(&encoded);
            assert_eq!(read.is_ok(), harmless, "{id:?} from a message");
        }
    }
}
