//! The record of an interactive session, as the session store keeps it: sealed, since it holds
//! embeddings until the session has ended.

use std::time::Duration;

use bytes::Bytes;
use livegate_common::job::Cost;
use livegate_common::results::StoreError;
use livegate_common::seal::{SealError, SealKey};
use livegate_common::sessions::{SessionStore, Versioned};
use livegate_liveness::session::{Session, State};
use livegate_liveness::thresholds::ModelSetId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a session can be read after it ended.
const READABLE_AFTER: Duration = Duration::from_secs(600);

/// A session and what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Id of the key that it belongs to.
    pub key: String,
    /// Whether frames arrive as mirror images.
    pub mirrored: bool,
    /// Unix milliseconds after which it is over, whatever happens.
    pub expires_at_ms: u64,
    /// What its frames cost the workers.
    pub cost: Cost,
    /// The server's own time spent on its frames, milliseconds.
    pub busy_ms: u64,
    /// The models that measured its frames, the latest of them.
    pub models: ModelSetId,
    /// Where it stands.
    pub session: Session,
    /// Once it is over, a number of the attempt that ended it: two may bring about the very same end, and
    /// only that which did must record it.
    pub ended_by: Option<[u8; 16]>,
}

/// A stored record could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It is not in the encoding of this version.
    #[error("an interactive session's record is not in the encoding of this version")]
    Malformed,
}

/// Where records are, and what they are sealed with.
pub struct Records<'a> {
    /// The store.
    pub store: &'a dyn SessionStore,
    /// The key.
    pub seal: &'a SealKey,
}

/// A record and where it stands in the store, so that it can be swapped.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The session's id.
    pub id: Uuid,
    /// The record.
    pub record: Record,
    version: u64,
}

impl Stored {
    /// Whether the record has changed since it was read as `before`.
    pub fn is_after(&self, before: &Self) -> bool {
        self.version != before.version
    }
}

impl Record {
    /// From now until ten minutes after the session is over, whichever way.
    fn keep(&self, now_ms: u64) -> Duration {
        let left = match self.session.state() {
            State::Pending | State::InProgress => self.expires_at_ms.saturating_sub(now_ms),
            State::Ended(_) => 0,
        };
        Duration::from_millis(left) + READABLE_AFTER
    }
}

impl Records<'_> {
    /// Stores a new session; `false` when the id is taken.
    ///
    /// # Errors
    /// [`RecordError`] when it cannot be stored.
    pub async fn create(
        &self,
        id: Uuid,
        record: &Record,
        now_ms: u64,
    ) -> Result<bool, RecordError> {
        let sealed = self.encode(id, record)?;
        let keep = record.keep(now_ms);
        Ok(self.store.create(&name(id), sealed, keep).await?)
    }

    /// Reads a session; `None` when there is none, or no longer.
    ///
    /// # Errors
    /// [`RecordError`] when it cannot be read.
    pub async fn load(&self, id: Uuid) -> Result<Option<Stored>, RecordError> {
        let Some(Versioned { version, value }) = self.store.load(&name(id)).await? else {
            return Ok(None);
        };
        let record = self.decode(id, &value)?;
        Ok(Some(Stored {
            id,
            record,
            version,
        }))
    }

    /// Puts `record` in the place of `stored` if nobody else has changed it since it was read.
    ///
    /// # Errors
    /// [`RecordError`]: unknown whether it was put there.
    pub async fn swap(
        &self,
        stored: &Stored,
        record: &Record,
        now_ms: u64,
    ) -> Result<bool, RecordError> {
        let sealed = self.encode(stored.id, record)?;
        let keep = record.keep(now_ms);
        let id = name(stored.id);
        Ok(self.store.swap(&id, stored.version, sealed, keep).await?)
    }

    /// Forgets a session and returns whether there was one.
    ///
    /// # Errors
    /// [`RecordError`] when the store cannot be asked.
    pub async fn remove(&self, id: Uuid) -> Result<bool, RecordError> {
        Ok(self.store.remove(&name(id)).await?)
    }

    fn encode(&self, id: Uuid, record: &Record) -> Result<Bytes, RecordError> {
        let plain = postcard::to_stdvec(record).map_err(|_| RecordError::Malformed)?;
        Ok(self.seal.seal(&plain, &context(id))?.into())
    }

    fn decode(&self, id: Uuid, sealed: &[u8]) -> Result<Record, RecordError> {
        let plain = self.seal.open(sealed, &context(id))?;
        postcard::from_bytes(&plain).map_err(|_| RecordError::Malformed)
    }
}

fn name(id: Uuid) -> String {
    format!("interactive:{id}")
}

/// Binds a record to its session: nobody can put one in another's place.
fn context(id: Uuid) -> Vec<u8> {
    [b"livegate interactive session".as_slice(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use livegate_common::sessions::MemorySessions;
    use livegate_liveness::challenge::Angles;
    use livegate_liveness::session::Task;

    use super::*;

    fn record() -> Record {
        Record {
            key: "key_1".to_owned(),
            mirrored: true,
            expires_at_ms: 5_000,
            cost: Cost::default(),
            busy_ms: 0,
            models: ModelSetId::default(),
            session: Session::new(vec![Task::Blink], 4_000, Angles::default(), 5_000),
            ended_by: None,
        }
    }

    #[tokio::test]
    async fn of_two_swaps_one_succeeds_and_nothing_is_readable_in_the_store() {
        let (store, seal) = (MemorySessions::new(), SealKey::random().unwrap());
        let records = Records {
            store: &store,
            seal: &seal,
        };
        let id = Uuid::new_v4();
        assert!(records.create(id, &record(), 0).await.unwrap());
        assert!(!records.create(id, &record(), 0).await.unwrap());
        let raw = store.load(&name(id)).await.unwrap().unwrap().value;
        assert!(!raw.windows(5).any(|w| w == b"key_1"));
        let first = records.load(id).await.unwrap().unwrap();
        let second = first.clone();
        let next = Record {
            busy_ms: 7,
            ..record()
        };
        assert!(records.swap(&first, &next, 0).await.unwrap());
        assert!(!records.swap(&second, &record(), 0).await.unwrap());
        assert_eq!(records.load(id).await.unwrap().unwrap().record, next);
        let other = Records {
            store: &store,
            seal: &SealKey::random().unwrap(),
        };
        assert!(other.load(id).await.is_err());
        assert!(records.remove(id).await.unwrap());
        assert!(records.load(id).await.unwrap().is_none());
    }
}
