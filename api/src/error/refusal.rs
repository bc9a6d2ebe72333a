//! The part of an error answer that metrics and logs keep.

use super::code::Code;

/// Why a request was refused, by code and limit. Holds nothing that the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the error body.
    pub code: Code,
    /// Name of the limit that was reached, since several limits share a code.
    pub limit: Option<&'static str>,
}

/// The public sentence of an error answer, for the log line of a refusal. Of what the caller sent it repeats a few
/// harmless characters at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence(pub String);

impl Refusal {
    /// The names of all limits.
    pub const LIMITS: [&str; 7] = [
        "key_rate",
        "session_rate",
        "key_concurrency",
        "key_share",
        "server_time",
        "server_uploads",
        "server_live_frames",
    ];
}
