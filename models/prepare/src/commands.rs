//! The commands of `livegate-models`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use comfy_table::{Table, presets};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::fetch::{self, Clients, FetchError};
use crate::optional::{self, Supply};
use livegate_models::manifest::{Archive, Manifest, Registry};

/// Why a command failed. The message is printed on the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The cache could not be filled.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Files are missing, or differ from the manifest; holds their number.
    #[error("{0} of the files are missing or altered: run `make build` to obtain the models")]
    Unverified(usize),
    /// No set of optional models is complete; holds the reason.
    #[error(
        "no optional anti-spoof models: {0}; the shipped model works alone, and LIVEGATE_MODEL_MIRROR may name a folder that has them"
    )]
    NoOptional(String),
    /// Output or signals do not work.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
}

/// Fills the cache at `dir`. SIGINT and SIGTERM stop it, and the cache stays valid.
///
/// # Errors
/// [`Failure::Fetch`] if the cache cannot be filled.
pub fn fetch(dir: &Path, test_assets: bool) -> Result<(), Failure> {
    let interrupted = on_signals()?;
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

/// Obtains the optional anti-spoof models and writes the configuration that uses them, both into the cache
/// at `dir`.
///
/// The models come from the folder `mirror` if one is given, and else from their public repositories.
///
/// With `at_most_daily` it prints one line, and one more for each new model. After a failure it does not
/// try the network again for a day.
///
/// # Errors
/// [`Failure::NoOptional`] if no configuration can be used; [`Failure::Fetch`] if the cache cannot be
/// written.
pub fn fetch_optional(
    dir: &Path,
    mirror: Option<&Path>,
    at_most_daily: bool,
) -> Result<(), Failure> {
    if at_most_daily && !optional::is_due(dir, mirror, SystemTime::now()) {
        let reason = "the last attempt failed, and the next one is made a day after it";
        return Err(Failure::NoOptional(reason.to_owned()));
    }
    let interrupted = on_signals()?;
    let mut log = io::stderr();
    let mut progress: Box<dyn Write> = if at_most_daily {
        Box::new(io::sink())
    } else {
        Box::new(io::stderr())
    };
    let manifest = Manifest::shipped();
    let supply = Supply::new(mirror);
    let outcome = optional::fetch(dir, manifest, &supply, &interrupted, &mut progress)?;
    let Some(config) = outcome.config else {
        optional::record_failure(dir, mirror);
        let wanted = manifest.optional_sets.last().and_then(|set| set.first());
        let absent = outcome.absent.into_iter();
        let reason = absent
            .filter(|(name, _)| Some(name) == wanted)
            .map(|(name, reason)| format!("{name}: {reason}"))
            .next();
        return Err(Failure::NoOptional(reason.unwrap_or_default()));
    };
    optional::record_success(dir);
    if at_most_daily {
        let new = manifest.optional.iter();
        for model in new.filter(|model| outcome.new.contains(&model.name)) {
            writeln!(log, "{}", optional::about(model))?;
        }
    }
    let used = outcome.used.join(", ");
    writeln!(
        log,
        "{}: the anti-spoof models fr_liveness, {used}",
        config.display()
    )?;
    Ok(())
}

/// A flag that becomes true on SIGINT or SIGTERM.
fn on_signals() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Checks every file in the cache and names those that are missing or altered. Test assets and optional
/// models are checked only if they are there.
///
/// # Errors
/// [`Failure::Unverified`] if a file is missing or altered.
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
    for model in &Manifest::shipped().optional {
        if dir.join(&model.name).exists() && !optional::is_there(dir, model) {
            bad += 1;
            writeln!(log, "{}: altered", model.name)?;
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
    for model in &Manifest::shipped().optional {
        let place = model.address.as_ref().map_or_else(
            || "optional, from a mirror folder".to_owned(),
            |file| format!("optional, {} {}", file.repository, file.commit),
        );
        let note = format!("{}. {}", model.origin, model.note);
        table.add_row([
            &model.name,
            &place,
            &model.licence,
            &model.sha256,
            &model.output_sha256,
            &note,
        ]);
    }
    table.trim_fmt()
}

/// Prints a failure and returns the exit code.
#[must_use]
pub fn report(failure: Failure) -> ExitCode {
    // If this fails too, there is no way left to report it.
    let _ = writeln!(io::stderr(), "livegate-models: {failure}");
    ExitCode::FAILURE
}
