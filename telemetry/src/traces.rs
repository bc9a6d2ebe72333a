//! Traces, sent to an OpenTelemetry collector over HTTP if `OTEL_EXPORTER_OTLP_ENDPOINT` names one.
//!
//! Spans are exported, log lines are not: quotes in error texts stay in the logs of this machine. The
//! OpenTelemetry library's own variables for sampler, resource and batches work as it documents them.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use poem::http::HeaderMap;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter};

use crate::{LINES, Lookup, TelemetryError};

/// Name of the header that carries a trace's context between processes (W3C Trace Context); also the key in
/// messages.
const TRACEPARENT: &str = "traceparent";

/// Longest wait for the last spans to be accepted, at the end of a process.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Variables that name the collector. The first one that is set counts.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// Exports spans to the collector.
pub struct Export(SdkTracerProvider);

impl Export {
    /// Starts the export; `None` if no variable names a collector.
    ///
    /// # Errors
    /// [`TelemetryError`], which names the variable that cannot be used.
    pub fn start(
        service: &'static str,
        variable: Lookup<'_>,
    ) -> Result<Option<Self>, TelemetryError> {
        let named = ENDPOINTS
            .iter()
            .find_map(|name| Some((*name, variable(name)?)));
        let Some((name, endpoint)) = named else {
            return Ok(None);
        };
        let wrong = |value| TelemetryError {
            name,
            value,
            allowed: "the http:// address of a collector that takes OTLP over HTTP, for example \
                      http://127.0.0.1:4318",
        };
        // TLS is not supported here. An address that needs it would fail silently with every span.
        if !endpoint.starts_with("http://") {
            return Err(wrong(endpoint));
        }
        // The library reads the address from the variable itself, and knows what to append.
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|_| wrong(endpoint))?;
        let mut resource = Resource::builder();
        if variable("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name(service);
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self(provider)))
    }

    /// The `tracing` layer that exports the spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("livegate"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
            .with_filter(exported())
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // A collector that is away must not delay the end. The library has logged the failure by then.
        let _ = self.0.shutdown_with_timeout(LAST_SPANS);
    }
}

/// Selects Livegate's own spans, and no events.
fn exported() -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let is_ours = |metadata: &Metadata<'_>| {
        metadata.is_span()
            && metadata.target().starts_with("livegate")
            && metadata.target() != LINES
    };
    filter::filter_fn(is_ours).with_max_level_hint(LevelFilter::DEBUG)
}

/// Makes `span` a child of the span that these headers name, if they name one.
pub fn continue_from_headers(span: &Span, headers: &HeaderMap) {
    if headers.contains_key(TRACEPARENT) {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // This fails if nothing is exported. Then there is no trace to continue.
        let _ = span.set_parent(parent);
    }
}

/// Makes `span` a child of the span in another process whose [`context_of`] is `context`.
pub fn continue_from(span: &Span, context: Option<&str>) {
    if let Some(context) = context {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), context.to_owned())]);
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
}

/// The text that another process needs to continue a span; `None` if nothing is exported.
pub fn context_of(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(variables: &[(&str, &str)]) -> Result<bool, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let started = Export::start("test", &variable);
        started.map(|e| e.is_some()).map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_is_exported_unless_a_collector_is_named_in_a_way_that_works() {
        assert_eq!(start(&[]), Ok(false));
        for name in ENDPOINTS {
            for endpoint in [
                "https://collector:4318",
                "collector:4317",
                "grpc://collector",
            ] {
                let error = start(&[(name, endpoint)]).unwrap_err();
                assert!(error.contains(name) && error.contains(endpoint), "{error}");
            }
        }
    }

    #[test]
    fn without_an_export_there_is_no_context_to_carry() {
        assert_eq!(context_of(&tracing::info_span!("lonely")), None);
    }
}
