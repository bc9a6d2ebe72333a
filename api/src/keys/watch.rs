//! The key ring of a running server, kept up to date with its file.

use std::path::Path;
use std::sync::Arc;

use livegate_common::job::now_ms;
use livegate_common::shutdown::Shutdown;

use super::lent::LentKeys;
use super::{KeyFileError, KeyRecord, KeyRing};
use crate::followed_file::{Content, FollowedFile};

/// The keys that are valid at this moment.
pub struct LiveKeys {
    file: Arc<FollowedFile<KeyRing>>,
    lent: LentKeys,
}

impl Content for KeyRing {
    type Error = KeyFileError;

    fn read(path: &Path) -> Result<Self, KeyFileError> {
        Self::load(path)
    }

    /// Removing the file revokes all its keys.
    fn of_no_file(_: &Path) -> Result<Self, KeyFileError> {
        Ok(Self::default())
    }

    fn unreadable(path: &Path, cause: std::io::Error) -> KeyFileError {
        KeyFileError::io(path)(cause)
    }

    fn may_pass(error: &KeyFileError) -> bool {
        matches!(error, KeyFileError::Io { .. } | KeyFileError::Missing(_))
    }

    fn describe(&self) -> String {
        format!("{} keys", self.len())
    }
}

impl LiveKeys {
    /// Reads the file. A file that does not exist yet means no keys, and is read once it appears.
    ///
    /// # Errors
    /// [`KeyFileError`] when the file exists but cannot be used.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let file: FollowedFile<KeyRing> = FollowedFile::open(path)?;
        if file.now().is_empty() {
            tracing::warn!(
                "There are no API keys in {}: make one with `livegate-api keys create --name NAME`",
                path.display()
            );
        }
        Ok(Self {
            file: Arc::new(file),
            lent: LentKeys::default(),
        })
    }

    /// The key whose secret is `presented`, if there is one.
    pub fn find(&self, presented: &str) -> Option<Arc<KeyRecord>> {
        let now = now_ms();
        let filed = self.file.now().find(presented, now);
        filed.or_else(|| self.lent.find(presented, now))
    }

    /// The key with this id, if any of its secrets is still valid.
    pub fn with_id(&self, id: &str) -> Option<Arc<KeyRecord>> {
        let now = now_ms();
        let filed = self.file.now().with_id(id, now);
        filed.or_else(|| self.lent.with_id(id, now))
    }

    /// Lends a key to the demo page of this process: its secret.
    pub fn lend(&self) -> String {
        self.lent.lend(now_ms())
    }

    /// Reads the file if it has changed; returns whether it was read.
    ///
    /// # Errors
    /// [`KeyFileError`] when it cannot be used; the old keys then stay valid.
    pub fn look(&self) -> Result<bool, KeyFileError> {
        self.file.look()
    }

    /// Checks the file regularly until shutdown.
    pub async fn follow(self: Arc<Self>, shutdown: Shutdown) {
        Arc::clone(&self.file).follow(shutdown).await;
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
