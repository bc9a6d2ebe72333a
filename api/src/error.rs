//! Everything that a caller can be told went wrong, and how it looks in HTTP.
//!
//! The only place where errors meet status codes. Each error has two texts: the public sentence
//! says what the caller can change; the internal cause of a 502 is logged with the request's id
//! and never sent.

mod code;
mod refusal;

use std::error::Error as StdError;
use std::time::Duration;

use livegate_common::results::StoreError;
use poem::error::{ParsePathError, ResponseError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use serde::Serialize;

pub use self::code::Code;
pub use self::refusal::Refusal;
use crate::http::excerpt::Excerpt;
use crate::http::json::JsonResponse;
use crate::http::methods::Methods;
use crate::http::multipart::BadImage;
use crate::measure::MeasureError;
use crate::server_to_server::wire::{BadFrame, MAX_FRAME_BYTES};

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
    /// The key is missing, malformed, unknown or revoked; deliberately not said which.
    #[error("Send a valid API key in the X-AI-API-Key header.")]
    Unauthorized,
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
    FrameNotMeasured(#[source] MeasureError),
    /// Something failed on our side; the source says what, to operators only.
    #[error("Processing the request failed on the server; retry, a verify with a new session.")]
    Processing(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why a body is not read, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignBody {
    /// It says that it is something else.
    #[error("Send the body as {expected}; its Content-Type is {arrived}.")]
    ContentType {
        /// The content type that is read.
        expected: &'static str,
        /// What it says.
        arrived: Excerpt,
    },
    /// It does not say what it is.
    #[error("Send the body as {expected}; it has no Content-Type.")]
    NoContentType {
        /// The content type that is read.
        expected: &'static str,
    },
    /// It says that its text is coded in another way.
    #[error("Send the body in UTF-8; its Content-Type says charset {0}.")]
    Charset(Excerpt),
    /// It says that it is compressed.
    #[error("Send the body uncompressed; its Content-Encoding is {0}.")]
    Encoding(Excerpt),
}

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

impl ApiError {
    /// A failure on our side, for operators.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Processing(cause.into())
    }

    /// The machine-readable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthorized | Self::NoCredentials | Self::BadToken => Code::Unauthorized,
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
            Self::Unauthorized
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

    fn response(&self) -> Response {
        let mut response = JsonResponse(self.body())
            .with_status(self.code().status())
            .into_response();
        response.set_data(Refusal::of(self));
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

impl From<MeasureError> for ApiError {
    fn from(error: MeasureError) -> Self {
        if matches!(error, MeasureError::Deadline { .. }) {
            Self::TimedOut(error.into())
        } else {
            Self::internal(error)
        }
    }
}

/// Our error for one that the framework raised at `path`. Its own texts can repeat what the caller
/// sent, so only its status and kind are kept.
pub fn from_framework(error: &poem::Error, path: &str, methods: &Methods) -> ApiError {
    let allow = methods.at(path);
    let shorter = path.strip_suffix('/').and_then(|p| methods.at(p));
    match error.status() {
        StatusCode::NOT_FOUND if shorter.is_some() => ApiError::TrailingSlash,
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed {
            allow: allow.unwrap_or_default().to_owned(),
        },
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge("The body is too large.".to_owned()),
        // The only parameter in a path is a session's id; whatever makes no text (`%FF`) is none.
        _ if error.is::<ParsePathError>() => ApiError::SessionNotFound,
        status if status.is_client_error() => {
            ApiError::InvalidInput("The request is malformed.".to_owned())
        }
        _ => ApiError::internal(error.to_string()),
    }
}
