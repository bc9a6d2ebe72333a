//! Every error that a caller can receive, and its form in HTTP.
//!
//! This is the only place that maps errors to status codes. Each error has two texts. The public
//! sentence says what the caller can change. The internal cause of a 502 is logged with the request's
//! id and never sent.

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
pub use self::refusal::{Refusal, Sentence};
pub use self::unauthorized::KeyProblem;
use crate::contract::bad_picture::{BadFrame, BadImage};
use crate::contract::media::MAX_FRAME_BYTES;
use crate::reference::BadReference;

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

/// Why one request failed.
///
/// `Display` is the public sentence. [`StdError::source`] is the internal cause, where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The API key is missing, malformed, unknown or revoked.
    #[error(transparent)]
    Unauthorized(KeyProblem),
    /// Neither a client token nor a key was sent, where either is accepted.
    #[error(
        "Send the session's client_token as Authorization: Bearer …, or, from your backend, the API key in X-AI-API-Key."
    )]
    NoCredentials,
    /// The client token is not valid, or the key of its session is no longer valid.
    #[error(
        "The client_token is not valid. Send it exactly as the session's creation returned it. It stops working when that session's API key is revoked. An API key is sent as X-AI-API-Key, never as Bearer."
    )]
    BadToken,
    /// The key may not use liveness.
    #[error("Liveness is not enabled on this API key; ask the operator to enable it.")]
    LivenessDisabled,
    /// The key's requests per minute, or the session's frames per second, are used up.
    #[error("{of} Wait as long as Retry-After says.")]
    RateLimited {
        /// Which rate limit was reached.
        of: Rated,
        /// Time until the next request is allowed.
        retry_after: Duration,
    },
    /// A limit on simultaneous work is reached.
    #[error("{busy}")]
    ConcurrencyLimited {
        /// Which limit was reached.
        busy: Busy,
        /// Time until there may be room again.
        retry_after: Duration,
    },
    /// Required fields are absent. Each entry names one.
    #[error("Required: {}.", .0.join(", "))]
    MissingFields(Vec<&'static str>),
    /// A field is present and wrong, or the request cannot be read. The text says what is wrong and
    /// what is allowed.
    #[error("{0}")]
    InvalidInput(String),
    /// Too few or too many frames.
    #[error("Send {min} to {max} frames; this request has {given}.")]
    FrameCount {
        /// Number of frames in the request.
        given: usize,
        /// Fewest frames that are accepted.
        min: usize,
        /// Most frames that are accepted.
        max: usize,
    },
    /// A frame is not as documented.
    #[error(transparent)]
    FrameFormat(BadFrame),
    /// A live frame's image is not as documented.
    #[error(transparent)]
    ImageFormat(BadImage),
    /// A reference picture does not show exactly one clear face.
    #[error(transparent)]
    InvalidReference(BadReference),
    /// A live frame's image, or the form around it, is too large.
    #[error(
        "The image, or the form around it, is too large: the image may have {} MiB at most; send a smaller one.",
        MAX_FRAME_BYTES >> 20
    )]
    FrameTooLarge,
    /// The body, or the medium in it, is too large. The text states the limit.
    #[error("{0}")]
    TooLarge(String),
    /// The body's content type, charset or encoding is not accepted.
    #[error(transparent)]
    UnsupportedMediaType(ForeignBody),
    /// The path does not exist.
    #[error("There is nothing at this path; see /docs.")]
    NotFound,
    /// The path does not exist, but it does without the slash at its end.
    #[error("There is nothing at this path; leave out the slash at its end.")]
    TrailingSlash,
    /// The path exists, but not for this method.
    #[error("This path accepts {allow} only; see /docs.")]
    MethodNotAllowed {
        /// The methods of the path, as the `Allow` header lists them.
        allow: String,
    },
    /// The session does not exist, or no longer exists.
    #[error("The session does not exist, or no longer exists; create a new one.")]
    SessionNotFound,
    /// The session belongs to another key.
    #[error("The session belongs to another API key; use the key that created it.")]
    SessionForbidden,
    /// The client token belongs to another session.
    #[error(
        "The client_token belongs to another session than the one in the path; use it with the session that it came with."
    )]
    TokenOfAnother,
    /// The session was used before.
    #[error(
        "The session was already used; its status says how it ended. To verify again, create a new one."
    )]
    SessionUsed,
    /// The session is over, and this caller may not delete its verdict.
    #[error(
        "The session is over, so a client_token cannot cancel it; its verdict stays for ten minutes, or until it is cancelled with the API key."
    )]
    SessionOver,
    /// The session was not used in time.
    #[error("The session has expired; create a new one.")]
    SessionExpired,
    /// The verification's deadline passed. The source says what was missing, for operators only.
    #[error("The verification was not finished in time; retry with a new session.")]
    TimedOut(#[source] Box<dyn StdError + Send + Sync>),
    /// A live frame could not be measured. The source says why, for operators only.
    #[error("The frame could not be measured in time and does not count; send the next one.")]
    FrameNotMeasured(#[source] Box<dyn StdError + Send + Sync>),
    /// Processing failed on the server. The source says why, for operators only.
    #[error(
        "Processing the request failed on the server; retry. To retry a verify, create a new session."
    )]
    Processing(#[source] Box<dyn StdError + Send + Sync>),
}

impl ApiError {
    /// A failure of the server, with its cause for operators.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Processing(cause.into())
    }

    /// The refusal of work for which there may be room again after `retry_after`.
    pub fn busy(busy: Busy, retry_after: Duration) -> Self {
        Self::ConcurrencyLimited { busy, retry_after }
    }

    /// The machine-readable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthorized(_) | Self::NoCredentials | Self::BadToken => Code::Unauthorized,
            Self::LivenessDisabled => Code::LivenessDisabled,
            Self::RateLimited { .. } => Code::RateLimit,
            Self::ConcurrencyLimited { .. } => Code::ConcurrencyLimit,
            Self::MissingFields(_) => Code::MissingFields,
            Self::InvalidInput(_) => Code::InvalidInput,
            Self::FrameCount { .. } => Code::InvalidFrameCount,
            Self::FrameFormat(_) | Self::ImageFormat(_) => Code::InvalidFrameFormat,
            Self::InvalidReference(_) => Code::InvalidReference,
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

    /// How long to wait before trying again; `None` where waiting does not help.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. }
            | Self::ConcurrencyLimited { retry_after, .. } => Some(*retry_after),
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
            | Self::InvalidReference(_)
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

    /// The JSON body: the public sentence and the code.
    pub fn body(&self) -> ErrorBody {
        ErrorBody {
            error: self.to_string(),
            code: self.code(),
        }
    }

    /// The part of the error that metrics and logs keep.
    fn refusal(&self) -> Refusal {
        let limit = if let Self::RateLimited { of, .. } = self {
            Some(of.name())
        } else if let Self::ConcurrencyLimited { busy, .. } = self {
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
        // Serialising two strings cannot fail.
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = Response::builder()
            .status(self.code().status())
            .content_type("application/json")
            .body(body);
        response.set_data(self.refusal());
        response.set_data(Sentence::of(self));
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

impl From<BadReference> for ApiError {
    fn from(bad: BadReference) -> Self {
        Self::InvalidReference(bad)
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
