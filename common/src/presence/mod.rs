//! Which workers were seen lately, for the health page.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::memory::MemoryPresence;
pub use self::redis::RedisPresence;
pub use crate::results::StoreError;

/// Where workers say that they are alive.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Says that `worker` is alive; it counts for `keep` from now.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn beat(&self, worker: Uuid, keep: Duration) -> Result<(), StoreError>;

    /// Says that `worker` is leaving and counts no longer.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn leave(&self, worker: Uuid) -> Result<(), StoreError>;

    /// How many workers count at this moment.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn count(&self) -> Result<u32, StoreError>;
}
