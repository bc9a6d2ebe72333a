//! The words that choose the outcome of a test session.

use std::time::Duration;

use super::outcome::{TestAnswer, TestOutcome};
use super::tested::Tested;
use crate::contract::excerpt::Excerpt;
use crate::contract::reason::ReasonCode;
use crate::error::{ApiError, Code};
use crate::keys::KeyRecord;

/// How much longer than its deadline an answer may be delayed. A status counts a verify as failed only after this time.
const BEYOND_DEADLINE: Duration = Duration::from_secs(5);

/// The word for a verdict that every check passed.
const VERIFIED: &str = "verified";
/// The word for an interactive session that has expired at its first frame.
const EXPIRED: &str = "expired";
/// What a delay begins with.
const DELAY: &str = "delay:";

impl TestOutcome {
    /// The outcome of a session that `key` creates; `None` for a live key. `asked` is the caller's `test_outcome`.
    /// `deadline` is the longest time that a real answer may take.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] when a live key asks for an outcome, and when there is no such outcome.
    pub fn of(
        key: &KeyRecord,
        asked: Option<&str>,
        tested: Tested,
        deadline: Duration,
    ) -> Result<Option<Self>, ApiError> {
        let most_ms = (deadline + BEYOND_DEADLINE).as_millis();
        let most_ms = u64::try_from(most_ms).unwrap_or(u64::MAX);
        match (key.is_test, asked) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(ApiError::InvalidInput(
                "test_outcome is for test keys alone (tsk_test_…); leave it out, or use a test key."
                    .to_owned(),
            )),
            (true, None) => Self::parse(VERIFIED, tested, most_ms).map(Some),
            (true, Some(asked)) => Self::parse(asked, tested, most_ms).map(Some),
        }
    }

    /// Reads parts separated by commas: an error, a verdict and a delay, each once at most.
    pub(super) fn parse(text: &str, tested: Tested, most_ms: u64) -> Result<Self, ApiError> {
        let (mut error, mut verdict, mut delay_ms) = (None, None, None);
        let mut is_expired = false;
        for part in text.split(',').map(str::trim) {
            let is_first = if let Some(delay) = part.strip_prefix(DELAY) {
                let delay = delay.parse().ok().filter(|ms| *ms <= most_ms);
                let delay = delay.ok_or_else(|| wrong(part, tested, most_ms))?;
                delay_ms.replace(delay).is_none()
            } else if let Some(code) = tested.codes().into_iter().find(|c| c.name() == part) {
                error.replace(code).is_none()
            } else if part == EXPIRED && tested == Tested::LiveFrame {
                !std::mem::replace(&mut is_expired, true)
            } else {
                let reasons = reasons(part, tested).ok_or_else(|| wrong(part, tested, most_ms))?;
                verdict.replace(reasons).is_none()
            };
            if !is_first {
                return Err(ApiError::InvalidInput(
                    "test_outcome takes one error, one verdict and one delay at most.".to_owned(),
                ));
            }
        }
        let is_expired = is_expired || error == Some(Code::SessionExpired);
        let answer = match (error, verdict) {
            (Some(Code::ProcessingError), Some(_)) if tested == Tested::Verify => {
                return Err(ApiError::InvalidInput(
                    "test_outcome: PROCESSING_ERROR uses the session up, so no verdict comes after it."
                        .to_owned(),
                ));
            }
            (_, Some(_)) if is_expired => {
                return Err(ApiError::InvalidInput(
                    "test_outcome: a session that has expired has no verdict.".to_owned(),
                ));
            }
            _ if is_expired => TestAnswer::Expired,
            (Some(code), then) => TestAnswer::Error { code, then },
            (None, verdict) => TestAnswer::Verdict(verdict.unwrap_or_default()),
        };
        Ok(Self {
            answer,
            delay_ms: delay_ms.unwrap_or_default(),
        })
    }
}

/// The reasons in `part`, joined by `+`, in the documented order; none for `verified`.
fn reasons(part: &str, tested: Tested) -> Option<Vec<ReasonCode>> {
    if part == VERIFIED {
        return Some(Vec::new());
    }
    let all = tested.reasons();
    let words: Vec<&str> = part.split('+').map(str::trim).collect();
    let is_known = |word: &&str| all.iter().any(|reason| reason.name() == *word);
    let asked = all.iter().filter(|reason| words.contains(&reason.name()));
    let reasons: Vec<ReasonCode> = asked.copied().collect();
    let alone = match tested {
        Tested::Verify => reasons.contains(&ReasonCode::InvalidInput),
        // A live session ends by the first of them.
        Tested::LiveFrame => true,
    };
    let is_one_each = words.len() == reasons.len() && words.iter().all(is_known);
    (is_one_each && (reasons.len() == 1 || !alone)).then_some(reasons)
}

