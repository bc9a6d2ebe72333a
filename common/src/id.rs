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
const MAX_CALLER_ID_BYTES: usize = 64;

/// Id of a request: ours, and beside it the one that the caller gave, if any.
///
/// Ours identifies the request. A caller may repeat its own id, or take that of another caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestId {
    ours: Uuid,
    callers: Option<CallerRequestId>,
}

impl RequestId {
    /// A new id, which no other request has, without an id of the caller.
    pub fn fresh() -> Self {
        Self::with(None)
    }

    /// A new id, which no other request has, beside the caller's own.
    pub fn with(callers: Option<CallerRequestId>) -> Self {
        Self {
            ours: Uuid::new_v4(),
            callers,
        }
    }

    /// The caller's own id of the request, as it was sent; `None` if there was none, or an unsafe one.
    pub fn callers(&self) -> Option<&CallerRequestId> {
        self.callers.as_ref()
    }
}

/// Shows our id.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ours.fmt(f)
    }
}

/// A caller's own id of a request: 1 to 64 letters, digits, dots, underscores and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CallerRequestId(Arc<str>);

/// The text cannot be a caller's id of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of a request has 1 to 64 letters, digits, dots, underscores and hyphens")]
pub struct BadRequestId;

impl CallerRequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Accepts only characters that have no special meaning in logs and headers, where ids are written.
impl TryFrom<&str> for CallerRequestId {
    type Error = BadRequestId;

    fn try_from(id: &str) -> Result<Self, BadRequestId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let is_harmless =
            !id.is_empty() && id.len() <= MAX_CALLER_ID_BYTES && id.bytes().all(allowed);
        is_harmless.then(|| Self(id.into())).ok_or(BadRequestId)
    }
}

impl TryFrom<String> for CallerRequestId {
    type Error = BadRequestId;

    fn try_from(id: String) -> Result<Self, BadRequestId> {
        Self::try_from(id.as_str())
    }
}

impl From<CallerRequestId> for String {
    fn from(id: CallerRequestId) -> Self {
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
            assert_eq!(CallerRequestId::try_from(id).is_ok(), harmless, "{id:?}");
            let encoded = postcard::to_stdvec(id).unwrap();
            let read = postcard::from_bytes::<CallerRequestId>(&encoded);
            assert_eq!(read.is_ok(), harmless, "{id:?} from a message");
        }
    }

    #[test]
    fn our_id_is_new_whatever_the_caller_calls_the_request() {
        let callers = CallerRequestId::try_from("same").unwrap();
        let (a, b) = (
            RequestId::with(Some(callers.clone())),
            RequestId::with(Some(callers.clone())),
        );
        assert_ne!(a.to_string(), b.to_string());
        assert_eq!(a.callers(), Some(&callers));
        assert_eq!(RequestId::fresh().callers(), None);
    }
}
