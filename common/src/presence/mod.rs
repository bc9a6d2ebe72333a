//! Presence: which workers are alive and how many threads they have, for the health page and for admission.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::memory::MemoryPresence;
pub use self::redis::RedisPresence;
pub use crate::results::StoreError;

/// A worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its id, fresh at each start.
    pub id: Uuid,
    /// Number of threads that measure.
    pub threads: u32,
}

/// The workers that are alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workers {
    /// Number of worker processes.
    pub count: u32,
    /// Threads that measure, of all of them together.
    pub threads: u32,
}

impl FromIterator<u32> for Workers {
    /// The workers with these numbers of threads.
    fn from_iter<I: IntoIterator<Item = u32>>(threads: I) -> Self {
        threads
            .into_iter()
            .fold(Self::default(), |sum, threads| Self {
                count: sum.count.saturating_add(1),
                threads: sum.threads.saturating_add(threads),
            })
    }
}

/// Records which workers are alive.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Records that `worker` is alive. It counts for the duration `keep` from now.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn beat(&self, worker: Worker, keep: Duration) -> Result<(), StoreError>;

    /// Records that `worker` is leaving. It no longer counts.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn leave(&self, worker: Worker) -> Result<(), StoreError>;

    /// The workers that count now.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn workers(&self) -> Result<Workers, StoreError>;
}
