//! Files that are not part of the project: where tests and their build script look for them.
//!
//! The build script includes this file. A test that needs what is not there is ignored (`tests/build.rs`).

use std::path::{Path, PathBuf};

/// A folder of such files.
pub struct Provided {
    /// Names the folder in the environment; a relative path is relative to the project's root.
    pub variable: &'static str,
    /// Where it is otherwise, relative to the project's root.
    pub default: &'static str,
    /// What is in it.
    pub holds: &'static str,
}

/// Footage of real people. It is no part of the project because it shows identifiable people.
pub const MEDIA: Provided = Provided {
    variable: "LIVEGATE_MEDIA",
    default: "../shared/media",
    holds: "footage of real people",
};

/// Pictures, clips and requests as clients sent them.
pub const CASES: Provided = Provided {
    variable: "LIVEGATE_CASES",
    default: "../shared/cases",
    holds: "files from clients",
};

/// The documents that both APIs follow. They belong to those who wrote them.
pub const REFERENCE: Provided = Provided {
    variable: "LIVEGATE_REFERENCE",
    default: "../shared/reference",
    holds: "the APIs' reference documents",
};

/// The optional anti-spoof models as published.
pub const OPTIONAL_MODELS: Provided = Provided {
    variable: "LIVEGATE_OPTIONAL_MODELS",
    default: "../shared/models",
    holds: "the optional anti-spoof models as published",
};

/// The prepared models. `make test` obtains them, and with them the portrait that tests use.
pub const MODELS: Provided = Provided {
    variable: "LIVEGATE_MODELS",
    default: "models/cache",
    holds: "the prepared models",
};

impl Provided {
    /// The folder's path; it need not exist.
    pub fn folder(&self) -> PathBuf {
        let named = std::env::var_os(self.variable);
        root().join(named.unwrap_or_else(|| self.default.into()))
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(1)
        .map_or_else(PathBuf::new, Path::to_owned)
}
