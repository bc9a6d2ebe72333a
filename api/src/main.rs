//! `livegate-api`: serves the API, makes keys, checks captures.

use std::process::ExitCode;

use clap::Parser;
use livegate_api::cli::Cli;
use livegate_common::{hardening, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = hardening::without_telemetry() {
        eprintln!("livegate-api: it cannot be started without telemetry: {error}");
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    let done = match telemetry::init() {
        Ok(()) => cli.run().await,
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("livegate-api: {error}");
            ExitCode::FAILURE
        }
    }
}
