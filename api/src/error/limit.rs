//! Which limit a request reached.

/// Which rate is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rated {
    /// A key's requests per minute.
    #[error("This API key's request rate is used up.")]
    Key,
    /// A session's frames per second.
    #[error("The session's frames come too fast; 5 to 10 a second are enough.")]
    Frames,
}

/// Whose limit of simultaneous verifications is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// The key's.
    #[error(
        "As many verifications run for this API key as it may have. Retry with backoff; the session has not been used."
    )]
    Key,
    /// The server's.
    #[error(
        "The server runs as many verifications as it can. Retry with backoff; the session has not been used."
    )]
    Server,
    /// The server's, of captures that are on their way in.
    #[error(
        "The server takes in as many captures as it can hold. Retry with backoff; the session has not been used."
    )]
    Uploads,
    /// The server's, of live frames that wait to be looked at.
    #[error(
        "As many live frames wait on the server as it looks at in time. Leave this one out; send a new one after Retry-After."
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
            Self::Server => "server_frames",
            Self::Uploads => "server_uploads",
            Self::LiveFrames => "server_live_frames",
        }
    }
}
