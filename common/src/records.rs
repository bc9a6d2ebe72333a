//! Session records as typed values: sealed, versioned, and changed by compare-and-swap only.
//!
//! A [`SessionStore`] keeps opaque bytes. A record that is read from it was sealed by a Livegate process
//! for this kind of record, this id and this version. So nobody who can write to the store can forge a
//! record, move it to another id, or restore an old state under a new version.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::blocking::run_blocking_if_large;
use crate::results::StoreError;
use crate::retry;
use crate::seal::{SealError, SealKey};
use crate::sessions::{SessionStore, Versioned};

/// A type that can be stored as a record.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The kind of record. It is part of the name in the store and of the seal's associated data.
    const KIND: &'static str;

    /// How long the record is kept from `now_ms`, Unix milliseconds, if it does not change before.
    fn keep(&self, now_ms: u64) -> Duration;
}

/// Why a stored record could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store does not answer. After a change it is unknown whether the change was made.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record does not open: it was sealed with another key, or for another purpose.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The record is not in the encoding of this version of the program.
    #[error("a session record is not in the encoding of this version")]
    Malformed,
    /// The thread that seals or opens the record ended early.
    #[error("sealing or opening a session record was interrupted")]
    Interrupted,
}

/// A record with the version that it had when it was read.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The session's id.
    pub id: String,
    /// The record.
    pub record: T,
    version: u64,
}

/// One attempt to change a record. A repeated attempt has the same token and takes effect once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt(Uuid);

impl Attempt {
    /// A new attempt.
    pub fn fresh() -> Self {
        Self(Uuid::new_v4())
    }
}

/// The session records in one store.
#[derive(Clone, Copy)]
pub struct Records<'a> {
    store: &'a dyn SessionStore,
    seal: &'a SealKey,
}

impl<'a> Records<'a> {
    /// The records in this store, sealed with this key.
    pub fn new(store: &'a dyn SessionStore, seal: &'a SealKey) -> Self {
        Self { store, seal }
    }

    /// Stores a new record. Returns `false` and keeps the old record if the id is taken.
    ///
    /// # Errors
    /// [`RecordError`] if it cannot be stored.
    pub async fn create<T: Record>(
        &self,
        id: &str,
        record: &T,
        now_ms: u64,
    ) -> Result<bool, RecordError> {
        let sealed = self.encode(id, FIRST_VERSION, record)?;
        Ok(self
            .store
            .create(&name::<T>(id), sealed, record.keep(now_ms))
            .await?)
    }

    /// Stores a new record under an id that no other record of its kind has. If the store does not answer, it
    /// retries; after 5 s it gives up.
    ///
    /// # Errors
    /// [`RecordError`]: it is unknown whether the record was stored.
    pub async fn add<T: Record>(
        &self,
        id: &str,
        record: &T,
        now_ms: u64,
    ) -> Result<(), RecordError> {
        let plain = postcard::to_stdvec(record).map_err(|_| RecordError::Malformed)?;
        let (seal, context) = (self.seal.clone(), context::<T>(id, FIRST_VERSION));
        let sealing = run_blocking_if_large(plain.len(), move || seal.seal(&plain, &context));
        let sealed = Bytes::from(sealing.await.map_err(|_| RecordError::Interrupted)??);
        let (name, keep) = (name::<T>(id), record.keep(now_ms));
        // If the name is taken, an earlier call has stored this record.
        retry::store(|| self.store.create(&name, sealed.clone(), keep)).await?;
        Ok(())
    }

    /// Reads a record; `None` if it does not exist, or has expired.
    ///
    /// # Errors
    /// [`RecordError`] if it cannot be read.
    pub async fn load<T: Record>(&self, id: &str) -> Result<Option<Stored<T>>, RecordError> {
        let Some(Versioned { version, value }) = self.store.load(&name::<T>(id)).await? else {
            return Ok(None);
        };
        let (seal, context) = (self.seal.clone(), context::<T>(id, version));
        let opening = run_blocking_if_large(value.len(), move || seal.open(&value, &context));
        let plain = opening.await.map_err(|_| RecordError::Interrupted)??;
        let record = postcard::from_bytes(&plain).map_err(|_| RecordError::Malformed)?;
        Ok(Some(Stored {
            id: id.to_owned(),
            record,
            version,
        }))
    }

    /// Replaces `stored` by `record` and returns the record as stored; `None` if another change was first,
    /// or if the record is gone. If the store does not answer, it retries; after 5 s it gives up.
    ///
    /// `attempt` distinguishes a retry from a second change. With the same attempt the record changes at
    /// most once, however often this is called, and every call returns the change that was made.
    ///
    /// # Errors
    /// [`RecordError`]: it is unknown whether the record was replaced. Calling again with the same
    /// `attempt` is safe.
    pub async fn swap<T: Record>(
        &self,
        stored: &Stored<T>,
        record: T,
        attempt: Attempt,
        now_ms: u64,
    ) -> Result<Option<Stored<T>>, RecordError> {
        // Stores increase the version by one with each swap.
        let version = stored.version + 1;
        let sealed = self.encode(&stored.id, version, &record)?;
        let (name, keep) = (name::<T>(&stored.id), record.keep(now_ms));
        let swap = || {
            let sealed = sealed.clone();
            self.store
                .swap(&name, stored.version, attempt.0, sealed, keep)
        };
        let is_ours = retry::store(swap).await?;
        Ok(is_ours.then(|| Stored {
            id: stored.id.clone(),
            record,
            version,
        }))
    }

