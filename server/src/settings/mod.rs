//! Settings from environment variables, read once at the start.
//!
//! A value that is not allowed stops the start with a sentence that names the variable, its value and
//! what is allowed. An empty variable counts as not set. Secrets are never repeated.

mod api;
mod backend;
mod error;
mod list;
mod models;
pub mod operating_point;
mod variables;
mod worker;

use std::num::NonZeroUsize;
use std::path::PathBuf;

pub use self::api::ApiSettings;
pub use self::backend::{Backend, Servers};
pub use self::error::SettingsError;
pub use self::list::{API, MEASURING, Setting, WORKER, help};
pub use self::models::ModelsSettings;
use self::variables::{OWN_SIGNING_KEYS, Variables, process_environment};
pub use self::worker::WorkerSettings;

/// Path of the key file, from the environment of this process.
pub fn key_file() -> PathBuf {
    Variables {
        lookup: process_environment,
    }
    .key_file()
}

/// Path of the file of signing keys, from the environment of this process: as an embedded service has it.
pub fn signing_keys() -> PathBuf {
    let vars = Variables {
        lookup: process_environment,
    };
    let file = vars.receipts(true).signing_keys;
    file.unwrap_or_else(|| PathBuf::from(OWN_SIGNING_KEYS))
}

/// The models and the number of inference threads, from the environment of this process.
///
/// # Errors
/// [`SettingsError`] for the first variable that cannot be used.
pub fn measuring() -> Result<(ModelsSettings, NonZeroUsize), SettingsError> {
    let vars = Variables {
        lookup: process_environment,
    };
    Ok((vars.models()?, vars.threads()?))
}
