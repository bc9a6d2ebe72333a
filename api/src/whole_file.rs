//! Files that are read as a whole and changed as a whole, under a lock.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Replaces the file as a whole: a reader gets either the old one or the new one. A new file gets mode 0600.
///
/// # Errors
/// The error of the system.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    like_the_old(path, file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// Gives the file the owner and the mode of the one that it will replace, which the server may need to
/// read it.
fn like_the_old(path: &Path, file: &File) -> io::Result<()> {
    let old = match std::fs::metadata(path) {
        Ok(old) => old,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    // Best effort: only root may choose any owner.
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
    file.set_permissions(old.permissions())
}

/// A lock, held while the file is replaced; freed when dropped. It is a separate file, since a lock on
/// a file that is replaced protects nothing.
///
/// # Errors
/// The error of the system.
pub fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&lock_path)?;
    file.lock()?;
    Ok(file)
}
