//! Logs on standard error: text for people, or one JSON object a line for machines.

use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::{Lookup, TelemetryError};

/// The filter if no other is set.
const DEFAULT: &str = "info";

/// Levels of libraries, whatever the general level is; a filter that names a library overrides them.
///
/// The libraries' messages about lost connections and listening sockets repeat Livegate's own, and ONNX
/// Runtime writes two thousand lines about its models at each start, 60 of them warnings for each thread.
const LIBRARIES: &str = "ort=error,lapin=off,poem=warn";

/// Target of spans whose fields appear in every line inside them, whatever the filter: ids of request and
/// batch.
///
/// These spans are not part of a trace.
pub const LINES: &str = "livegate::lines";

/// The logging layer that `LIVEGATE_LOG` (a `tracing` filter) and `LIVEGATE_LOG_FORMAT` (`text` or `json`)
/// describe.
///
/// # Errors
/// [`TelemetryError`], which names the variable that cannot be used.
pub fn layer(variable: Lookup<'_>) -> Result<impl Layer<Registry>, TelemetryError> {
    let filter = filter(variable("LIVEGATE_LOG"))?;
    let format = Format::of(variable("LIVEGATE_LOG_FORMAT"))?;
    let lines = match format {
        Format::Text => tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .boxed(),
        // Fields are not nested, so that one field finds the lines of a request in any log collector.
        Format::Json => json_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_current_span(false)
            .flatten_span_list_on_top_level(true)
            .flatten_event(true)
            .boxed(),
    };
    Ok(lines.with_filter(filter))
}

/// Logs panics like other errors. The standard message would not be a line of JSON, and would lack the
/// request's id.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let place = panic.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str));
        let cause = text.unwrap_or("no text");
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        tracing::error!(thread, "A panic at {place}: {cause}");
    }));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

impl Format {
    fn of(asked: Option<String>) -> Result<Self, TelemetryError> {
        match asked.as_deref() {
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(TelemetryError {
                name: "LIVEGATE_LOG_FORMAT",
                value: other.to_owned(),
                allowed: "text or json",
            }),
        }
    }
}

/// The log filter. One target of `lapin` is always off: it would log a returned message with its whole
/// body, which is sealed media.
fn filter(asked: Option<String>) -> Result<EnvFilter, TelemetryError> {
    let value = asked.unwrap_or_else(|| DEFAULT.to_owned());
    EnvFilter::try_new(format!(
        "{LIBRARIES},{value},lapin::returned_messages=off,{LINES}=error"
    ))
    .map_err(|_| TelemetryError {
        name: "LIVEGATE_LOG",
        value,
        allowed: "a tracing filter, for example info,livegate_worker=debug",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_taken_and_anything_else_named() {
        for good in [None, Some("debug"), Some("info,livegate_worker=debug")] {
            assert!(filter(good.map(str::to_owned)).is_ok(), "{good:?}");
        }
        for bad in ["info,livegate_worker=loud", "a=b=c"] {
            let error = filter(Some(bad.to_owned())).unwrap_err().to_string();
            assert!(
                error.contains("LIVEGATE_LOG") && error.contains(bad),
                "{error}"
            );
        }
    }

    #[test]
    fn libraries_stay_quiet_unless_they_are_named() {
        let levels = |asked: &str| {
            let all = filter(Some(asked.to_owned())).unwrap().to_string();
            let of = |target: &str| {
                let levels = all.split(',').filter_map(|d| d.strip_prefix(target));
                levels.map(str::to_owned).collect::<Vec<_>>()
            };
            of("ort=")
        };
        assert_eq!(levels("debug"), ["error"]);
        assert_eq!(levels("info,ort=debug"), ["debug"]);
    }

    #[test]
    fn a_format_is_text_or_json() {
        let of = |asked: Option<&str>| Format::of(asked.map(str::to_owned));
        assert_eq!(of(None), Ok(Format::Text));
        assert_eq!(of(Some("text")), Ok(Format::Text));
        assert_eq!(of(Some("json")), Ok(Format::Json));
        let error = of(Some("xml")).unwrap_err().to_string();
        assert!(error.contains("LIVEGATE_LOG_FORMAT") && error.contains("xml"));
    }
}
