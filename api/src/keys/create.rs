//! Makes a key: its hash goes into the file, the key itself is shown once.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::file::{CONCURRENCY, Entry, File, KeyFileError, REQUESTS_PER_MINUTE, check};
use super::{KeyHash, KeyRing, PREFIX};

/// Random bytes of a key.
const SECRET_BYTES: usize = 32;

/// What a new key may do.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What its operator calls it.
    pub name: String,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// 1 to 1,000,000.
    pub requests_per_minute: u32,
    /// 1 to 1,000.
    pub concurrency: u32,
}

impl NewKey {
    /// A key with the default limits.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            liveness: true,
            requests_per_minute: super::file::default_requests_per_minute(),
            concurrency: super::file::default_concurrency(),
        }
    }
}

/// A key just made.
pub struct CreatedKey {
    /// What records and logs will call it.
    pub id: String,
    /// The key itself. It is nowhere else.
    pub secret: String,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The file cannot be read, written or understood.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A limit is out of range, or the name is no name.
    #[error("{0}")]
    Invalid(String),
    /// The system gives no random bytes.
    #[error("the system's random number generator failed")]
    NoRandomness,
}

/// Adds a key to the file, which it makes if there is none.
///
/// Others may read the file and make keys at the same time: the file is replaced whole, under a
/// lock.
///
/// # Errors
/// [`CreateError`]; the file is then as it was.
pub fn create(path: &Path, new: &NewKey) -> Result<CreatedKey, CreateError> {
    check(
        "requests per minute",
        new.requests_per_minute,
        &REQUESTS_PER_MINUTE,
    )
    .and_then(|()| check("concurrency", new.concurrency, &CONCURRENCY))
    .map_err(CreateError::Invalid)?;
    if new.name.trim().is_empty() || new.name.chars().any(char::is_control) {
        return Err(CreateError::Invalid(
            "the name must be readable text".to_owned(),
        ));
    }
    let secret = format!(
        "{PREFIX}{}",
        base64_simd::URL_SAFE_NO_PAD.encode_to_string(random::<SECRET_BYTES>()?)
    );
    let digits: String = random::<8>()?.iter().map(|b| format!("{b:02x}")).collect();
    let id = format!("key_{digits}");
    let entry = Entry {
        id: id.clone(),
        name: new.name.clone(),
        hash: KeyHash::of(&secret).to_text(),
        created_at: OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .ok()
            .and_then(|t| t.format(&Rfc3339).ok()),
        liveness: new.liveness,
        requests_per_minute: new.requests_per_minute,
        concurrency: new.concurrency,
        actions: None,
        yaw_deg: None,
        pitch_deg: None,
        blink_ear: None,
    };
    append(path, entry)?;
    Ok(CreatedKey { id, secret })
}

fn append(path: &Path, entry: Entry) -> Result<(), KeyFileError> {
    let fail = || KeyFileError::io(path);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let _lock = lock(path)?;
    let old = match std::fs::read_to_string(path) {
        Ok(text) => {
            // Refuses a broken file rather than making it longer.
            KeyRing::load(path)?;
            text
        }
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        Err(e) => return Err(fail()(e)),
    };
    let table = toml::to_string(&File { keys: vec![entry] }).map_err(|e| KeyFileError::Shape {
        path: path.to_owned(),
        cause: e.to_string(),
    })?;
    // Appended as text, so that the operator's comments stay. A new file is 0600.
    let gap = if old.is_empty() { "" } else { "\n" };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail())?;
    file.write_all(format!("{old}{gap}{table}").as_bytes())
        .map_err(fail())?;
    like_the_old(path, file.as_file()).map_err(fail())?;
    file.as_file().sync_all().map_err(fail())?;
    file.persist(path).map_err(|e| fail()(e.error))?;
    Ok(())
}

/// Gives the file the owner and the mode of the one that it will replace, which the server may
/// need to read it.
fn like_the_old(path: &Path, file: &std::fs::File) -> std::io::Result<()> {
    let old = match std::fs::metadata(path) {
        Ok(old) => old,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    // As far as it is ours to give away: only root may choose any owner.
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
    file.set_permissions(old.permissions())
}

/// Held while the file is replaced; freed when dropped. A file of its own, since a lock on one that
/// is replaced protects nothing.
fn lock(path: &Path) -> Result<std::fs::File, KeyFileError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&lock_path)
        .map_err(KeyFileError::io(&lock_path))?;
    FileExt::lock_exclusive(&file).map_err(KeyFileError::io(&lock_path))?;
    Ok(file)
}

fn random<const N: usize>() -> Result<[u8; N], CreateError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| CreateError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn keys_made_at_once_are_all_there_and_only_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "# ours\n").unwrap();
        let secrets: Vec<String> = std::thread::scope(|scope| {
            let make = || create(&path, &NewKey::named("a")).unwrap().secret;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let (ring, text) = (
            KeyRing::load(&path).unwrap(),
            std::fs::read_to_string(&path).unwrap(),
        );
        assert!(text.starts_with("# ours\n"));
        assert_eq!(ring.len(), 8);
        for secret in secrets {
            assert!(ring.find(&secret).is_some() && !text.contains(&secret));
        }
        let new = folder.path().join("new.toml");
        create(&new, &NewKey::named("a")).unwrap();
        let mode = std::fs::metadata(&new).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_keeps_its_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // Only root can give files away, and so check that it stays given.
        let _ = chown(&path, Some(12_345), Some(54_321));
        let kept = |path: &Path| {
            let metadata = std::fs::metadata(path).unwrap();
            (metadata.mode() & 0o777, metadata.uid(), metadata.gid())
        };
        let before = kept(&path);
        create(&path, &NewKey::named("a")).unwrap();
        assert_eq!(kept(&path), before);
    }

    #[test]
    fn nothing_is_added_to_a_broken_file_or_with_a_limit_out_of_range() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        std::fs::write(&path, "keys = 7").unwrap();
        assert!(create(&path, &NewKey::named("a")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keys = 7");
        let too_many = NewKey {
            concurrency: 1001,
            ..NewKey::named("a")
        };
        assert!(create(&folder.path().join("new.toml"), &too_many).is_err());
        assert!(create(&folder.path().join("new.toml"), &NewKey::named(" ")).is_err());
    }
}
