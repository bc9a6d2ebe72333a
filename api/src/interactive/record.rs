//! The stored record of an interactive session.

use std::time::Duration;

use livegate_common::job::Cost;
use livegate_common::records::{Record, RecordError};
use livegate_liveness::reference::Comparison;
use livegate_liveness::session::{Session, State};
use livegate_liveness::thresholds::ModelSetId;
use serde::{Deserialize, Serialize};

use crate::attempts::CountedAttempt;
use crate::contract::attestation::AttestationHash;
use crate::error::ApiError;
use crate::test_mode::TestOutcome;

/// How long a session can be read after it ended.
const READABLE_AFTER: Duration = Duration::from_secs(600);

/// What the creation of a session fixes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Id of the key that created it.
    pub key: String,
    /// Whether its frames are mirror images.
    pub mirrored: bool,
    /// Whether the server drew the challenges, from more than one possibility.
    pub is_drawn: bool,
    /// The hash of the attestation that its creator sent.
    pub attestation: Option<AttestationHash>,
    /// The outcome that was chosen for a test session; `None` for a real one.
    pub test: Option<TestOutcome>,
    /// The attempt that it counts as.
    pub attempt: Option<CountedAttempt>,
}

/// An interactive session as it is stored. It holds embeddings until the session has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveSession {
    /// What was fixed when it was created.
    pub opening: Opening,
    /// Unix milliseconds at which the session is over at the latest.
    pub expires_at_ms: u64,
    /// Processor time that its frames cost the workers.
    pub cost: Cost,
    /// The server's own time spent on its frames, milliseconds.
    pub busy_ms: u64,
    /// The models that measured its latest frame.
    pub models: ModelSetId,
    /// The receipt of its verdict.
    pub receipt: Option<String>,
    /// The state of the session.
    pub session: Session,
}

impl LiveSession {
    /// The attempt that no longer counts, since the session ended verified.
    pub fn taken_back(&self) -> Option<&CountedAttempt> {
        let State::Ended(end) = self.session.state() else {
            return None;
        };
        // A live impostor must not try as often as they like.
        let is_other_face = match end.reference {
            Comparison::Made(made) => !made.is_matched(),
            Comparison::NoReference | Comparison::NoFace => false,
        };
        let attempt = self.opening.attempt.as_ref();
        attempt.filter(|_| end.is_live() && !is_other_face)
    }

    /// Whether the session was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.session.state(), State::Ended(end) if end.is_cancelled())
    }
}

impl Record for LiveSession {
    const KIND: &'static str = "interactive";

    /// How long the store keeps the record: until ten minutes after the session is over, however it
    /// ends.
    fn keep(&self, now_ms: u64) -> Duration {
        let left = match self.session.state() {
            State::Pending | State::InProgress => self.expires_at_ms.saturating_sub(now_ms),
            State::Ended(_) => 0,
        };
        Duration::from_millis(left) + READABLE_AFTER
    }
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use livegate_liveness::challenge::Angles;
    use livegate_liveness::session::Task;
    use livegate_liveness::thresholds::Thresholds;

    use super::*;

    #[test]
    fn a_session_stays_readable_for_ten_minutes_past_its_end() {
        let session = Session::new(vec![Task::Blink], 4_000, Angles::default(), 5_000);
        let mut record = LiveSession {
            opening: Opening {
                key: "key_1".to_owned(),
                mirrored: true,
                is_drawn: true,
                attestation: None,
                test: None,
                attempt: None,
            },
            expires_at_ms: 5_000,
            cost: Cost::default(),
            busy_ms: 0,
            models: ModelSetId::default(),
            receipt: None,
            session,
        };
        assert_eq!(record.keep(0), Duration::from_secs(605));
        record.session = record.session.settle(9_000, &Thresholds::default());
        assert_eq!(record.keep(0), Duration::from_secs(600));
    }
}
