//! Everything that a caller can be told went wrong, and how it looks in HTTP.
//!
//! The only place where errors meet status codes. Each error has two texts: the public sentence
//! says what the caller can change; the internal cause of a 502 is logged with the request's id
//! and never sent.

use std::error::Error as StdError;
use std::time::Duration;

use livegate_common::results::StoreError;
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::http::json::JsonResponse;
use crate::server_to_server::wire::BadFrame;

/// The body of every response that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Object)]
#[oai(rename = "Error")]
pub struct ErrorBody {
    /// One sentence that says what to fix.
    pub error: String,
    /// The machine-readable code.
    pub code: Code,
}

/// A code of the error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[oai(rename = "ErrorCode", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The key is missing, malformed, unknown or revoked.
    Unauthorized,
    /// The key may not use liveness.
    LivenessDisabled,
    /// The key's requests per minute are spent.
    RateLimit,
    /// As many verifications run as may.
    ConcurrencyLimit,
    /// Something required is absent.
    MissingFields,
    /// Something is there and wrong.
    InvalidInput,
    /// Too few or too many frames.
    InvalidFrameCount,
    /// A frame is not as documented.
    InvalidFrameFormat,
    /// The medium or the body is too large.
    VideoTooLarge,
    /// The body is not in a supported content type.
    UnsupportedMediaType,
    /// No such route.
    NotFound,
    /// The route exists for other methods.
    MethodNotAllowed,
    /// No such session.
    SessionNotFound,
    /// The session belongs to another key.
    SessionForbidden,
    /// The session was used before.
    SessionUsed,
    /// The session's time is over.
    SessionExpired,
    /// Something failed on our side.
    ProcessingError,
}

impl Code {
    /// The HTTP status that carries the code.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MissingFields
            | Self::InvalidInput
            | Self::InvalidFrameCount
            | Self::InvalidFrameFormat => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::LivenessDisabled | Self::SessionForbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::SessionUsed => StatusCode::CONFLICT,
            Self::SessionExpired => StatusCode::GONE,
            Self::VideoTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimit | Self::ConcurrencyLimit => StatusCode::TOO_MANY_REQUESTS,
            Self::ProcessingError => StatusCode::BAD_GATEWAY,
        }
    }
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
    /// The key may not use liveness.
    #[error("Liveness is not enabled on this API key; ask the operator to enable it.")]
    LivenessDisabled,
    /// The key's requests per minute are spent.
    #[error("This API key's request rate is used up; wait as long as Retry-After says.")]
    RateLimited {
        /// When the next request will be allowed.
        retry_after: Duration,
    },
    /// As many verifications run as the key, or the server, allows.
    #[error("{0} Retry with backoff; the session has not been used.")]
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
    /// The body, or the medium in it, is too large.
    #[error("{0}")]
    TooLarge(String),
    /// The body is in another content type.
    #[error("Send the body as {expected}.")]
    UnsupportedMediaType {
        /// The content type that is.
        expected: &'static str,
    },
    /// No such route.
    #[error("There is nothing at this path; see /docs.")]
    NotFound,
    /// The route exists for other methods.
    #[error("This path does not take this method; see /docs.")]
    MethodNotAllowed,
    /// No such session, or no longer.
    #[error("There is no such session; create a new one.")]
    SessionNotFound,
    /// The session belongs to another key.
    #[error("The session belongs to another API key; use the key that created it.")]
    SessionForbidden,
    /// The session was used before.
    #[error("The session was already used; create a new one.")]
    SessionUsed,
    /// The session's time is over.
    #[error("The session has expired; create a new one.")]
    SessionExpired,
    /// Something failed on our side; the source says what, to operators only.
    #[error("The request could not be processed; retry with a new session.")]
    Processing(#[source] Box<dyn StdError + Send + Sync>),
}

/// Whose limit of simultaneous verifications is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// The key's.
    #[error("As many verifications run for this API key as it may have.")]
    Key,
    /// The server's.
    #[error("The server runs as many verifications as it can.")]
    Server,
    /// The server's, of captures that are on their way in.
    #[error("The server takes in as many captures as it can hold.")]
    Uploads,
}

impl ApiError {
    /// A failure on our side, for operators.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Processing(cause.into())
    }

    /// The machine-readable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthorized => Code::Unauthorized,
            Self::LivenessDisabled => Code::LivenessDisabled,
            Self::RateLimited { .. } => Code::RateLimit,
            Self::ConcurrencyLimited(_) => Code::ConcurrencyLimit,
            Self::MissingFields(_) => Code::MissingFields,
            Self::InvalidInput(_) => Code::InvalidInput,
            Self::FrameCount { .. } => Code::InvalidFrameCount,
            Self::FrameFormat(_) => Code::InvalidFrameFormat,
            Self::TooLarge(_) => Code::VideoTooLarge,
            Self::UnsupportedMediaType { .. } => Code::UnsupportedMediaType,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::SessionNotFound => Code::SessionNotFound,
            Self::SessionForbidden => Code::SessionForbidden,
            Self::SessionUsed => Code::SessionUsed,
            Self::SessionExpired => Code::SessionExpired,
            Self::Processing(_) => Code::ProcessingError,
        }
    }

    /// How long to wait before trying again, where waiting helps.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::ConcurrencyLimited(_) => Some(Duration::from_secs(1)),
            Self::Unauthorized
            | Self::LivenessDisabled
            | Self::MissingFields(_)
            | Self::InvalidInput(_)
            | Self::FrameCount { .. }
            | Self::FrameFormat(_)
            | Self::TooLarge(_)
            | Self::UnsupportedMediaType { .. }
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::SessionNotFound
            | Self::SessionForbidden
            | Self::SessionUsed
            | Self::SessionExpired
            | Self::Processing(_) => None,
        }
    }

    /// The one JSON shape.
    fn response(&self) -> Response {
        let code = self.code();
        let body = ErrorBody {
            error: self.to_string(),
            code,
        };
        let mut response = JsonResponse(body)
            .with_status(code.status())
            .into_response();
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

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

/// Our error for one that the framework raised. Its own texts can repeat what the caller sent, so
/// only the status is kept.
pub fn from_framework(error: &poem::Error) -> ApiError {
    match error.status() {
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge("The body is too large.".to_owned()),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::UnsupportedMediaType {
            expected: "application/json",
        },
        status if status.is_client_error() => {
            ApiError::InvalidInput("The request is malformed.".to_owned())
        }
        _ => ApiError::internal(error.to_string()),
    }
}
