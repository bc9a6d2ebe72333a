//! `livegate-models`: fetches, verifies and lists the model files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use livegate_prepare::commands::{self, Failure};

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
        /// Also fetch the files that only tests use.
        #[arg(long)]
        test_assets: bool,
        /// Also fetch the optional anti-spoof models: from the folder LIVEGATE_MODEL_MIRROR, or else from
        /// their public repositories. Writes optional.toml for LIVEGATE_MODEL_CONFIG.
        #[arg(long)]
        optional: bool,
        /// Fetch only the optional models, print little, and after a failure wait a day before the next
        /// attempt.
        #[arg(long, requires = "optional", conflicts_with = "test_assets")]
        at_most_daily: bool,
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
        Action::Fetch {
            dir,
            test_assets,
            optional,
            at_most_daily,
        } => fetch(&dir, test_assets, optional, at_most_daily),
        Action::Verify { dir } => commands::verify(&dir),
        Action::List => writeln!(std::io::stdout(), "{}", commands::list()).map_err(Failure::from),
    };
    result.map_or_else(commands::report, |()| ExitCode::SUCCESS)
}

fn fetch(
    dir: &Path,
    test_assets: bool,
    optional: bool,
    at_most_daily: bool,
) -> Result<(), Failure> {
    if !at_most_daily {
        commands::fetch(dir, test_assets)?;
    }
    if !optional {
        return Ok(());
    }
    let mirror = std::env::var_os("LIVEGATE_MODEL_MIRROR").filter(|folder| !folder.is_empty());
    commands::fetch_optional(dir, mirror.as_deref().map(Path::new), at_most_daily)
}
