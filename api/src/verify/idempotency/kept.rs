//! Answers that are kept, sealed, so that they can be repeated.

use std::time::Duration;

use livegate_common::limits::{Limits, Rate};
use livegate_common::records::Record;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// How long an answer is kept.
pub(super) const KEPT: Duration = Duration::from_secs(120);

/// Answers are counted in units of this size, bytes.
const UNIT: usize = 4 << 10;

/// Units that a key may keep at once, 64 MiB, and those that it gains a minute: as many in the time that an answer
/// is kept. So a key never has more than twice that in the store. Without a bound one key could fill the store,
/// which then takes no writes from any key.
const CAPACITY: u32 = (64 << 20) / (UNIT as u32);
const PER_MINUTE: u32 = CAPACITY / 2;

/// How a verify ended, as its caller is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The JSON of a verdict.
    Verdict(String),
    /// The verification was not finished in time.
    TimedOut,
    /// Processing failed.
    Failed,
}

/// Prints no biometric data.
impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Verdict(_) => "Verdict(..)",
            Self::TimedOut => "TimedOut",
            Self::Failed => "Failed",
        })
    }
}

impl Outcome {
    /// The answer that a failed verification gives, without its cause.
    pub fn of_failure(error: &ApiError) -> Self {
        if matches!(error, ApiError::TimedOut(_)) {
            Self::TimedOut
        } else {
            Self::Failed
        }
    }

    /// The verdict's JSON, or the error that has the same text as the first time.
    ///
    /// # Errors
    /// The error of a failed verification.
    pub fn into_result(self) -> Result<String, ApiError> {
        const CAUSE: &str = "the answer is repeated";
        match self {
            Self::Verdict(json) => Ok(json),
            Self::TimedOut => Err(ApiError::TimedOut(CAUSE.into())),
            Self::Failed => Err(ApiError::internal(CAUSE)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Verdict(json) => json.len(),
            Self::TimedOut | Self::Failed => 0,
        }
    }
}

/// An answer in the store, under the id of the claim that reached it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// The answer.
    pub outcome: Outcome,
    /// The line of its audit record, for the case that the process dies before it writes it.
    pub audit: Vec<u8>,
}

impl Record for KeptAnswer {
    const KIND: &'static str = "answer";

    fn keep(&self, _now_ms: u64) -> Duration {
        KEPT
    }
}

impl KeptAnswer {
    /// Whether the key with this id has room for the answer. The room is then taken.
    ///
    /// # Errors
    /// [`ApiError`] when the store does not answer.
    pub(super) async fn has_room(&self, limits: &dyn Limits, key: &str) -> Result<bool, ApiError> {
        let bytes = self.outcome.bytes() + self.audit.len();
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        // No key has an id with a colon, so no key's rate has this name.
        let name = format!("answers:{key}");
        let room = limits.take_tokens(&name, units, CAPACITY, PER_MINUTE);
        Ok(room.await? == Rate::Allowed)
    }
}

#[cfg(test)]
mod tests {
    use livegate_common::limits::MemoryLimits;

    use super::*;

    fn answer(bytes: usize) -> KeptAnswer {
        KeptAnswer {
            outcome: Outcome::Verdict("x".repeat(bytes)),
            audit: Vec::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_keeps_64_mib_at_once_and_as_much_again_in_two_minutes() {
        let limits = MemoryLimits::new();
        let fits =
            async |key: &str, answer: &KeptAnswer| answer.has_room(&limits, key).await.unwrap();
        let (large, small) = (answer(4 << 20), answer(1));
        for _ in 0..16 {
            assert!(fits("a", &large).await);
        }
        assert!(!fits("a", &small).await);
        assert!(fits("b", &small).await);
        tokio::time::advance(KEPT / 15).await;
        assert!(fits("a", &large).await);
        assert!(!fits("a", &large).await);
    }

    #[test]
    fn a_repeated_failure_has_the_text_of_the_first() {
        for error in [
            ApiError::TimedOut("a cause".into()),
            ApiError::internal("a cause"),
        ] {
            let again = Outcome::of_failure(&error).into_result().unwrap_err();
            assert_eq!(again.body(), error.body());
        }
        assert!(!format!("{:?}", answer(3)).contains("xxx"));
    }
}
