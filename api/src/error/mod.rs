//! Everything that a caller can be told went wrong, and how it looks in HTTP.
//!
//! The only place where errors meet status codes. Each error has two texts: the public sentence
//! says what the caller can change; the internal cause of a 502 is logged with the request's id
//! and never sent.

mod code;
mod foreign_body;
mod limit;
mod refusal;
mod unauthorized;

use std::error::Error as StdError;
use std::time::Duration;

use livegate_common::results::StoreError;
use poem::Response;
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::Object;
use serde::Serialize;

pub use self::code::Code;
pub use self::foreign_body::ForeignBody;
pub use self::limit::{Busy, Rated};
pub use self::refusal::Refusal;
pub use self::unauthorized::KeyProblem;
use crate::contract::bad_picture::{BadFrame, BadImage};
use crate::contract::media::MAX_FRAME_BYTES;

/// The body of every response that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Error")]
pub struct ErrorBody {
    /// One sentence for people, in English, that says what to fix. Its wording may change: decide by
    /// `code`.
    pub error: String,
    /// What went wrong, for machines.
    pub code: Code,
}

/// What went wrong with one request.
///
/// `Display` is the public sentence; [`StdError::source`] is the internal cause, where there is
/// one.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no API key that counts.
    #[error(transparent)]
    Unauthorized(KeyProblem),
    /// Neither a client token nor a key, where either will do.
    #[error(
        "Send the session's client_token as Authorization: Bearer …, or, from your backend, the API key in X-AI-API-Key."
    )]
    NoCredentials,
    /// The client token is none, or its session's key no longer counts.
    #[error(
        "The client_token does not count: send it as it came when the session was created; it ends with the API key that created the session. An API key is sent as X-AI-API-Key, never as Bearer."
    )]
    BadToken,
    /// The key may not use liveness.
    #[error("Liveness is not enabled on this API key; ask the operator to enable it.")]
    LivenessDisabled,
    /// The key's requests per minute, or a session's frames per second, are spent.
    #[error("{of} Wait as long as Retry-After says.")]
    RateLimited {
        /// Which rate it is.
        of: Rated,
        /// When the next request will be allowed.
        retry_after: Duration,
    },
    /// As many verifications run as the key, or the server, allows, or live frames as the server.
    #[error("{0}")]
    ConcurrencyLimited(Busy),
    /// Required fields are absent; each entry names one.
    #[error("Required: {}.", .0.join(", "))]
    MissingFields(Vec<&'static str>),
    /// Something is there and wrong; the text says what and what is allowed.
    #[error("{0}")]
    InvalidInput(String),
    /// Too few or too many frames.
    #[error("Send {min} to {max} frames; this request has {given}.")]
    FrameCount {
        /// How many there are.
        given: usize,
        /// How many it takes.
        min: usize,
        /// How many are taken.
        max: usize,
    },
    /// A frame is not as documented.
    #[error(transparent)]
    FrameFormat(BadFrame),
    /// A live frame's image is not as documented.
    #[error(transparent)]
    ImageFormat(BadImage),
    /// A live frame's image, or the form that it is in, is too large.
    #[error(
        "The image may have {} MiB, and the form around it little more; send less.",
        MAX_FRAME_BYTES >> 20
    )]
    FrameTooLarge,
    /// The body, or the medium in it, is too large.
    #[error("{0}")]
    TooLarge(String),
    /// The body is not in a form that is read.
    #[error(transparent)]
    UnsupportedMediaType(ForeignBody),
    /// No such route.
    #[error("There is nothing at this path; see /docs.")]
    NotFound,
    /// No such route, but one without the slash at its end.
    #[error("There is nothing at this path; leave out the slash at its end.")]
    TrailingSlash,
    /// The route exists for other methods.
    #[error("This path takes {allow} only; see /docs.")]
    MethodNotAllowed {
        /// Those that it exists for, as the `Allow` header lists them.
        allow: String,
    },
    /// No such session, or no longer.
    #[error("There is no such session; create a new one.")]
    SessionNotFound,
    /// The session belongs to another key.
    #[error("The session belongs to another API key; use the key that created it.")]
    SessionForbidden,
    /// The client token is that of another session.
    #[error(
        "The client_token is for another session than the path names; it opens the one that it came with."
    )]
    TokenOfAnother,
    /// The session was used before.
    #[error(
        "The session was already used; its status tells how it ended. To verify again, create a new one."
    )]
    SessionUsed,
    /// The session is over, and not the caller's to forget.
    #[error(
        "The session is over; its verdict stays until ten minutes after, or until it is cancelled with the API key."
    )]
    SessionOver,
    /// The session's time is over.
    #[error("The session has expired; create a new one.")]
    SessionExpired,
    /// The deadline passed; the source says what was missing, to operators only.
    #[error("The verification was not finished in time; retry with a new session.")]
    TimedOut(#[source] Box<dyn StdError + Send + Sync>),
    /// A live frame could not be looked at; the source says why, to operators only.
    #[error("The frame could not be looked at in time and does not count; send the next one.")]
    FrameNotMeasured(#[source] Box<dyn StdError + Send + Sync>),
    /// Something failed on our side; the source says what, to operators only.
    #[error("Processing the request failed on the server; retry, a verify with a new session.")]
    Processing(#[source] Box<dyn StdError + Send + Sync>),
}

impl ApiError {
    /// A failure on our side, for operators.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Processing(cause.into())
    }

    /// The machine-readable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthorized(_) | Self::NoCredentials | Self::BadToken => Code::Unauthorized,
            Self::LivenessDisabled => Code::LivenessDisabled,
            Self::RateLimited { .. } => Code::RateLimit,
            Self::ConcurrencyLimited(_) => Code::ConcurrencyLimit,
            Self::MissingFields(_) => Code::MissingFields,
            Self::InvalidInput(_) => Code::InvalidInput,
            Self::FrameCount { .. } => Code::InvalidFrameCount,
            Self::FrameFormat(_) | Self::ImageFormat(_) => Code::InvalidFrameFormat,
            Self::FrameTooLarge => Code::FrameTooLarge,
            Self::TooLarge(_) => Code::VideoTooLarge,
            Self::UnsupportedMediaType(_) => Code::UnsupportedMediaType,
            Self::NotFound | Self::TrailingSlash => Code::NotFound,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::SessionNotFound => Code::SessionNotFound,
            Self::SessionForbidden | Self::TokenOfAnother => Code::SessionForbidden,
            Self::SessionUsed | Self::SessionOver => Code::SessionUsed,
            Self::SessionExpired => Code::SessionExpired,
            Self::TimedOut(_) | Self::FrameNotMeasured(_) | Self::Processing(_) => {
                Code::ProcessingError
            }
        }
    }

    /// How long to wait before trying again, where waiting helps.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            Self::ConcurrencyLimited(_) => Some(Duration::from_secs(1)),
            Self::Unauthorized(_)
            | Self::NoCredentials
            | Self::BadToken
            | Self::TokenOfAnother
            | Self::LivenessDisabled
            | Self::MissingFields(_)
            | Self::InvalidInput(_)
            | Self::FrameCount { .. }
            | Self::FrameFormat(_)
            | Self::ImageFormat(_)
            | Self::FrameTooLarge
            | Self::TooLarge(_)
            | Self::UnsupportedMediaType(_)
            | Self::NotFound
            | Self::TrailingSlash
            | Self::MethodNotAllowed { .. }
            | Self::SessionNotFound
            | Self::SessionForbidden
            | Self::SessionUsed
            | Self::SessionOver
            | Self::SessionExpired
            | Self::TimedOut(_)
            | Self::FrameNotMeasured(_)
            | Self::Processing(_) => None,
        }
    }

    /// The one JSON shape.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            error: self.to_string(),
            code: self.code(),
        }
    }

    /// What metrics and logs keep of it.
    fn refusal(&self) -> Refusal {
        let limit = if let Self::RateLimited { of, .. } = self {
            Some(of.name())
        } else if let Self::ConcurrencyLimited(busy) = self {
            Some(busy.name())
        } else {
            None
        };
        Refusal {
            code: self.code(),
            limit,
        }
    }

    fn response(&self) -> Response {
        // Two strings: they always serialise.
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = Response::builder()
            .status(self.code().status())
            .content_type("application/json")
            .body(body);
        response.set_data(self.refusal());
        if let Self::MethodNotAllowed { allow } = self
            && let Ok(value) = HeaderValue::try_from(allow)
        {
            response.headers_mut().insert(header::ALLOW, value);
        }
        if let Some(wait) = self.retry_after() {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
        }
        response
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.code().status()
    }

    fn as_response(&self) -> Response {
        self.response()
    }
}

impl From<BadFrame> for ApiError {
    fn from(bad: BadFrame) -> Self {
        Self::FrameFormat(bad)
    }
}

impl From<BadImage> for ApiError {
    fn from(bad: BadImage) -> Self {
        Self::ImageFormat(bad)
    }
}

impl From<ForeignBody> for ApiError {
    fn from(body: ForeignBody) -> Self {
        Self::UnsupportedMediaType(body)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}
