//! Presence: which workers are alive, for the health page.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::memory::MemoryPresence;
pub use self::redis::RedisPresence;
pub use crate::results::StoreError;

/// Records which workers are alive.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Records that `worker` is alive. It counts for the duration `keep` from now.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn beat(&self, worker: Uuid, keep: Duration) -> Result<(), StoreError>;

    /// Records that `worker` is leaving. It no longer counts.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn leave(&self, worker: Uuid) -> Result<(), StoreError>;

    /// Number of workers that count now.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn count(&self) -> Result<u32, StoreError>;
}
