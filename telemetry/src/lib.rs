//! What a process says of itself, and to whom: logs on standard error ([`logs`]), metrics on a port of
//! their own ([`metrics`]), traces to a collector ([`traces`]).
//!
//! Nothing here knows what is measured: names and numbers belong to those who count them.

pub mod logs;
pub mod metrics;
pub mod traces;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use self::logs::LINES;

/// Gives what a variable holds; `None` for nothing.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that says how the process is to be watched cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name} is \"{value}\"; it must be {allowed}")]
pub struct TelemetryError {
    /// Which.
    pub name: &'static str,
    /// What it holds.
    pub value: String,
    /// What it may hold.
    pub allowed: &'static str,
}

/// Keeps logs and traces going; dropped, at the end of the process, it sends the last traces.
#[must_use = "traces end when it is dropped"]
pub struct Telemetry {
    _traces: Option<traces::Export>,
}

/// Sends logs to standard error and, where a collector is named, traces there, as `service`.
///
/// # Errors
/// [`TelemetryError`]: nothing is logged then, so it is for the caller to print.
pub fn init(service: &'static str) -> Result<Telemetry, TelemetryError> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).map(|v| v.to_string_lossy().trim().to_owned());
        value.filter(|v| !v.is_empty())
    };
    let lines = logs::layer(&variable)?;
    let export = traces::Export::start(service, &variable)?;
    let spans = export.as_ref().map(traces::Export::layer);
    // A second call, as in tests that start several services in one process, keeps the first.
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
