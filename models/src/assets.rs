//! Files that only tests use.

use std::path::{Path, PathBuf};

use crate::manifest::{Manifest, Role};

/// The portrait of an astronaut (512x512 PNG, one frontal face); `None` unless `livegate-models fetch
/// --test-assets` has fetched it.
#[must_use]
pub fn astronaut(cache: &Path) -> Option<PathBuf> {
    let file = Manifest::shipped().file(Role::TestAsset)?;
    Some(cache.join(&file.output)).filter(|path| path.is_file())
}
