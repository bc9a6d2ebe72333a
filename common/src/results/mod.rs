//! Outcomes on their way from a worker to the API replica that waits for them.
//!
//! The store decides; an announcement is only a hint. A task that wakes reads the store. It also reads
//! after a reconnect and just before its deadline, since announcements can be lost.

mod memory;
mod redis;
mod watchers;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::id::{BatchId, JobId, ReplicaId};

pub use memory::MemoryResults;
pub use redis::RedisResults;

/// A shared store cannot be reached, or answered with an error.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be reached: {0}")]
pub struct StoreError(pub String);

/// Stores outcomes until they are read.
#[async_trait]
pub trait ResultStore: Send + Sync {
    /// Stores a sealed outcome unless one is stored already, and announces it to `reply_to`.
    ///
    /// Returns whether this outcome was the first. It expires after `keep`.
    ///
    /// # Errors
    /// [`StoreError`]: it is unknown whether the outcome was stored. Storing it again is safe.
    async fn put(
        &self,
        id: BatchId,
        reply_to: ReplicaId,
        outcome: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError>;

    /// Reads an outcome, and deletes it if possible; otherwise it expires. `None` if no outcome is stored.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer. The outcome can still be read.
    async fn take(&self, id: BatchId) -> Result<Option<Bytes>, StoreError>;

    /// Counts one more start of work on a batch and returns the count, from 1. The count expires after
    /// `keep`. It tells a worker that a batch has ended other workers before.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn count_attempt(&self, id: BatchId, keep: Duration) -> Result<u32, StoreError>;

    /// Registers for announcements of a job. Call it before publishing the job.
    ///
    /// Only the replica given to [`ResultStore::put`] is notified.
    fn watch(&self, job: JobId) -> Announcements;

    /// This process's id, to which outcomes are announced.
    fn replica(&self) -> ReplicaId;
}

/// Announcements about one job. Dropping it ends the registration.
pub struct Announcements {
    changes: watch::Receiver<u64>,
    _registration: Registration,
}

impl Announcements {
    /// Waits until an outcome of the job is announced, or until announcements may have been lost.
    /// Announcements since the last call, or since [`ResultStore::watch`], count.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The store is gone, as at shutdown. Nothing will be announced again.
            std::future::pending::<()>().await;
        }
    }
}

/// Runs its function when dropped.
struct Registration(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(deregister) = self.0.take() {
            deregister();
        }
    }
}
