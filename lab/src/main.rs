//! The binary `livegate-lab`: judges captures, measures error rates, sets thresholds.

use std::process::ExitCode;

use clap::Parser;
use livegate_common::hardening;
use livegate_lab::cli::Cli;
use livegate_telemetry as telemetry;

fn main() -> ExitCode {
    // Before the runtime starts threads.
    livegate_jail::launcher_if_asked().unwrap_or_else(run)
}

#[tokio::main]
async fn run() -> ExitCode {
    if let Err(error) = hardening::without_runtime_telemetry() {
        eprintln!("livegate-lab: ONNX Runtime's telemetry cannot be turned off: {error}");
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    let telemetry = telemetry::init("livegate-lab");
    let done = match &telemetry {
        Ok(_) => cli.run().await,
        Err(error) => Err(error.to_string().into()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("livegate-lab: {error}");
            ExitCode::FAILURE
        }
    }
}
