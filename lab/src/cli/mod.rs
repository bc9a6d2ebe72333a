//! The command line of `livegate-lab`.

mod angles;
mod calibrate;
mod capacity;
mod check;
mod evaluate;
mod payload;

use clap::{Parser, Subcommand};
use livegate_common::hardening;
use livegate_server::settings::{MEASURING, help};

use self::calibrate::CalibrateArgs;
use self::capacity::CapacityArgs;
use self::check::CheckArgs;
use self::evaluate::EvaluateArgs;
use self::payload::PayloadArgs;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Livegate's laboratory: judges captures, measures error rates and sets thresholds, with the pipeline of the
/// service and without a server.
#[derive(Parser)]
#[command(version, after_help = help(&[MEASURING]))]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judges a clip or a folder of frames as verify would: exit code 0 verified, 3 rejected, 1 error.
    Check(CheckArgs),
    /// Measures the error rates of a labelled set and writes a report: exit code 0 when it is written, 1
    /// error. Earlier measurements are not repeated.
    Evaluate(EvaluateArgs),
    /// Prints the body of POST /v1/liveness/verify for a clip or a folder of frames.
    Payload(PayloadArgs),
    /// Writes the thresholds file for the models in use, from a labelled set, at a target APCER.
    Calibrate(CalibrateArgs),
    /// Simulates a deployment under load: latencies, refusals, workers needed, and what broker and store carry. Reads
    /// no models and reaches no server.
    Capacity(CapacityArgs),
}

impl Cli {
    /// Runs the command and returns the exit code.
    ///
    /// # Errors
    /// A text for the operator.
    pub async fn run(self) -> Result<u8, Failure> {
        hardening::keep_memory_private()?;
        match self.command {
            Command::Check(args) => args.run().await,
            Command::Evaluate(args) => args.run().await,
            Command::Payload(args) => args.run(),
            Command::Calibrate(args) => args.run().await,
            Command::Capacity(args) => args.run(),
        }
    }
}
