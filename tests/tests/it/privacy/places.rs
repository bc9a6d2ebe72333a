//! Everywhere that a run may leave something.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::needles::Needles;

/// Every file below these folders, and what is in it.
pub fn files(folders: &[&Path]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(bytes) = fs::read(entry.path())
            {
                // A file that goes while it is looked for leaves nothing.
                files.insert(entry.path(), bytes);
            }
        }
    }
    files
}

/// What is found in which file below these folders.
pub fn found(needles: &Needles, folders: &[&Path]) -> BTreeSet<(PathBuf, String)> {
    let mut found = BTreeSet::new();
    for (path, bytes) in files(folders) {
        let names = needles.found_in(&bytes);
        found.extend(
            names
                .into_iter()
                .map(|name| (path.clone(), name.to_owned())),
        );
    }
    found
}

/// Ends the test unless something is found in a file whose path holds each of these words.
#[track_caller]
pub fn assert_found_in(found: &BTreeSet<(PathBuf, String)>, words: &[&str]) {
    for word in words {
        let paths = found.iter().map(|(path, _)| path.display().to_string());
        let there = paths.into_iter().any(|path| path.contains(word));
        assert!(there, "not found in {word}: {found:#?}");
    }
}
