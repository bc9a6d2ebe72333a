//! The key ring of a running server, kept up to date with its file.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::shutdown::Shutdown;

use super::lent::LentKeys;
use super::{KeyFileError, KeyRecord, KeyRing};

/// How often the file is checked. A change takes effect within two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys that are valid at this moment.
pub struct LiveKeys {
    path: PathBuf,
    ring: RwLock<Arc<KeyRing>>,
    seen: Mutex<Seen>,
    lent: LentKeys,
}

/// The state of the file at the last check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Unknown: read the file at the next check.
    Nothing,
    /// The file did not exist.
    NoFile,
    /// The file existed, with this stamp.
    File(Stamp),
}

/// Identifies a state of the file, so that a replacement and a change in place both show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    modified_ns: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified_ns: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

impl LiveKeys {
    /// Reads the file. A file that does not exist yet means no keys, and is read once it appears.
    ///
    /// # Errors
    /// [`KeyFileError`] when the file exists but cannot be used.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let keys = Self {
            path: path.to_owned(),
            ring: RwLock::default(),
            seen: Mutex::new(Seen::Nothing),
            lent: LentKeys::default(),
        };
        keys.look()?;
        if keys.ring().is_empty() {
            tracing::warn!(
                "There are no API keys in {}: make one with `livegate-api keys create --name NAME`",
                path.display()
            );
        }
        Ok(keys)
    }

    /// The key whose secret is `presented`, if there is one.
    pub fn find(&self, presented: &str) -> Option<Arc<KeyRecord>> {
        let now = now_ms();
        let filed = self.ring().find(presented, now);
        filed.or_else(|| self.lent.find(presented, now))
    }

    /// The key with this id, if any of its secrets is still valid.
    pub fn with_id(&self, id: &str) -> Option<Arc<KeyRecord>> {
        let now = now_ms();
        let filed = self.ring().with_id(id, now);
        filed.or_else(|| self.lent.with_id(id, now))
    }

    /// Lends a key to the demo page of this process: its secret.
    pub fn lend(&self) -> String {
        self.lent.lend(now_ms())
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file if it has changed; returns whether it was read.
    ///
    /// Removing the file revokes all its keys.
    ///
    /// # Errors
    /// [`KeyFileError`] when it cannot be used; the old keys then stay valid.
    pub fn look(&self) -> Result<bool, KeyFileError> {
        let now = match std::fs::metadata(&self.path) {
            Ok(metadata) => Seen::File(Stamp::of(&metadata)),
            Err(e) if e.kind() == ErrorKind::NotFound => Seen::NoFile,
            Err(e) => return Err(KeyFileError::io(&self.path)(e)),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        // Set before reading, so that a broken file is reported once, and a file that changes meanwhile
        // is read again.
        *seen = now;
        let loaded = match now {
            Seen::File(_) => KeyRing::load(&self.path),
            Seen::Nothing | Seen::NoFile => Ok(KeyRing::default()),
        };
        if matches!(
            loaded,
            Err(KeyFileError::Io { .. } | KeyFileError::Missing(_))
        ) {
            // An I/O error says nothing about the file's content and may pass: try again at the next
            // check.
            *seen = Seen::Nothing;
        }
        let ring = loaded?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(true)
    }

    /// Checks the file regularly until shutdown.
    pub async fn follow(self: Arc<Self>, shutdown: Shutdown) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut trouble = None;
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = tick.tick() => {}
            }
            let keys = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || keys.look()).await {
                Ok(Ok(read)) => {
                    trouble = None;
                    if read {
                        tracing::info!("Read the key file: {} keys", self.ring().len());
                    }
                }
                // Reported once, not every second.
                Ok(Err(error)) if trouble == Some(error.to_string()) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "The old API keys stay valid: {error}");
                    trouble = Some(error.to_string());
                }
                Err(error) => tracing::error!(error = %error, "Checking the key file: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::create::{NewKey, create};

    #[test]
    fn the_ring_follows_its_file_and_survives_a_broken_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let keys = LiveKeys::open(&path).unwrap();
        assert!(!keys.look().unwrap());

        let first = create(&path, &NewKey::named("first")).unwrap().secret;
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_some());

        let good = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, "keys = 7").unwrap();
        assert!(keys.look().is_err());
        assert!(!keys.look().unwrap(), "complained of once");
        assert!(keys.find(&first).is_some());

        std::fs::write(&path, good).unwrap();
        assert!(keys.look().unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_none());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let first = create(&path, &NewKey::named("first")).unwrap().secret;
        let text = std::fs::read_to_string(&path).unwrap();
        let keys = LiveKeys::open(&path).unwrap();
        // A folder exists but cannot be read as a file, even by root, whom permissions would not stop.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(keys.look().is_err());
        assert!(keys.look().is_err(), "tried again");
        assert!(keys.find(&first).is_some());
        std::fs::remove_dir(&path).unwrap();
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_none(), "removed meanwhile");
        std::fs::write(&path, text).unwrap();
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_some());
        // The entry of the last key is deleted from the file.
        std::fs::write(&path, "# nobody\n").unwrap();
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_none());
    }
}
