//! Which pages of other origins may use a session from a browser
//! ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! Ours rather than poem's, which refuses every request whose origin is not listed: pages of the
//! server's own origin name theirs as well, whenever they post. Cookies are no part of it: whoever may
//! use a session has its `client_token`.

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::methods::Methods;
use super::request_id::{REQUEST_ID, id_of};
use crate::config::Origins;
use crate::contract::excerpt::Excerpt;

/// The calls that a `client_token` may make; nothing else is for browsers.
const CALLS: [(&str, &[&str]); 2] = [
    ("/api/v1/liveness/sessions/{id}/frame", &["POST"]),
    ("/api/v1/liveness/sessions/{id}", &["GET", "DELETE"]),
];

/// What a page may send beyond what every page may.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-request-id");

/// What a page may read beyond what every page may.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static("x-request-id, retry-after");

/// How long a browser may remember that it may, seconds: the most that Chromium heeds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Lets pages of other origins use a session. Goes around the [`Boundary`](super::boundary::Boundary):
/// a page must be able to read errors, too.
pub struct Cors {
    origins: Origins,
    calls: Methods,
}

impl Cors {
    /// For pages of these origins.
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
                // The browser tells its page nothing, so the operator is the only one to be told.
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

/// Whether a browser asks if it may, before the page's own request.
fn is_preflight(request: &Request) -> bool {
    let asks_for = request
        .headers()
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS && asks_for
}

/// That it may, for these methods.
fn preflight(request: &Request, methods: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    // It never gets to where other answers are given theirs.
    if let Ok(id) = HeaderValue::from_str(id_of(request).as_str()) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    if let Ok(methods) = HeaderValue::from_str(methods) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}
