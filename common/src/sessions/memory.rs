//! Session records inside one process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{SessionStore, StoreError, Versioned};
use crate::expiring::Expiring;

/// Session records in memory. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemorySessions(Arc<Mutex<Expiring<String, Versioned>>>);

impl MemorySessions {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Expiring<String, Versioned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, id: &str, value: Bytes, keep: Duration) -> Result<bool, StoreError> {
        let mut records = self.lock();
        if records.get(id).is_some() {
            return Ok(false);
        }
        records.insert(id.to_owned(), Versioned { version: 1, value }, keep);
        Ok(true)
    }

    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError> {
        Ok(self.lock().get(id).cloned())
    }

    async fn swap(
        &self,
        id: &str,
        version: u64,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        if records.get(id).is_none_or(|found| found.version != version) {
            return Ok(false);
        }
        records.insert(
            id.to_owned(),
            Versioned {
                version: version + 1,
                value,
            },
            keep,
        );
        Ok(true)
    }

    async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.lock().remove(id).is_some())
    }
}
