//! Looks for the files that are not part of the project, and tells the compiler which are there: a test that
//! needs others is then reported as ignored.
//!
//! | `cfg` | What is there |
//! |---|---|
//! | `has_models` | the prepared models and the portrait |
//! | `has_media` | footage of real people, and the models that measure it |
//! | `has_optional_weights` | the optional anti-spoof models, and those beside which they run |
//! | `has_cases` | files from clients |
//! | `has_reference` | the reference documents |
//! | `has_java` | a Java runtime |
//!
//! With `LIVEGATE_REQUIRE_MEDIA=1` a missing folder is an error; the models are left out of this, because
//! `make test` obtains them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a build script talks to Cargo"
)]

#[path = "src/provided.rs"]
mod provided;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use provided::{CASES, MEDIA, MODELS, OPTIONAL_MODELS, Provided, REFERENCE, root};

/// Makes a missing folder an error.
const REQUIRE: &str = "LIVEGATE_REQUIRE_MEDIA";

fn main() -> ExitCode {
    watch(Path::new("build.rs"));
    println!("cargo::rerun-if-env-changed={REQUIRE}");
    let is_required = std::env::var(REQUIRE).is_ok_and(|value| value == "1");

    // The last file that is obtained. The rest of the folder changes without consequence for the tests.
    let models = is_there(&MODELS, "test/astronaut.png");
    tell("has_models", models);
    let mut missing = Vec::new();
    for (flag, provided, is_measured) in [
        ("has_media", &MEDIA, true),
        ("has_optional_weights", &OPTIONAL_MODELS, true),
        ("has_cases", &CASES, false),
        ("has_reference", &REFERENCE, false),
    ] {
        let found = is_there(provided, "");
        tell(flag, found && (models || !is_measured));
        if !found {
            missing.push(provided);
        }
    }
    tell("has_java", java().inspect(|file| watch(file)).is_some());

    if !is_required || missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    for provided in missing {
        eprintln!(
            "{REQUIRE}=1 demands {}: they are not in {}. Put them there, or name their folder in {}.",
            provided.holds,
            provided.folder().display(),
            provided.variable
        );
    }
    ExitCode::FAILURE
}

/// Whether this file of the folder is there, or the folder itself (`""`).
fn is_there(provided: &Provided, file: &str) -> bool {
    println!("cargo::rerun-if-env-changed={}", provided.variable);
    let path = provided.folder().join(file);
    let found = path.exists();
    if found {
        watch(&path);
    } else if std::env::var_os(provided.variable).is_none() {
        // Cargo would run the script, and build the tests, each time for a path that is not there. So it
        // watches what will hold it, unless that holds the whole project too.
        let holders = path.ancestors().skip(1).filter(|holder| holder.is_dir());
        let outside = root().join("..");
        if let Some(holder) = holders.take(1).find(|holder| *holder != outside) {
            watch(holder);
        }
    }
    found
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn tell(flag: &str, is_so: bool) {
    println!("cargo::rustc-check-cfg=cfg({flag})");
    if is_so {
        println!("cargo::rustc-cfg={flag}");
    }
}

/// The first `java` of the search path.
fn java() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let programs = std::env::split_paths(&path).map(|folder| folder.join("java"));
    programs.into_iter().find(|program| program.is_file())
}
