//! Fills the cache: fetches archives, checks every hash, prepares the files.
//!
//! The cache contains whole files only: each file is written beside its place, flushed to disk and renamed.
//! Work happens in a `.tmp-*` folder inside the cache, so that renaming never crosses a file system. A lock
//! file makes two simultaneous fetches do the work once.

mod clients;
mod extract;

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use clients::Clients;
pub use extract::ExtractError;

use crate::convert::{self, ConvertError};
use livegate_models::hash;
use livegate_models::manifest::{Archive, SourceFile};

pub(crate) const TEMP_PREFIX: &str = ".tmp-";
const LOCK_FILE: &str = ".lock";
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Why the cache could not be filled. Each message is one sentence that ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The needed client, npm or pip, is not installed.
    #[error("{client} is not installed: install {package} and run `make build` again")]
    NoClient {
        /// Name of the client.
        client: &'static str,
        /// Name of the Debian package that contains it.
        package: &'static str,
    },
    /// The registry's client failed at every attempt.
    #[error(
        "`{command}` failed {attempts} times: check the network and the client's settings (running it by hand shows why), then run `make build` again"
    )]
    ClientFailed {
        /// The command line.
        command: String,
        /// Number of attempts.
        attempts: usize,
    },
    /// The client succeeded, but left no file, or several.
    #[error(
        "`{command}` left {found} files instead of one: update the client and run `make build` again"
    )]
    NotOneFile {
        /// The command line.
        command: String,
        /// Number of files.
        found: usize,
    },
    /// The bytes are not the pinned ones.
    #[error(
        "{what} has sha256 {found} where {expected} is pinned: nothing was kept; run `make build` again, and if it repeats do not trust the source"
    )]
    WrongHash {
        /// Name of the archive or file.
        what: String,
        /// The pinned sha256.
        expected: String,
        /// The computed sha256.
        found: String,
    },
    /// The archive cannot be unpacked.
    #[error("{package} cannot be unpacked ({source}): run `make build` again")]
    Extract {
        /// Name and version of the package.
        package: String,
        /// The cause.
        source: ExtractError,
    },
    /// A file cannot be prepared.
    #[error("{file} cannot be prepared ({source}): this is a fault in Livegate, please report it")]
    Convert {
        /// Path of the output in the cache.
        file: String,
        /// The cause.
        source: ConvertError,
    },
    /// The cache cannot be written.
    #[error("{path} cannot be written ({source}): make room or give access, and run `make build` again", path = path.display())]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A signal requested to stop.
    #[error("stopped before everything was fetched: run `make build` to go on")]
    Interrupted,
}

/// A source of archives.
pub trait Source {
    /// Puts the archive's file, and nothing else, into the empty folder `into`.
    ///
    /// # Errors
    /// [`FetchError`] if there is no client, or if it fails at every attempt.
    fn download(&self, archive: &Archive, into: &Path) -> Result<PathBuf, FetchError>;
}

/// Fetches and prepares what is missing of `archives` in the cache at `dir`; returns the number of files
/// that were missing.
///
/// Files with the right hash are not touched. Progress goes to `log`, one line for each package.
///
/// # Errors
/// [`FetchError`]. Complete files stay in the cache, and there are no partial ones.
pub fn fetch(
    dir: &Path,
    archives: &[&Archive],
    source: &impl Source,
    interrupted: &Arc<AtomicBool>,
    log: &mut impl Write,
) -> Result<usize, FetchError> {
    if archives
        .iter()
        .all(|archive| missing(dir, archive).is_empty())
    {
        return Ok(0);
    }
    fs::create_dir_all(dir).map_err(|e| io_error(dir, e))?;
    let _lock = lock(dir, interrupted, log)?;
    remove_stale(dir)?;
    let mut count = 0;
    for archive in archives {
        // Checked again under the lock: another fetch may have brought the files meanwhile.
        let files = missing(dir, archive);
        if files.is_empty() {
            continue;
        }
        let package = format!("{} {}", archive.package, archive.version);
        let _ = write!(log, "{package} ... ");
        let _ = log.flush();
        let result = obtain(dir, archive, &files, source, interrupted);
        let _ = writeln!(log, "{}", if result.is_ok() { "ok" } else { "failed" });
        result?;
        count += files.len();
    }
    Ok(count)
}

