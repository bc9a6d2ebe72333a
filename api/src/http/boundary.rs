//! The outermost layer: gives each request an id and each error one shape, and catches panics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use livegate_telemetry::{LINES, traces};
use poem::error::ResponseError;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use tracing::field::Empty;
use tracing::{Instrument, debug_span, error_span};

use super::calling_key::CallingKey;
use super::framework::{Asked, our_error};
use super::methods::Methods;
use super::request_id::{add_ids, id_of};
use crate::error::{ApiError, Refusal, Sentence};
use crate::metrics::{Answered, Metrics, UNMATCHED, method_name};
use crate::test_mode::{self, Staged};

/// The middleware that wraps the whole application.
pub struct Boundary {
    /// The methods of the application's paths.
    pub methods: Methods,
    /// The metrics that count the answers.
    pub metrics: Metrics,
}

impl<E: Endpoint> Middleware<E> for Boundary {
    type Output = Bounded<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Bounded {
            inner,
            methods: self.methods.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

/// The wrapped application.
pub struct Bounded<E> {
    inner: E,
    methods: Methods,
    metrics: Metrics,
}

impl<E: Endpoint> Endpoint for Bounded<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let id = id_of(&request);
        let callers_id = id.callers().map(tracing::field::display);
        let lines = error_span!(
            target: LINES,
            "request",
            request.id = %id,
            request.caller_id = callers_id.as_ref(),
        );
        let method = request.method().clone();
        let asked = Asked::of(&request);
        // Never the path itself: a caller may put a key or a token into it. The same is true of a method
        // that does not exist.
        let route = self.methods.template(request.uri().path());
        let (verb, name) = (method_name(&method), route.unwrap_or(UNMATCHED));
        let span = debug_span!(
            parent: &lines,
            "http",
            otel.name = %format!("{verb} {name}"),
            otel.kind = "server",
            otel.status_code = Empty,
            request.id = %id,
            request.caller_id = callers_id.as_ref(),
            http.request.method = verb,
            http.route = name,
            http.response.status_code = Empty,
        );
        traces::continue_from_headers(&span, request.headers());
        let key = CallingKey::default();
        request.extensions_mut().insert(id.clone());
        request.extensions_mut().insert(key.clone());

        let answering = async {
            let answer = AssertUnwindSafe(self.inner.call(request))
                .catch_unwind()
                .await;
            match answer {
                Ok(Ok(response)) => response.into_response(),
                Ok(Err(error)) => self.failure(error, &asked),
                // The panic hook has logged the panic's own text; here it might hold anything.
                Err(_) => refuse(&ApiError::internal("a handler panicked")),
            }
        };
        // Both spans, since the inner one exists only where traces are collected.
        let answering = answering.instrument(span.clone());
        let mut response = answering.instrument(lines.clone()).await;
        add_ids(&id, response.headers_mut());
        if key.is_test() {
            let headers = response.headers_mut();
            headers.insert(&test_mode::HEADER, test_mode::HEADER_VALUE);
        }
        let (status, took) = (response.status(), started.elapsed());
        self.metrics.answered(&Answered {
            route,
            method: &method,
            status: status.as_u16(),
            took,
            refusal: response.data::<Refusal>(),
            key: key.get(),
            is_test: key.is_test(),
        });
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        let (status, ms) = (status.as_u16(), took.as_millis());
        let _lines = lines.entered();
        // A refusal leaves no other trace that the request's id could lead to.
        if response.status().is_client_error() {
            let code = response.data::<Refusal>().map_or("none", |r| r.code.name());
            let sentence = response.data::<Sentence>().map_or("", Sentence::as_str);
            tracing::info!(
                http.status = status,
                http.ms = ms,
                error.code = code,
                key.id = key.get().map(|id| &**id),
                "Refused {verb} {name}: {code}: {sentence}"
            );
        } else {
            tracing::debug!(
                http.status = status,
                http.ms = ms,
                "Answered {verb} {name}: {status}"
            );
        }
        Ok(response)
    }
}

impl<E> Bounded<E> {
    fn failure(&self, error: poem::Error, asked: &Asked) -> Response {
        if let Some(ours) = error.downcast_ref::<ApiError>() {
            return refuse(ours);
        }
        if error.is_from_response() {
            return error.into_response();
        }
        refuse(&our_error(&error, asked, &self.methods))
    }
}

fn refuse(error: &ApiError) -> Response {
    // A mistake of the caller is not a failure of the server, even if its error has a source. Nor is a test outcome.
    if let Some(cause) = std::error::Error::source(error)
        && error.status().is_server_error()
        && !cause.is::<Staged>()
    {
        tracing::error!(error = %cause, "The request failed: {cause}");
    }
    error.as_response()
}
