//! What an error answer carries along, for metrics and logs.

use super::code::Code;

/// Why a request was refused, in words that do not depend on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of its body.
    pub code: Code,
    /// Which limit was reached, of several with the same code.
    pub limit: Option<&'static str>,
}

impl Refusal {
    /// Every limit.
    pub const LIMITS: [&str; 6] = [
        "key_rate",
        "session_rate",
        "key_concurrency",
        "server_frames",
        "server_uploads",
        "server_live_frames",
    ];
}
