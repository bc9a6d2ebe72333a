//! Logs, metrics and traces of a process.
//!
//! [`logs`] go to standard error, [`metrics`] are read from a port of their own, and [`traces`] go to a
//! collector. This crate does not know what is measured: the crates that count define names and values.

pub mod logs;
pub mod metrics;
pub mod traces;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use self::logs::LINES;

/// Gives the value of a variable; `None` if it is not set or empty.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable for logs or traces has a value that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name} is \"{value}\"; it must be {allowed}")]
pub struct TelemetryError {
    /// The variable's name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// The values that are allowed, in words.
    pub allowed: &'static str,
}

/// Keeps logs and traces running. Dropping it, at the end of the process, sends the last traces.
#[must_use = "traces end when it is dropped"]
pub struct Telemetry {
    _traces: Option<traces::Export>,
}

/// Sends logs to standard error, and traces to a collector if a variable names one. `service` is the name
/// in traces.
///
/// # Errors
/// [`TelemetryError`]: nothing is logged then, so the caller must print it.
pub fn init(service: &'static str) -> Result<Telemetry, TelemetryError> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(|v| v.to_string_lossy().trim().to_owned());
        value.filter(|v| !v.is_empty())
    };
    let lines = logs::layer(&variable)?;
    let export = traces::Export::start(service, &variable)?;
    let spans = export.as_ref().map(traces::Export::layer);
    // A second call keeps the first subscriber. Tests that start several services in one process make such
    // calls.
    if tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .try_init()
        .is_ok()
    {
        logs::log_panics();
    }
    Ok(Telemetry { _traces: export })
}
