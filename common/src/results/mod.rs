//! Outcomes on their way from a worker back to the API replica that waits for them.
//!
//! The store is the truth, the announcement is a hint: a waiter that wakes looks into the store,
//! and it also looks after any reconnect and just before its deadline, since announcements can be
//! lost.

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

/// A shared store could not be reached or answered with an error.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be reached: {0}")]
pub struct StoreError(pub String);

/// Where outcomes are kept until they are read.
#[async_trait]
pub trait ResultStore: Send + Sync {
    /// Stores a sealed outcome unless one is there already, and announces it to `reply_to`.
    ///
    /// Returns whether this was the first. Nothing remains after `keep`.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was stored; storing it again is safe.
    async fn put(
        &self,
        id: BatchId,
        reply_to: ReplicaId,
        outcome: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError>;

    /// Reads an outcome, and deletes it if it can: it is in the caller's hands then, and expires.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked; the outcome is still there to be read.
    async fn take(&self, id: BatchId) -> Result<Option<Bytes>, StoreError>;

    /// Counts one more start of work on a batch and returns the count, from 1. Forgotten after
    /// `keep`. What tells a worker that a batch has killed workers before.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn count_attempt(&self, id: BatchId, keep: Duration) -> Result<u32, StoreError>;

    /// Registers interest in a job's announcements; call it before publishing the job.
    ///
    /// Only the store of the replica given to [`ResultStore::put`] wakes it.
    fn watch(&self, job: JobId) -> Announcements;

    /// The id under which this process is told of outcomes.
    fn replica(&self) -> ReplicaId;
}

/// Wakes when something about one job may have changed; deregisters when dropped.
pub struct Announcements {
    changes: watch::Receiver<u64>,
    _registration: Registration,
}

impl Announcements {
    /// Waits until an outcome of the job was announced, or announcements may have been lost.
    /// Announcements made since the last call (or since [`ResultStore::watch`]) count.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The store is gone, as at shutdown: nothing will ever be announced again.
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
