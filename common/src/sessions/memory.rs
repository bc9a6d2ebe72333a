//! Session records within one process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::{KEPT_TOKENS, SessionStore, StoreError, Versioned};
use crate::expiring::Expiring;

/// Session records in memory. Clones share the same records.
#[derive(Clone, Default)]
pub struct MemorySessions(Arc<Mutex<Expiring<String, Kept>>>);

struct Kept {
    record: Versioned,
    /// The tokens of the latest swaps, the newest last.
    tokens: VecDeque<Uuid>,
}

impl MemorySessions {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Expiring<String, Kept>> {
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
        let kept = Kept {
            record: Versioned { version: 1, value },
            tokens: VecDeque::new(),
        };
        records.insert(id.to_owned(), kept, keep);
        Ok(true)
    }

    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError> {
        Ok(self.lock().get(id).map(|kept| kept.record.clone()))
    }

    async fn swap(
        &self,
        id: &str,
        version: u64,
        token: Uuid,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let Some(kept) = records.get(id) else {
            return Ok(false);
        };
        if kept.tokens.contains(&token) {
            return Ok(true);
        }
        if kept.record.version != version {
            return Ok(false);
        }
        let mut tokens = kept.tokens.clone();
        tokens.push_back(token);
        if tokens.len() > KEPT_TOKENS {
            tokens.pop_front();
        }
        let record = Versioned {
            version: version + 1,
            value,
        };
        records.insert(id.to_owned(), Kept { record, tokens }, keep);
        Ok(true)
    }

    async fn remove(&self, id: &str, version: u64) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let is_current = (records.get(id)).is_some_and(|kept| kept.record.version == version);
        Ok(is_current && records.remove(id).is_some())
    }
}
