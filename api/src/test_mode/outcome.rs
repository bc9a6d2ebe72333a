//! The outcome that a test session is created with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::tested::Tested;
use crate::contract::reason::ReasonCode;
use crate::error::{ApiError, Code};

/// The outcome of a test session. It is fixed at the session's creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestOutcome {
    /// What is answered.
    pub answer: TestAnswer,
    /// How long an answer is held back, milliseconds.
    pub delay_ms: u64,
}

/// The answer of a test session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestAnswer {
    /// A verdict: rejected for these reasons, in the documented order; verified where there are none.
    Verdict(Vec<ReasonCode>),
    /// The session has expired as soon as it is created.
    Expired,
    /// An error.
    Error {
        /// Its code.
        code: Code,
        /// The verdict of the requests after the first; `None`: they all get the error.
        then: Option<Vec<ReasonCode>>,
    },
}

impl TestOutcome {
    /// Whether its session has expired at its creation.
    pub fn is_expired(&self) -> bool {
        self.answer == TestAnswer::Expired
    }

    /// The reasons of its verdict; empty for a verified one.
    pub fn reasons(&self) -> &[ReasonCode] {
        match &self.answer {
            TestAnswer::Verdict(reasons) => reasons,
            TestAnswer::Expired | TestAnswer::Error { .. } => &[],
        }
    }

    /// The error that a request is refused with before anything is done; `None` if it is not refused.
    pub fn refusal(&self, tested: Tested) -> Option<ApiError> {
        match self.answer {
            TestAnswer::Error { code, .. } => {
                // A verify fails only once its session is claimed.
                let is_later = tested == Tested::Verify && code == Code::ProcessingError;
                (!is_later).then(|| tested.error(code))
            }
            TestAnswer::Verdict(_) | TestAnswer::Expired => None,
        }
    }

    /// The error that a verify fails with after its session was claimed; `None` if it does not fail.
    pub fn failure(&self) -> Option<ApiError> {
        match self.answer {
            TestAnswer::Error { code, .. } => Some(Tested::Verify.error(code)),
            TestAnswer::Verdict(_) | TestAnswer::Expired => None,
        }
    }

    /// The outcome for the requests after a refused one; `None`: the same again.
    pub fn after_refusal(&self) -> Option<Self> {
        match &self.answer {
            TestAnswer::Error {
                then: Some(reasons),
                ..
            } => Some(Self {
                answer: TestAnswer::Verdict(reasons.clone()),
                delay_ms: self.delay_ms,
            }),
            TestAnswer::Error { then: None, .. } | TestAnswer::Verdict(_) | TestAnswer::Expired => {
                None
            }
        }
    }

    /// Waits as long as the answer is to be held back.
    pub async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(self.delay_ms)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_error_is_either_a_refusal_or_a_failure() {
        for tested in [Tested::Verify, Tested::LiveFrame] {
            for code in tested.codes() {
                let outcome = TestOutcome::parse(code.name(), tested, 20_000).unwrap();
                if code == Code::SessionExpired {
                    assert!(outcome.is_expired());
                    continue;
                }
                let refusal = outcome.refusal(tested);
                let is_later = code == Code::ProcessingError && tested == Tested::Verify;
                assert_eq!(refusal.is_none(), is_later);
                let error = refusal.or(outcome.failure());
                assert_eq!(error.unwrap().code(), code);
            }
        }
    }
}
