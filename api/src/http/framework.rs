//! Maps errors that the framework raises to our own.

use poem::Request;
use poem::error::ParsePathError;
use poem::http::{HeaderMap, StatusCode, header};

use super::methods::Methods;
use crate::error::{ApiError, KeyProblem};

/// The header with the API key.
pub const KEY_HEADER: &str = "x-ai-api-key";

/// The parts of a request that its errors depend on.
pub struct Asked {
    path: String,
    key: KeyProblem,
}

impl Asked {
    /// Takes these parts from `request`.
    pub fn of(request: &Request) -> Self {
        Self {
            path: request.uri().path().to_owned(),
            key: absent(request.headers()),
        }
    }
}

/// What is wrong with the key where the framework found none.
fn absent(headers: &HeaderMap) -> KeyProblem {
    if headers.contains_key(KEY_HEADER) {
        KeyProblem::Malformed
    } else if headers.contains_key(header::AUTHORIZATION) {
        KeyProblem::InAuthorization
    } else {
        KeyProblem::Missing
    }
}

/// Maps an error of the framework to ours. Its own texts can repeat what the caller sent, so only its
/// status and kind are used.
pub fn our_error(error: &poem::Error, asked: &Asked, methods: &Methods) -> ApiError {
    let allow = methods.at(&asked.path);
    let shorter = asked.path.strip_suffix('/').and_then(|p| methods.at(p));
    match error.status() {
        StatusCode::NOT_FOUND if shorter.is_some() => ApiError::TrailingSlash,
        StatusCode::NOT_FOUND => ApiError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed {
            allow: allow.unwrap_or_default().to_owned(),
        },
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized(asked.key),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge("The body is too large.".to_owned()),
        // The only parameter in a path is a session's id; one that is not valid text (`%FF`) is not an
        // id.
        _ if error.is::<ParsePathError>() => ApiError::SessionNotFound,
        status if status.is_client_error() => {
            ApiError::InvalidInput("The request is malformed.".to_owned())
        }
        status => ApiError::internal(format!("the framework failed with status {status}")),
    }
}
