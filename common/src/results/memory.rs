//! Outcomes within one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::watchers::Watchers;
use super::{Announcements, ResultStore, StoreError};
use crate::expiring::Expiring;
use crate::id::{BatchId, JobId, ReplicaId};

/// Outcomes in memory, as seen by one replica.
pub struct MemoryResults {
    shared: Arc<Mutex<Shared>>,
    replica: ReplicaId,
    watchers: Arc<Watchers>,
}

#[derive(Default)]
struct Shared {
    outcomes: Expiring<BatchId, Bytes>,
    attempts: Expiring<BatchId, u32>,
    replicas: HashMap<ReplicaId, Arc<Watchers>>,
}

impl MemoryResults {
    /// An empty store with one replica.
    pub fn new() -> Self {
        Self::join(Arc::default())
    }

    /// Another replica that uses the same store.
    pub fn another_replica(&self) -> Self {
        Self::join(Arc::clone(&self.shared))
    }

    fn join(shared: Arc<Mutex<Shared>>) -> Self {
        let this = Self {
            shared,
            replica: ReplicaId::random(),
            watchers: Arc::default(),
        };
        this.lock()
            .replicas
            .insert(this.replica, Arc::clone(&this.watchers));
        this
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryResults {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for MemoryResults {
    fn drop(&mut self) {
        let replica = self.replica;
        self.lock().replicas.remove(&replica);
    }
}

#[async_trait]
impl ResultStore for MemoryResults {
    async fn put(
        &self,
        id: BatchId,
        reply_to: ReplicaId,
        outcome: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut shared = self.lock();
        let first = shared.outcomes.get(&id).is_none();
        if first {
            shared.outcomes.insert(id, outcome, keep);
        }
        if let Some(watchers) = shared.replicas.get(&reply_to) {
            watchers.announce(id.job);
        }
        Ok(first)
    }

    async fn take(&self, id: BatchId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.lock().outcomes.remove(&id))
    }

    async fn count_attempt(&self, id: BatchId, keep: Duration) -> Result<u32, StoreError> {
        let mut shared = self.lock();
        let count = shared
            .attempts
            .get(&id)
            .map_or(1, |count| count.saturating_add(1));
        shared.attempts.insert(id, count, keep);
        Ok(count)
    }

    fn watch(&self, job: JobId) -> Announcements {
        self.watchers.watch(job)
    }

    fn replica(&self) -> ReplicaId {
        self.replica
    }
}
