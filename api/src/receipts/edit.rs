//! Changes the file of signing keys: under a lock, and as a whole.

use std::io::ErrorKind;
use std::path::Path;

use super::key::{PublicKey, SigningKey};
use super::key_error::SigningKeyError;
use super::key_set::KeySet;
use crate::whole_file::{lock, replace};

/// Makes a key: in a new file the one that signs, in a file with keys one that is published and does not yet sign.
///
/// # Errors
/// [`SigningKeyError`]; the file is then unchanged.
pub fn new_key(path: &Path) -> Result<PublicKey, SigningKeyError> {
    let _lock = lock(path).map_err(io(path))?;
    let key = SigningKey::generate()?;
    let public = key.public.clone();
    let keys = match KeySet::load(path) {
        Ok(mut keys) => {
            keys.add(key);
            keys
        }
        Err(SigningKeyError::Io { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
            KeySet::of(key)
        }
        Err(error) => return Err(error),
    };
    write(path, &keys)?;
    Ok(public)
}

/// Makes the file with one key unless it exists.
///
/// # Errors
/// [`SigningKeyError`].
pub fn make_if_missing(path: &Path) -> Result<(), SigningKeyError> {
    let _lock = lock(path).map_err(io(path))?;
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => write(path, &KeySet::of(SigningKey::generate()?)),
        Err(cause) => Err(io(path)(cause)),
    }
}

/// Lets a key of the file sign.
///
/// # Errors
/// [`SigningKeyError`]; the file is then unchanged.
pub fn use_key(path: &Path, kid: &str) -> Result<(), SigningKeyError> {
    change(path, |keys| keys.use_key(kid))
}

/// Removes a key from the file.
///
/// # Errors
/// [`SigningKeyError`]; the file is then unchanged.
pub fn remove_key(path: &Path, kid: &str) -> Result<(), SigningKeyError> {
    change(path, |keys| keys.remove(kid))
}

fn change(
    path: &Path,
    change: impl FnOnce(&mut KeySet) -> Result<(), SigningKeyError>,
) -> Result<(), SigningKeyError> {
    let _lock = lock(path).map_err(io(path))?;
    let mut keys = KeySet::load(path)?;
    change(&mut keys)?;
    write(path, &keys)
}

fn write(path: &Path, keys: &KeySet) -> Result<(), SigningKeyError> {
    let text = keys.to_json().map_err(|e| io(path)(e.into()))?;
    replace(path, &text).map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> SigningKeyError {
    let path = path.to_owned();
    |cause| SigningKeyError::Io { path, cause }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_rotation_keeps_every_receipt_valid_and_the_file_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing-keys.json");
        make_if_missing(&path).unwrap();
        let first = KeySet::load(&path).unwrap().public().keys[0].clone();
        make_if_missing(&path).unwrap();
        let second = new_key(&path).unwrap();
        let kids = || -> Vec<String> {
            let keys = KeySet::load(&path).unwrap().public().keys.into_iter();
            keys.map(|k| k.kid).collect()
        };
        assert_eq!(kids(), [first.kid.clone(), second.kid.clone()]);
        use_key(&path, &second.kid).unwrap();
        assert_eq!(kids(), [second.kid.clone(), first.kid.clone()]);
        assert!(use_key(&path, "unknown").is_err());
        remove_key(&path, &first.kid).unwrap();
        assert_eq!(kids(), [second.kid]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
