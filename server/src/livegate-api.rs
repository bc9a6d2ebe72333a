//! The binary `livegate-api`: serves the API and manages its keys.

use std::process::ExitCode;

use clap::Parser;
use livegate_common::hardening;
use livegate_server::cli::Cli;
use livegate_telemetry as telemetry;

fn main() -> ExitCode {
    // Before the runtime starts threads.
    livegate_jail::launcher_if_asked().unwrap_or_else(run)
}

#[tokio::main]
async fn run() -> ExitCode {
    if let Err(error) = hardening::without_runtime_telemetry() {
        eprintln!("livegate-api: ONNX Runtime's telemetry cannot be turned off: {error}");
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    // Kept until the end: dropping it sends the last traces.
    let telemetry = telemetry::init("livegate-api");
    let done = match &telemetry {
        Ok(_) => cli.run().await,
        Err(error) => Err(error.to_string().into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("livegate-api: {error}");
            ExitCode::FAILURE
        }
    }
}
