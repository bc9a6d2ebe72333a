//! Logs, on standard error.

use tracing_subscriber::EnvFilter;

/// Sends logs to standard error, filtered by `LIVEGATE_LOG` (a `tracing` filter; default `info`).
///
/// `lapin` logs a returned message with its whole body, which here is sealed media: that target is
/// off whatever the filter says.
pub fn init() {
    let filter = std::env::var("LIVEGATE_LOG").unwrap_or_else(|_| "info,ort=warn".to_owned());
    let filter = EnvFilter::new(format!("{filter},lapin::returned_messages=off"));
    // A second call, as in tests that start several services in one process, keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