    /// Deletes `stored` and returns whether it did; `false` if the record was changed since it was read, or
    /// if it is gone.
    ///
    /// # Errors
    /// [`RecordError`] if the store does not answer. It is then unknown whether the record was deleted.
    pub async fn remove<T: Record>(&self, stored: &Stored<T>) -> Result<bool, RecordError> {
        Ok(self
            .store
            .remove(&name::<T>(&stored.id), stored.version)
            .await?)
    }

    fn encode<T: Record>(&self, id: &str, version: u64, record: &T) -> Result<Bytes, RecordError> {
        let plain = postcard::to_stdvec(record).map_err(|_| RecordError::Malformed)?;
        Ok(self.seal.seal(&plain, &context::<T>(id, version))?.into())
    }
}

/// Version of a record that was just created.
const FIRST_VERSION: u64 = 1;

fn name<T: Record>(id: &str) -> String {
    format!("{}:{id}", T::KIND)
}

/// Associated data of a record's seal: kind, id and version.
fn context<T: Record>(id: &str, version: u64) -> Vec<u8> {
    let mut context = b"livegate record ".to_vec();
    context.extend_from_slice(T::KIND.as_bytes());
    // An id contains no NUL, so different triples have different contexts.
    context.push(0);
    context.extend_from_slice(id.as_bytes());
    context.push(0);
    context.extend_from_slice(&version.to_be_bytes());
    context
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::sessions::MemorySessions;

    const LONG: Duration = Duration::from_secs(60);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Note(String);

    impl Record for Note {
        const KIND: &'static str = "note";

        fn keep(&self, _now_ms: u64) -> Duration {
            LONG
        }
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Other(String);

    impl Record for Other {
        const KIND: &'static str = "other";

        fn keep(&self, _now_ms: u64) -> Duration {
            LONG
        }
    }

    fn note(text: &str) -> Note {
        Note(text.to_owned())
    }

    #[tokio::test]
    async fn a_record_is_added_once_however_often_it_is_sent() {
        let (store, seal) = (MemorySessions::new(), SealKey::random().unwrap());
        let records = Records::new(&store, &seal);
        // Large enough to be sealed on another thread.
        let large = note(&"x".repeat(1 << 20));
        records.add("a", &large, 0).await.unwrap();
        records.add("a", &note("other"), 0).await.unwrap();
        assert_eq!(load(&records, "a").await.record, large);
    }

    async fn load(records: &Records<'_>, id: &str) -> Stored<Note> {
        records.load(id).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn of_two_attempts_one_succeeds_and_a_repeated_one_succeeds_again() {
        let (store, seal) = (MemorySessions::new(), SealKey::random().unwrap());
        let records = Records::new(&store, &seal);
        assert!(records.create("a", &note("new"), 0).await.unwrap());
        assert!(!records.create("a", &note("newer"), 0).await.unwrap());
        let before = load(&records, "a").await;
        let (first, second) = (Attempt::fresh(), Attempt::fresh());
        let swap = async |text, attempt| {
            let swapped = records.swap(&before, note(text), attempt, 0).await;
            swapped.unwrap().map(|s| s.record)
        };
        assert_eq!(swap("first", first).await, Some(note("first")));
        assert_eq!(swap("second", second).await, None);
        assert_eq!(swap("first", first).await, Some(note("first")));
        assert_eq!(load(&records, "a").await.record, note("first"));
        assert!(!records.remove(&before).await.unwrap());
        assert!(records.remove(&load(&records, "a").await).await.unwrap());
        assert!(records.load::<Note>("a").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn nothing_in_the_store_can_be_read_moved_or_put_back() {
        let (store, seal) = (MemorySessions::new(), SealKey::random().unwrap());
        let records = Records::new(&store, &seal);
        for id in ["a", "b"] {
            records.create(id, &note("pending"), 0).await.unwrap();
        }
        let raw = async |name: &str| store.load(name).await.unwrap().unwrap();
        let old = raw("note:a").await;
        assert!(!old.value.windows(7).any(|w| w == b"pending"));
        // The record of another session, or of another kind.
        store
            .swap("note:b", 1, Uuid::new_v4(), old.value.clone(), LONG)
            .await
            .unwrap();
        assert!(matches!(
            records.load::<Note>("b").await,
            Err(RecordError::Seal(_))
        ));
        store
            .create("other:a", old.value.clone(), LONG)
            .await
            .unwrap();
        assert!(records.load::<Other>("a").await.is_err());
        // An old state under a new version.
        let before = load(&records, "a").await;
        let used = records.swap(&before, note("used"), Attempt::fresh(), 0);
        assert!(used.await.unwrap().is_some());
        store
            .swap("note:a", 2, Uuid::new_v4(), old.value, LONG)
            .await
            .unwrap();
        assert!(records.load::<Note>("a").await.is_err());
        // Another key.
        let other = SealKey::random().unwrap();
        records.create("c", &note("x"), 0).await.unwrap();
        assert!(
            Records::new(&store, &other)
                .load::<Note>("c")
                .await
                .is_err()
        );
    }
}
