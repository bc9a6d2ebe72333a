//! The outermost layer: a request id, one error shape, and no panic that gets away.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::error::ResponseError;
use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use uuid::Uuid;

use super::methods::Methods;
use crate::error::{ApiError, from_framework};

/// The header with the request's id.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken over from the caller.
const MAX_ID_BYTES: usize = 64;

/// What logs, audit records and the `X-Request-Id` header call a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The caller's own id if it is a harmless one, else a fresh one.
    pub(super) fn of(request: &Request) -> Self {
        let given = request
            .headers()
            .get(&REQUEST_ID)
            .and_then(|v| v.to_str().ok());
        match given.filter(|id| is_harmless(id)) {
            Some(id) => Self(id.into()),
            None => Self::fresh(),
        }
    }

    /// One that no other request has.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4().to_string().into())
    }
}

/// Ids go into logs and headers: nothing there may be made of them.
fn is_harmless(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(allowed)
}

/// Wraps the whole application, whose paths take these methods.
pub struct Boundary(pub Methods);

impl<E: Endpoint> Middleware<E> for Boundary {
    type Output = Bounded<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Bounded {
            inner,
            methods: self.0.clone(),
        }
    }
}

/// The wrapped application.
pub struct Bounded<E> {
    inner: E,
    methods: Methods,
}

impl<E: Endpoint> Endpoint for Bounded<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let id = RequestId::of(&request);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        request.extensions_mut().insert(id.clone());

        let answer = AssertUnwindSafe(self.inner.call(request))
            .catch_unwind()
            .await;
        let mut response = match answer {
            Ok(Ok(response)) => response.into_response(),
            Ok(Err(error)) => self.failure(error, &path, &id),
            // The panic's own text went to the panic hook; here it might hold anything.
            Err(_) => refuse(&ApiError::internal("a handler panicked"), &id),
        };
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID.clone(), value);
        }
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
        // Refusals leave no other trace that a request's id would lead to.
        if response.status().is_client_error() {
            tracing::info!(request.id = %id.0, http.status = status, http.ms = ms, "Refused {method} {path}: {status}");
        } else {
            tracing::debug!(request.id = %id.0, http.status = status, http.ms = ms, "Answered {method} {path}: {status}");
        }
        Ok(response)
    }
}

impl<E> Bounded<E> {
    fn failure(&self, error: poem::Error, path: &str, id: &RequestId) -> Response {
        if let Some(ours) = error.downcast_ref::<ApiError>() {
            return refuse(ours, id);
        }
        if error.is_from_response() {
            return error.into_response();
        }
        refuse(&from_framework(&error, path, &self.methods), id)
    }
}

fn refuse(error: &ApiError, id: &RequestId) -> Response {
    // What the caller did wrong is no failure of ours, whatever it says of itself.
    if let Some(cause) = std::error::Error::source(error)
        && error.status().is_server_error()
    {
        tracing::error!(request.id = %id.0, error = %cause, "Request {} failed: {cause}", id.0);
    }
    error.as_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        for (id, harmless) in [
            ("3f2a-1", true),
            ("a.b_c", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("ä", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(is_harmless(id), harmless, "{id:?}");
        }
    }
}
