//! Presence within one process.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Presence, StoreError, Worker, Workers};
use crate::expiring::Expiring;

/// The workers of this process.
#[derive(Default)]
pub struct MemoryPresence(Mutex<Expiring<Uuid, u32>>);

impl MemoryPresence {
    /// Presence without workers.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Expiring<Uuid, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn beat(&self, worker: Worker, keep: Duration) -> Result<(), StoreError> {
        self.lock().insert(worker.id, worker.threads, keep);
        Ok(())
    }

    async fn leave(&self, worker: Worker) -> Result<(), StoreError> {
        self.lock().remove(&worker.id);
        Ok(())
    }

    async fn workers(&self) -> Result<Workers, StoreError> {
        Ok(self.lock().values().copied().collect())
    }
}
