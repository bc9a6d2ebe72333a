//! Errors of model files and their configuration.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifest::Role;

/// Why the models cannot be used. Each message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// A shipped model is not in the cache.
    #[error("{path} cannot be read ({source}): run `make build` to obtain the models, or set LIVEGATE_MODELS to the folder that has them", path = whole(path).display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A shipped model has other content than the pinned one.
    #[error("{path} is not the file it should be (its sha256 is {found}): run `make build` to obtain the models", path = path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// sha256 of the file's content.
        found: String,
    },
    /// No runtime is listed for this machine's architecture.
    #[error("there is no {role:?} file for {arch} machines: use x86_64 or aarch64", arch = std::env::consts::ARCH)]
    NotForThisMachine {
        /// The role without a file.
        role: Role,
    },
    /// The operator's configuration cannot be used.
    #[error("model configuration {path}: {problem}", path = path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong and how to fix it.
        problem: String,
    },
}

/// The path from the root, where it can be told.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
