//! Presence within one process.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Presence, StoreError};
use crate::expiring::Expiring;

/// The workers of this process.
#[derive(Default)]
pub struct MemoryPresence(Mutex<Expiring<Uuid, ()>>);

impl MemoryPresence {
    /// Presence without workers.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Expiring<Uuid, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn beat(&self, worker: Uuid, keep: Duration) -> Result<(), StoreError> {
        self.lock().insert(worker, (), keep);
        Ok(())
    }

    async fn leave(&self, worker: Uuid) -> Result<(), StoreError> {
        self.lock().remove(&worker);
        Ok(())
    }

    async fn count(&self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.lock().len()).unwrap_or(u32::MAX))
    }
}
