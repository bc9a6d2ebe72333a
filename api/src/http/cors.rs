//! Which pages of other origins may use a session from a browser
//! ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)).
//!
//! Ours rather than poem's, which refuses every request whose origin is not listed: pages of the
//! server's own origin name theirs as well, whenever they post. Cookies are no part of it: whoever may
//! use a session has its `client_token`.

use std::str::FromStr;

use poem::http::{HeaderValue, Method, StatusCode, Uri, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use super::boundary::{REQUEST_ID, id_of};
use super::excerpt::Excerpt;
use super::methods::Methods;

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

/// Whose pages may use a session from a browser; by default nobody's but the server's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Anybody's. Not unsafe by itself, as the token is a secret and no cookie, but a choice to make.
    Any,
    /// Those of these origins, each as browsers write it.
    Listed(Vec<String>),
}

impl Origins {
    /// What a list of them must be.
    pub const FORM: &'static str = "origins as browsers send them, separated by commas, each scheme://host[:port] with no path, no slash at its end and no usual port, as in https://app.example.com; or * alone";

    /// The value of `Access-Control-Allow-Origin` for this origin; `None`: it may not.
    fn allow(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => {
                let is_listed = origins.iter().any(|o| o.as_bytes() == origin.as_bytes());
                is_listed.then(|| origin.clone())
            }
        }
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// An entry of the list that is no origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no origin")]
pub struct NoOrigin;

impl FromStr for Origins {
    type Err = NoOrigin;

    fn from_str(list: &str) -> Result<Self, NoOrigin> {
        if list.trim() == "*" {
            return Ok(Self::Any);
        }
        let origins = list.split(',').map(|text| origin(text.trim()));
        let origins = origins.collect::<Option<_>>().ok_or(NoOrigin)?;
        Ok(Self::Listed(origins))
    }
}

/// The origin that `text` is, in the only form in which a browser sends it: anything else would
/// silently never match.
fn origin(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let uri: Uri = text.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?, uri.host()?);
    let usual_port = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = uri.port_u16();
    let whole = match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    let is_usual = port.is_some() && port == usual_port;
    let is_origin = whole == text && !is_usual && !host.is_empty() && !host.contains('*');
    is_origin.then_some(whole)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let listed = |origins: &[&str]| {
            Ok(Origins::Listed(
                origins.iter().map(|o| (*o).to_owned()).collect(),
            ))
        };
        for (text, origins) in [
            ("*", Ok(Origins::Any)),
            (" * ", Ok(Origins::Any)),
            (
                "https://app.example.com",
                listed(&["https://app.example.com"]),
            ),
            (
                "https://a.example, HTTP://B.example:8080",
                listed(&["https://a.example", "http://b.example:8080"]),
            ),
            ("http://[::1]:3000", listed(&["http://[::1]:3000"])),
            // What apps that are web pages call themselves.
            ("capacitor://localhost", listed(&["capacitor://localhost"])),
        ] {
            assert_eq!(text.parse(), origins, "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "https://a.example/",
            "https://a.example/page",
            "https://a.example?x",
            "https://a.example#x",
            "https://me@a.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:099",
            "https://a.example:70000",
            "https://a.example:",
            "https://*.example",
            "https://",
            "a.example",
            "//a.example",
            "https://größe.example",
            "https://a.example https://b.example",
            "https://a.example,",
            "https://a.example,*",
            "*,*",
            "null",
            ",",
        ] {
            assert!(text.parse::<Origins>().is_err(), "{text}");
        }
    }
}