fn wrong(part: &str, tested: Tested, most_ms: u64) -> ApiError {
    let names = |names: Vec<&str>| names.join(", ");
    let reasons = names(tested.reasons().iter().map(|r| r.name()).collect());
    let codes = names(tested.codes().into_iter().map(Code::name).collect());
    let (several, expired) = match tested {
        Tested::Verify => ("one or more, joined by +, of", ""),
        Tested::LiveFrame => ("one of", " expired,"),
    };
    ApiError::InvalidInput(format!(
        "test_outcome has no outcome {}. Separated by commas, it takes a verdict: {VERIFIED},{expired} or {several} {reasons} (invalid_input stands alone); an error, alone, or before a verdict for the requests after the first: {codes}; and {DELAY} with 0 to {most_ms} milliseconds.",
        Excerpt::of(part)
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contract::defaults::SessionDefaults;

    const MOST_MS: u64 = 20_000;

    fn key(is_test: bool) -> KeyRecord {
        KeyRecord {
            id: "key_1".to_owned(),
            name: "ci".to_owned(),
            is_test,
            liveness: true,
            requests_per_minute: 600,
            concurrency: 16,
            attempts: None,
            defaults: SessionDefaults::default(),
        }
    }

    fn verdict(reasons: &[ReasonCode]) -> TestAnswer {
        TestAnswer::Verdict(reasons.to_vec())
    }

    #[test]
    fn each_outcome_is_read_as_it_is_documented() {
        let spoof = ReasonCode::SpoofDetected;
        let error = |code, then| TestAnswer::Error { code, then };
        for (text, answer, delay_ms) in [
            ("verified", verdict(&[]), 0),
            ("spoof_detected, delay:2000", verdict(&[spoof]), 2000),
            ("delay:20000", verdict(&[]), 20_000),
            (
                "challenge_failed+spoof_detected",
                verdict(&[spoof, ReasonCode::ChallengeFailed]),
                0,
            ),
            ("RATE_LIMIT", error(Code::RateLimit, None), 0),
            (
                "CONCURRENCY_LIMIT,verified",
                error(Code::ConcurrencyLimit, Some(Vec::new())),
                0,
            ),
            (
                "PROCESSING_ERROR,delay:1",
                error(Code::ProcessingError, None),
                1,
            ),
            ("SESSION_EXPIRED", TestAnswer::Expired, 0),
        ] {
            let outcome = TestOutcome::parse(text, Tested::Verify, MOST_MS).unwrap();
            assert_eq!(
                (outcome.answer, outcome.delay_ms),
                (answer, delay_ms),
                "{text}"
            );
        }
        let expired = TestOutcome::parse("expired", Tested::LiveFrame, MOST_MS).unwrap();
        assert!(expired.is_expired());
    }

    #[test]
    fn every_other_outcome_is_refused_and_the_allowed_ones_are_listed() {
        for text in [
            "",
            ",",
            "Verified",
            "liveness_passed",
            "internal_error",
            "NOPE",
            "delay:",
            "delay:-1",
            "delay:20001",
            "spoof_detected+spoof_detected",
            "spoof_detected+verified",
            "invalid_input+spoof_detected",
            "expired",
        ] {
            let error = TestOutcome::parse(text, Tested::Verify, MOST_MS).unwrap_err();
            let error = error.to_string();
            for allowed in ["verified", "spoof_detected", "RATE_LIMIT", "0 to 20000"] {
                assert!(error.contains(allowed), "{text}: {error}");
            }
        }
        for text in [
            "verified,verified",
            "verified,spoof_detected",
            "RATE_LIMIT,RATE_LIMIT",
            "delay:1,delay:2",
            "PROCESSING_ERROR,verified",
            "SESSION_EXPIRED,verified",
        ] {
            let error = TestOutcome::parse(text, Tested::Verify, MOST_MS).unwrap_err();
            assert_eq!(error.code(), Code::InvalidInput, "{text}");
        }
        for text in [
            "invalid_input",
            "spoof_detected+challenge_failed",
            "SESSION_USED",
        ] {
            assert!(
                TestOutcome::parse(text, Tested::LiveFrame, MOST_MS).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_live_key_has_no_outcome_and_a_test_key_always_one() {
        let of = |is_test, asked| {
            TestOutcome::of(
                &key(is_test),
                asked,
                Tested::Verify,
                Duration::from_secs(15),
            )
        };
        assert_eq!(of(false, None).unwrap(), None);
        let refused = of(false, Some("verified")).unwrap_err();
        assert!(refused.to_string().contains("tsk_test_"), "{refused}");
        assert_eq!(of(true, None).unwrap().unwrap().answer, verdict(&[]));
        assert!(of(true, Some("delay:20000")).is_ok() && of(true, Some("delay:20001")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-zA-Z_+:, 0-9]{0,60}", live: bool) {
            let tested = if live { Tested::LiveFrame } else { Tested::Verify };
            if let Err(error) = TestOutcome::parse(&text, tested, MOST_MS) {
                prop_assert_eq!(error.code(), Code::InvalidInput);
            }
        }
    }
}
