//! What the binary's commands do.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use comfy_table::{Table, presets};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::fetch::{self, Clients, FetchError};
use crate::manifest::{Archive, Manifest, Registry};

/// Why a command failed; the message is for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cache could not be filled.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Files are missing or differ.
    #[error("{0} of the files are missing or altered: run `make build` to obtain the models")]
    Unverified(usize),
    /// Neither output nor signals work.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

/// Fills the cache at `dir`; SIGINT and SIGTERM stop it cleanly.
///
/// # Errors
/// See [`FetchError`].
pub fn fetch(dir: &Path, test_assets: bool) -> Result<(), Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    let archives: Vec<&Archive> = Manifest::shipped().wanted(test_assets).collect();
    let clients = Clients::new(Arc::clone(&interrupted));
    let mut log = io::stderr();
    let count = fetch::fetch(dir, &archives, &clients, &interrupted, &mut log)?;
    let total: usize = archives.iter().map(|a| a.files.len()).sum();
    writeln!(
        log,
        "{}: {total} files verified, {count} of them new",
        dir.display()
    )?;
    Ok(())
}

/// Checks every file in the cache and names those that are missing or altered; test assets only if they are there.
///
/// # Errors
/// [`Failure::Unverified`] when a file is missing or altered.
pub fn verify(dir: &Path) -> Result<(), Failure> {
    let mut bad = 0;
    let mut log = io::stderr();
    for archive in Manifest::shipped().wanted(true) {
        for file in fetch::missing(dir, archive) {
            let there = dir.join(&file.output).exists();
            if there || !archive.is_for_tests() {
                bad += 1;
                writeln!(
                    log,
                    "{}: {}",
                    file.output,
                    if there { "altered" } else { "missing" }
                )?;
            }
        }
    }
    if bad == 0 {
        Ok(())
    } else {
        Err(Failure::Unverified(bad))
    }
}

/// A table of every file: package, licence, hashes.
#[must_use]
pub fn list() -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "FILE",
        "PACKAGE",
        "LICENCE",
        "SHA256 OF SOURCE",
        "SHA256 PREPARED",
        "NOTE",
    ]);
    for archive in &Manifest::shipped().archives {
        let registry = match archive.registry {
            Registry::Npm => "npm",
            Registry::Pypi => "pypi",
        };
        let mut package = format!("{registry} {} {}", archive.package, archive.version);
        if let Some(arch) = &archive.arch {
            package = format!("{package} ({arch})");
        }
        for file in &archive.files {
            table.add_row([
                &file.output,
                &package,
                &file.licence,
                &file.sha256,
                &file.output_sha256,
                &file.note,
            ]);
        }
    }
    table.trim_fmt()
}

/// Prints a failure and gives the exit code for it.
#[must_use]
pub fn report(failure: Failure) -> ExitCode {
    // Nothing is left to be done when even this fails.
    let _ = writeln!(io::stderr(), "livegate-models: {failure}");
    ExitCode::FAILURE
}
