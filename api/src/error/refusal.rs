//! The part of an error answer that metrics and logs keep.

use super::ApiError;
use super::code::Code;

/// Why a request was refused, by code and limit. Holds nothing that the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the error body.
    pub code: Code,
    /// Name of the limit that was reached, since several limits share a code.
    pub limit: Option<&'static str>,
}

/// The public sentence of an error answer, for the log line of a refusal. It holds nothing that the caller sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence(String);

impl Sentence {
    /// The sentence of `error` without its quotations.
    ///
    /// All that an error repeats of a request is an [`Excerpt`](crate::contract::excerpt::Excerpt), which is in
    /// quotes and has none inside. It may be a key or a token in the wrong place.
    pub fn of(error: &ApiError) -> Self {
        let text = error.to_string();
        let parts = text.split('"').enumerate();
        let kept = parts.map(|(i, part)| if i % 2 == 0 { part } else { "…" });
        Self(kept.collect::<Vec<_>>().join("\""))
    }

    /// The sentence as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name of the limit on a subject's attempts.
pub(super) const SUBJECT_ATTEMPTS: &str = "subject_attempts";

impl Refusal {
    /// The names of all limits.
    pub const LIMITS: [&str; 8] = [
        "key_rate",
        "session_rate",
        "key_concurrency",
        "key_share",
        "server_time",
        "server_uploads",
        "server_live_frames",
        SUBJECT_ATTEMPTS,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::excerpt::Excerpt;

    #[test]
    fn a_logged_sentence_repeats_nothing_of_the_request() {
        let excerpt = Excerpt::of("tsk_\"secret\"");
        let error = ApiError::InvalidInput(format!("Unknown field {excerpt}; send \"a\" or b."));
        let sentence = Sentence::of(&error);
        assert_eq!(sentence.as_str(), "Unknown field \"…\"; send \"…\" or b.");
        assert_eq!(
            Sentence::of(&ApiError::NotFound).as_str(),
            ApiError::NotFound.to_string()
        );
    }
}
