//! `livegate-models`: fetches, verifies and lists the model files.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use livegate_models::commands::{self, Failure};

/// Obtains, converts and verifies the model files and the inference runtime.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Fetch what is missing from the cache.
    Fetch {
        /// The cache folder.
        #[arg(long, default_value = "models/cache")]
        dir: PathBuf,
        /// Fetch the files that only tests use, too.
        #[arg(long)]
        test_assets: bool,
    },
    /// Check the sha256 of every file in the cache.
    Verify {
        /// The cache folder.
        #[arg(long, default_value = "models/cache")]
        dir: PathBuf,
    },
    /// List every file with its package, licence and sha256.
    List,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Action::Fetch { dir, test_assets } => commands::fetch(&dir, test_assets),
        Action::Verify { dir } => commands::verify(&dir),
        Action::List => writeln!(std::io::stdout(), "{}", commands::list()).map_err(Failure::from),
    };
    result.map_or_else(commands::report, |()| ExitCode::SUCCESS)
}
