//! The key ring of a running server, which follows its file.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::shutdown::Shutdown;

use super::{KeyFileError, KeyRecord, KeyRing};

/// How often the file is looked at. A change counts within two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys that count at this moment.
pub struct LiveKeys {
    path: PathBuf,
    ring: RwLock<Arc<KeyRing>>,
    seen: Mutex<Seen>,
}

/// What was there at the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Unknown: look again.
    Nothing,
    /// No file.
    NoFile,
    /// A file in this state.
    File(Stamp),
}

/// Tells two states of a file apart: replaced, or changed in place.
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
    /// Reads the file. One that is not there yet means no keys, and is read once it appears.
    ///
    /// # Errors
    /// [`KeyFileError`] when there is a file that cannot be used.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let keys = Self {
            path: path.to_owned(),
            ring: RwLock::default(),
            seen: Mutex::new(Seen::Nothing),
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

    /// The key that `presented` is, if it is one.
    pub fn find(&self, presented: &str) -> Option<Arc<KeyRecord>> {
        self.ring().find(presented, now_ms())
    }

    /// The key with this id, if it still lets anybody in.
    pub fn with_id(&self, id: &str) -> Option<Arc<KeyRecord>> {
        self.ring().with_id(id, now_ms())
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file if it is not as it was; says whether it was read.
    ///
    /// A file that has gone takes its keys with it: removing it revokes them.
    ///
    /// # Errors
    /// [`KeyFileError`] when it cannot be used; the old keys go on counting.
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
        // Before reading, so that a broken file is complained of once and a file that changes
        // meanwhile is read again.
        *seen = now;
        let loaded = match now {
            Seen::File(_) => KeyRing::load(&self.path),
            Seen::Nothing | Seen::NoFile => Ok(KeyRing::default()),
        };
        if matches!(loaded, Err(KeyFileError::Io { .. })) {
            // It says nothing about the file's content, and may pass: try again at the next look.
            *seen = Seen::Nothing;
        }
        let ring = loaded?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(true)
    }

    /// Follows the file until told to stop.
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
                // Said once, not every second.
                Ok(Err(error)) if trouble == Some(error.to_string()) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "The old API keys go on counting: {error}");
                    trouble = Some(error.to_string());
                }
                Err(error) => tracing::error!(error = %error, "Looking at the key file: {error}"),
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
        // A folder is there and does not read, whoever asks; permissions would not stop root.
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
        // The last key's entry deleted from the file.
        std::fs::write(&path, "# nobody\n").unwrap();
        assert!(keys.look().unwrap());
        assert!(keys.find(&first).is_none());
    }
}
