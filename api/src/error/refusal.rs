//! What an error answer carries along for those who count it.

use super::{ApiError, Busy, Code, Rated};

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

    pub(super) fn of(error: &ApiError) -> Self {
        let limit = if let ApiError::RateLimited { of, .. } = error {
            Some(match of {
                Rated::Key => "key_rate",
                Rated::Frames => "session_rate",
            })
        } else if let ApiError::ConcurrencyLimited(busy) = error {
            Some(match busy {
                Busy::Key => "key_concurrency",
                Busy::Server => "server_frames",
                Busy::Uploads => "server_uploads",
                Busy::LiveFrames => "server_live_frames",
            })
        } else {
            None
        };
        Self {
            code: error.code(),
            limit,
        }
    }
}