/// The archive's files whose prepared output is not in the cache with the right hash.
#[must_use]
pub fn missing<'a>(dir: &Path, archive: &'a Archive) -> Vec<&'a SourceFile> {
    archive
        .files
        .iter()
        .filter(|file| {
            hash::of_file(&dir.join(&file.output)).map_or(true, |found| found != file.output_sha256)
        })
        .collect()
}

fn obtain(
    dir: &Path,
    archive: &Archive,
    files: &[&SourceFile],
    source: &impl Source,
    interrupted: &AtomicBool,
) -> Result<(), FetchError> {
    let temp = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .tempdir_in(dir)
        .map_err(|e| io_error(dir, e))?;
    let download = temp.path().join("download");
    fs::create_dir(&download).map_err(|e| io_error(&download, e))?;
    let path = source.download(archive, &download)?;
    let bytes = fs::read(&path).map_err(|e| io_error(&path, e))?;
    let package = format!("{} {}", archive.package, archive.version);
    check(&package, &archive.sha256, &bytes)?;
    for file in files {
        if interrupted.load(Ordering::Relaxed) {
            return Err(FetchError::Interrupted);
        }
        let content = extract::member(archive.registry, &bytes, &file.path).map_err(|source| {
            FetchError::Extract {
                package: package.clone(),
                source,
            }
        })?;
        check(&file.path.join("/"), &file.sha256, &content)?;
        let prepared =
            convert::prepare(file.recipe, &content).map_err(|source| FetchError::Convert {
                file: file.output.clone(),
                source,
            })?;
        check(&file.output, &file.output_sha256, &prepared)?;
        store(temp.path(), &dir.join(&file.output), &prepared)?;
    }
    Ok(())
}

fn check(what: &str, expected: &str, bytes: &[u8]) -> Result<(), FetchError> {
    let found = hash::of_bytes(bytes);
    if found == expected {
        return Ok(());
    }
    Err(FetchError::WrongHash {
        what: what.to_owned(),
        expected: expected.to_owned(),
        found,
    })
}

/// Writes a file so that `target` is either the old file or the whole new one, even after a power cut.
pub(crate) fn store(temp: &Path, target: &Path, bytes: &[u8]) -> Result<(), FetchError> {
    let staged = temp.join("staged");
    let write = || -> io::Result<()> {
        let mut file = File::create(&staged)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
            fs::rename(&staged, target)?;
            // The rename is on disk only after the folder is.
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|e| io_error(target, e))
}

/// Takes the cache's lock. The operating system releases it even if the process dies.
pub(crate) fn lock(
    dir: &Path,
    interrupted: &AtomicBool,
    log: &mut impl Write,
) -> Result<File, FetchError> {
    let path = dir.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| io_error(&path, e))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(io_error(&path, e)),
        }
        if !told {
            let _ = writeln!(log, "waiting for another fetch to finish");
            told = true;
        }
        if interrupted.load(Ordering::Relaxed) {
            return Err(FetchError::Interrupted);
        }
        std::thread::sleep(LOCK_POLL);
    }
}

/// Removes what a killed fetch left behind. Called under the lock only, so no other process uses it.
pub(crate) fn remove_stale(dir: &Path) -> Result<(), FetchError> {
    for entry in fs::read_dir(dir).map_err(|e| io_error(dir, e))? {
        let entry = entry.map_err(|e| io_error(dir, e))?;
        if entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX) {
            // An orphaned client may still write there. Then the next fetch removes it.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

pub(crate) fn io_error(path: &Path, source: io::Error) -> FetchError {
    FetchError::Io {
        path: path.to_owned(),
        source,
    }
}
