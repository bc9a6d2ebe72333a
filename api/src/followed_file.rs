//! A file whose content a running server follows.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use livegate_common::shutdown::Shutdown;

/// How often the file is checked. A change takes effect within two seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a file can hold.
pub trait Content: Sized + Send + Sync + 'static {
    /// Why it cannot be used.
    type Error: std::error::Error;

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or used.
    fn read(path: &Path) -> Result<Self, Self::Error>;

    /// What a file that is not there means.
    ///
    /// # Errors
    /// When the file must be there.
    fn of_no_file(path: &Path) -> Result<Self, Self::Error>;

    /// The error for a file that the system does not show.
    fn unreadable(path: &Path, cause: std::io::Error) -> Self::Error;

    /// Whether the error says nothing about the content, and may pass.
    fn may_pass(error: &Self::Error) -> bool;

    /// The content in a few words, for the log.
    fn describe(&self) -> String;
}

/// The content of a file as it was when it could last be used.
pub struct FollowedFile<T> {
    path: PathBuf,
    content: RwLock<Arc<T>>,
    seen: Mutex<Seen>,
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

impl<T: Content> FollowedFile<T> {
    /// Reads the file.
    ///
    /// # Errors
    /// The content's error when it cannot be used.
    pub fn open(path: &Path) -> Result<Self, T::Error> {
        // The state is noted before the content is read, so that a change in between is read again.
        let seen = look_at::<T>(path)?;
        Ok(Self {
            content: RwLock::new(Arc::new(load(path, seen)?)),
            path: path.to_owned(),
            seen: Mutex::new(seen),
        })
    }

    /// The content as it is now.
    pub fn now(&self) -> Arc<T> {
        Arc::clone(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file if it has changed; returns whether it was read.
    ///
    /// # Errors
    /// The content's error when it cannot be used; the old content then stays.
    pub fn look(&self) -> Result<bool, T::Error> {
        let now = look_at::<T>(&self.path)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        // Set before reading, so that a broken file is reported once, and a file that changes meanwhile
        // is read again.
        *seen = now;
        let loaded = load(&self.path, now);
        if loaded.as_ref().is_err_and(T::may_pass) {
            *seen = Seen::Nothing;
        }
        let content = Arc::new(loaded?);
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = content;
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
            let file = Arc::clone(&self);
            let looked =
                tokio::task::spawn_blocking(move || file.look().map_err(|error| error.to_string()));
            match looked.await {
                Ok(Ok(read)) => {
                    trouble = None;
                    if read {
                        let path = self.path.display();
                        tracing::info!("Read {path}: {}", self.now().describe());
                    }
                }
                // Reported once, not every second.
                Ok(Err(error)) if trouble.as_ref() == Some(&error) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "What was read before stays valid: {error}");
                    trouble = Some(error);
                }
                Err(error) => tracing::error!(error = %error, "Checking a file: {error}"),
            }
        }
    }
}

fn look_at<T: Content>(path: &Path) -> Result<Seen, T::Error> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Seen::File(Stamp::of(&metadata))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Seen::NoFile),
        Err(e) => Err(T::unreadable(path, e)),
    }
}

fn load<T: Content>(path: &Path, seen: Seen) -> Result<T, T::Error> {
    match seen {
        Seen::File(_) => T::read(path),
        Seen::Nothing | Seen::NoFile => T::of_no_file(path),
    }
}
