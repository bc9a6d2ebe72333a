//! The limits that a request can reach.

/// The rate limits: requests or frames over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rated {
    /// The key's requests per minute.
    #[error("This API key's request rate is used up.")]
    Key,
    /// The session's frames per second.
    #[error("The session's frames come too fast; 5 to 10 a second are enough.")]
    Frames,
}

/// The limits on work at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// The verifications of one key.
    #[error(
        "This API key's limit on simultaneous verifications is reached. Retry after Retry-After; the session has not been used."
    )]
    Key,
    /// The key's share of the server's threads.
    #[error(
        "This API key has as much in hand as its share of the server can do in time. Retry after Retry-After; the session has not been used."
    )]
    Share,
    /// The server's threads.
    #[error(
        "The server has as much in hand as it can do in time. Retry after Retry-After; the session has not been used."
    )]
    Server,
    /// The server's memory for bodies that are being uploaded.
    #[error(
        "The server's memory for uploads is full. Retry with backoff; the session has not been used."
    )]
    Uploads,
    /// The server's live frames that wait to be measured.
    #[error(
        "The server has more live frames than it can measure in time. Drop this frame; send a new one after Retry-After."
    )]
    LiveFrames,
}

impl Rated {
    /// The limit's name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key_rate",
            Self::Frames => "session_rate",
        }
    }
}

impl Busy {
    /// The limit's name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key_concurrency",
            Self::Share => "key_share",
            Self::Server => "server_time",
            Self::Uploads => "server_uploads",
            Self::LiveFrames => "server_live_frames",
        }
    }
}
