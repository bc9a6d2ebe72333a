//! Which pages of other origins may use a session from a browser
//! ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! We do not use poem's middleware: it refuses every request whose origin is not listed, but pages of
//! the server's own origin also send an `Origin` header whenever they post. Cookies play no part: the
//! caller of a session is known by its `client_token`.

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::methods::Methods;
use super::request_id::{add_ids, id_of};
use crate::config::Origins;
use crate::contract::excerpt::Excerpt;

/// The calls that a `client_token` may make: path and methods. Browsers need no others.
const CALLS: [(&str, &[&str]); 2] = [
    ("/api/v1/liveness/sessions/{id}/frame", &["POST"]),
    ("/api/v1/liveness/sessions/{id}", &["GET", "DELETE"]),
];

/// Request headers that a page may send, beyond those that every page may.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-request-id");

/// Response headers that a page may read, beyond those that every page may.
const RESPONSE_HEADERS: HeaderValue =
    HeaderValue::from_static("x-request-id, x-livegate-request-id, x-livegate-test, retry-after");

/// How long a browser may cache a preflight's answer, seconds: the most that Chromium respects.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Middleware that lets pages of other origins use a session. It goes around the
/// [`Boundary`](super::boundary::Boundary), since a page must be able to read errors, too.
pub struct Cors {
    origins: Origins,
    calls: Methods,
}

impl Cors {
    /// A middleware that admits pages of these origins.
    pub fn new(origins: Origins) -> Self {
        let mut calls = Methods::default();
        for (path, methods) in CALLS {
            calls.add(path, methods);
        }
        Self { origins, calls }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = Shared<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Shared {
            inner,
            origins: self.origins.clone(),
            calls: self.calls.clone(),
        }
    }
}

/// The wrapped application.
pub struct Shared<E> {
    inner: E,
    origins: Origins,
    calls: Methods,
}

impl<E: Endpoint> Endpoint for Shared<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(methods) = self.calls.at(request.uri().path()) else {
            return Ok(self.inner.get_response(request).await);
        };
        let origin = request.headers().get(header::ORIGIN);
        let allowed = origin.and_then(|origin| self.origins.allow(origin));
        let mut response = match (&allowed, origin) {
            (Some(_), _) if is_preflight(&request) => preflight(&request, methods),
            (None, Some(origin)) if is_preflight(&request) => {
                // The browser gives its page no reason, so the operator is told here.
                let origin = Excerpt::of(&String::from_utf8_lossy(origin.as_bytes()));
                tracing::info!(
                    "A page of {origin} may not use a session: LIVEGATE_CORS_ORIGINS does not list it"
                );
                self.inner.get_response(request).await
            }
            _ => self.inner.get_response(request).await,
        };
        let headers = response.headers_mut();
        if self.origins != Origins::default() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
        }
        Ok(response)
    }
}

/// Whether this is a preflight: a browser asks for permission before it sends the page's own request.
fn is_preflight(request: &Request) -> bool {
    let asks_for = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS && asks_for
}

/// The answer to a preflight that grants these methods.
fn preflight(request: &Request, methods: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    // This answer does not reach the layer that gives other answers their ids.
    add_ids(&id_of(request), headers);
    if let Ok(methods) = HeaderValue::from_str(methods) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}
