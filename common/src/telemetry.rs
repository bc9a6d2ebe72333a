//! Logs, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged when nothing else is asked for. The libraries' own notices of lost connections
/// and listening sockets say again what our lines say.
const DEFAULT: &str = "info,ort=warn,lapin=off,poem=warn";

/// `LIVEGATE_LOG` is no filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "LIVEGATE_LOG is \"{value}\"; it must be a tracing filter, for example info,livegate_worker=debug"
)]
pub struct FilterError {
    /// What it holds.
    pub value: String,
}

/// Sends logs to standard error, filtered by `LIVEGATE_LOG` (a `tracing` filter).
///
/// `lapin` logs a returned message with its whole body, which here is sealed media: that target is
/// off whatever the filter says.
///
/// # Errors
/// [`FilterError`]: nothing is logged then, so it is for the caller to print.
pub fn init() -> Result<(), FilterError> {
    let filter =
        filter(std::env::var_os("LIVEGATE_LOG").map(|v| v.to_string_lossy().into_owned()))?;
    // A second call, as in tests that start several services in one process, keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    Ok(())
}

fn filter(asked: Option<String>) -> Result<EnvFilter, FilterError> {
    let asked = asked.map(|f| f.trim().to_owned()).filter(|f| !f.is_empty());
    let value = asked.unwrap_or_else(|| DEFAULT.to_owned());
    EnvFilter::try_new(format!("{value},lapin::returned_messages=off"))
        .map_err(|_| FilterError { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_taken_and_anything_else_named() {
        for good in [
            None,
            Some(""),
            Some(" "),
            Some("debug"),
            Some("info,livegate_worker=debug"),
        ] {
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
}
