//! The stored record of a session.

use std::time::Duration;

use livegate_common::records::Record;
use livegate_liveness::challenge::Challenge;
use serde::{Deserialize, Serialize};

use super::idempotency::Repeatable;
use crate::attempts::CountedAttempt;
use crate::contract::reason::ReasonCode;
use crate::contract::retry_hint::RetryHint;
use crate::test_mode::TestOutcome;

/// How long a session can be read after it expired or ended.
const READABLE_AFTER: Duration = Duration::from_secs(600);

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifySession {
    /// Id of the key that created it.
    pub key: String,
    /// The challenge: actions in order, and their angles.
    pub challenge: Challenge,
    /// Whether the server drew the order of the actions. A caller who named them may have filmed them before.
    pub is_drawn: bool,
    /// When it was created, Unix milliseconds.
    pub created_ms: u64,
    /// The outcome that was chosen for a test session; `None` for a real one.
    pub test: Option<TestOutcome>,
    /// When it expires, Unix milliseconds.
    pub expires_at_ms: u64,
    /// The state of the session.
    pub state: State,
    /// The verify that used it, if that can be repeated.
    pub repeatable: Option<Repeatable>,
    /// The attempt that it counts as.
    pub attempt: Option<CountedAttempt>,
}

/// State of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not used yet.
    Pending,
    /// Claimed by a verify.
    Processing {
        /// When that verify has ended at the latest, Unix milliseconds.
        deadline_ms: u64,
    },
    /// The capture was verified.
    Verified,
    /// The capture was rejected, for these reasons.
    Rejected(Reasons),
    /// Processing failed.
    Failed,
}

/// Reasons of a rejection, as far as they can be read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons {
    /// The checks that failed, in the documented order.
    pub reason_codes: Vec<ReasonCode>,
    /// What the person should do differently.
    pub retry_hints: Vec<RetryHint>,
}

impl Record for VerifySession {
    const KIND: &'static str = "verify";

    /// How long the store keeps the record: until ten minutes after it expired or ended, whichever
    /// comes last.
    fn keep(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.expires_at_ms.saturating_sub(now_ms)) + READABLE_AFTER
    }
}

/// How a session ends.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Its last state.
    pub state: State,
    /// Whether it stays counted as an attempt although it is verified: the face is not that of the reference. Else a live
    /// impostor could try as often as they like.
    pub stays_counted: bool,
}

impl VerifySession {
    /// The session at its end.
    #[must_use]
    pub fn ended(&self, ending: &Ending) -> Self {
        let ended = self.in_state(ending.state.clone());
        Self {
            attempt: ended.attempt.filter(|_| !ending.stays_counted),
            ..ended
        }
    }

    /// The attempt that no longer counts, since the session ended verified.
    pub fn taken_back(&self) -> Option<&CountedAttempt> {
        self.attempt
            .as_ref()
            .filter(|_| self.state == State::Verified)
    }

    /// The same session in another state.
    #[must_use]
    pub fn in_state(&self, state: State) -> Self {
        Self {
            state,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use livegate_liveness::challenge::{Action, Angles};

    use super::*;

    #[test]
    fn a_session_stays_readable_for_ten_minutes_past_its_expiry_and_its_end() {
        let session = VerifySession {
            key: "key_1".into(),
            challenge: Challenge {
                actions: vec![Action::Blink, Action::TurnUp],
                angles: Angles::default(),
                mirrored: false,
            },
            is_drawn: false,
            created_ms: 0,
            test: None,
            expires_at_ms: 5_000,
            state: State::Pending,
            repeatable: None,
            attempt: None,
        };
        assert_eq!(session.keep(0), Duration::from_secs(605));
        assert_eq!(session.keep(9_000), Duration::from_secs(600));
    }
}
