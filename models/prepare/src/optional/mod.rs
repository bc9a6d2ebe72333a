//! Optional anti-spoof models: adds them to the cache, and writes the configuration that uses them.
//!
//! They are in no package. Each one comes from its public repository at a pinned commit, or from an
//! operator's folder. A model that cannot be obtained is left out, and the service then runs with fewer
//! models.

mod stamp;
mod supply;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use stamp::{is_due, record_failure, record_success};
pub use supply::{Limits, PublicRepositories, Supply};

use crate::convert::{self, ConvertError};
use crate::fetch::{self, FetchError};
use livegate_models::config;
use livegate_models::hash;
use livegate_models::manifest::{Manifest, OptionalModel};

/// Name of the configuration file in the cache, for `LIVEGATE_MODEL_CONFIG`.
pub const CONFIG_FILE: &str = "optional.toml";

/// Why an optional model could not be obtained. Each message is a clause that follows the model's name.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// No public address is known, and no folder is configured.
    #[error("it has no public address: name a folder that has it in LIVEGATE_MODEL_MIRROR")]
    NoAddress,
    /// The operator's folder does not have the file.
    #[error("{path} cannot be read ({source})", path = path.display())]
    Mirror {
        /// Path of the file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The server cannot be reached, or does not answer in time.
    #[error("{host} cannot be reached ({cause})")]
    Unreachable {
        /// Scheme and host of the server.
        host: String,
        /// The client's error.
        cause: String,
    },
    /// The server does not have the file.
    #[error("{url} was answered with status {status}")]
    Status {
        /// The requested URL.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// A redirect without a target, to a target that is not HTTPS, or one redirect too many.
    #[error(
        "{url} was answered with a redirect that is not followed: only a few redirects, and only to https, are"
    )]
    Redirect {
        /// The requested URL.
        url: String,
    },
    /// The file has more bytes than any of these models.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// Most bytes that are read.
        limit: u64,
    },
    /// The bytes before or after preparing are not the pinned ones.
    #[error("its sha256 is {found} where {expected} is pinned")]
    WrongHash {
        /// The pinned sha256.
        expected: String,
        /// The computed sha256.
        found: String,
    },
    /// The file cannot be prepared.
    #[error("it cannot be prepared ({0})")]
    Convert(#[from] ConvertError),
    /// A signal requested to stop.
    #[error("interrupted before it was obtained")]
    Interrupted,
}

/// Result of obtaining the optional models.
#[derive(Debug)]
pub struct Outcome {
    /// Path of the configuration that uses the best available set; `None` if no set is complete.
    pub config: Option<PathBuf>,
    /// Names of the models in that configuration, except the shipped one.
    pub used: Vec<String>,
    /// Names of the models that are new in the cache.
    pub new: Vec<String>,
    /// Names of the models that are missing, and why.
    pub absent: Vec<(String, Unavailable)>,
}

/// Obtains the optional models of `manifest` that are missing in the cache at `dir`.
///
/// It writes [`CONFIG_FILE`] for the best set that is complete. If no set is complete, it removes such a
/// file.
///
/// Progress, and licence and origin of each model, are written to `log`.
///
/// # Errors
/// [`FetchError`] if the cache cannot be written. A model that cannot be obtained is part of the outcome.
pub fn fetch(
    dir: &Path,
    manifest: &Manifest,
    supply: &Supply,
    interrupted: &Arc<AtomicBool>,
    log: &mut impl Write,
) -> Result<Outcome, FetchError> {
    fs::create_dir_all(dir).map_err(|e| fetch::io_error(dir, e))?;
    let _lock = fetch::lock(dir, interrupted, log)?;
    fetch::remove_stale(dir)?;
    let temp = tempfile::Builder::new()
        .prefix(fetch::TEMP_PREFIX)
        .tempdir_in(dir)
        .map_err(|e| fetch::io_error(dir, e))?;
    let (mut new, mut absent) = (Vec::new(), Vec::new());
    for model in &manifest.optional {
        if is_there(dir, model) {
            let _ = writeln!(log, "{}", about(model));
            continue;
        }
        match obtain(model, supply, interrupted) {
            Ok(prepared) => {
                fetch::store(temp.path(), &dir.join(&model.name), &prepared)?;
                let _ = writeln!(log, "{}", about(model));
                new.push(model.name.clone());
            }
            Err(Unavailable::Interrupted) => return Err(FetchError::Interrupted),
            Err(reason) => {
                let _ = writeln!(log, "{}: not obtained: {reason}", model.name);
                absent.push((model.name.clone(), reason));
            }
        }
    }
    let set = best_set(dir, manifest);
    let config = write_config(dir, temp.path(), set.as_deref())?;
    Ok(Outcome {
        config,
        used: set
            .iter()
            .flatten()
            .map(|model| model.name.clone())
            .collect(),
        new,
        absent,
    })
}

/// Name, licence, origin and open questions of a model, in one line.
#[must_use]
pub fn about(model: &OptionalModel) -> String {
    format!(
        "{}: {}, from {}. {}",
        model.name, model.licence, model.origin, model.note
    )
}

/// Whether the cache has the whole prepared model.
#[must_use]
pub fn is_there(dir: &Path, model: &OptionalModel) -> bool {
    hash::of_file(&dir.join(&model.name)).is_ok_and(|found| found == model.output_sha256)
}

fn obtain(
    model: &OptionalModel,
    supply: &Supply,
    interrupted: &Arc<AtomicBool>,
) -> Result<Vec<u8>, Unavailable> {
    let bytes = supply.bytes(model, interrupted)?;
    if interrupted.load(Ordering::Relaxed) {
        return Err(Unavailable::Interrupted);
    }
    check(&model.sha256, &bytes)?;
    let prepared = convert::prepare(model.recipe, &bytes)?;
    check(&model.output_sha256, &prepared)?;
    Ok(prepared)
}

fn check(expected: &str, bytes: &[u8]) -> Result<(), Unavailable> {
    let found = hash::of_bytes(bytes);
    if found == expected {
        return Ok(());
    }
    Err(Unavailable::WrongHash {
        expected: expected.to_owned(),
        found,
    })
}

/// The first set of which all models are in the cache.
fn best_set<'a>(dir: &Path, manifest: &'a Manifest) -> Option<Vec<&'a OptionalModel>> {
    let there: Vec<_> = manifest
        .optional
        .iter()
        .filter(|model| is_there(dir, model))
        .collect();
    let complete = |names: &Vec<String>| -> Option<Vec<&'a OptionalModel>> {
        names
            .iter()
            .map(|name| there.iter().copied().find(|model| model.name == *name))
            .collect()
    };
    manifest.optional_sets.iter().find_map(complete)
}

fn write_config(
    dir: &Path,
    temp: &Path,
    set: Option<&[&OptionalModel]>,
) -> Result<Option<PathBuf>, FetchError> {
    let path = dir.join(CONFIG_FILE);
    let Some(set) = set else {
        // A configuration left behind would name missing files, and the service would not start.
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(fetch::io_error(&path, error))
            }
            Ok(()) | Err(_) => Ok(None),
        };
    };
    let models = set
        .iter()
        .map(|m| (m.name.as_str(), m.output_sha256.as_str(), &m.settings));
    let text = config::write_beside_builtin(models)
        .map_err(|error| fetch::io_error(&path, std::io::Error::other(error)))?;
    let text = format!(
        "# Written by `livegate-models fetch --optional`, and written again each time: change a copy instead.\n\n{text}"
    );
    if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
        fetch::store(temp, &path, text.as_bytes())?;
    }
    Ok(Some(path))
}
