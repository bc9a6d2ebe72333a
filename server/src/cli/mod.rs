//! The command line of `livegate-api`.

mod key_table;
mod keys;
mod receipts;
pub mod values;

use clap::{Parser, Subcommand};
use livegate_common::hardening;
use livegate_common::shutdown::Shutdown;

use self::keys::KeysCommand;
use self::receipts::ReceiptsCommand;
use crate::serve::serve;
use crate::settings::{API, ApiSettings, MEASURING, WORKER, help};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Livegate's API server. Serves the API when no command is given.
#[derive(Parser)]
#[command(version, after_help = help(&[API, WORKER, MEASURING]))]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Manages the API keys in the file that LIVEGATE_KEYS names (default keys.toml).
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Verifies receipts, and manages the keys that sign them.
    #[command(subcommand)]
    Receipts(ReceiptsCommand),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// A text for the operator.
    pub async fn run(self) -> Result<(), Failure> {
        hardening::keep_memory_private()?;
        match self.command {
            None => {
                let shutdown = Shutdown::on_signals()?;
                let settings = ApiSettings::from_env()?;
                hardening::keep_memory_out_of_swap();
                Ok(serve(settings, shutdown).await?)
            }
            Some(Command::Keys(command)) => command.run(),
            Some(Command::Receipts(command)) => command.run(),
        }
    }
}
