//! Session records, shared by all API replicas.
//!
//! A record is opaque bytes with a version; it changes only by compare-and-swap, so that a claim happens exactly
//! once however many replicas try. Each swap has a token of its own, by which a retry is told from a second swap.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

pub use crate::results::StoreError;
pub use memory::MemorySessions;
pub use redis::RedisSessions;

/// Swaps of a record whose tokens are known: a retry is recognised although others have swapped since.
pub const KEPT_TOKENS: usize = 16;

/// A record as it stood when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Changes with every swap; meaningful only to [`SessionStore::swap`].
    pub version: u64,
    /// The record.
    pub value: Bytes,
}

/// Keeps session records until they expire.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new record, gone after `keep`.
    ///
    /// Returns `false`, and leaves the old one, when the id is taken.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn create(&self, id: &str, value: Bytes, keep: Duration) -> Result<bool, StoreError>;

    /// Reads a record; `None` when there is none, or no longer.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError>;

    /// Replaces a record if it still has `version`, which goes up by one; from now on it is kept for `keep`.
    ///
    /// Returns whether `token` has replaced it: now, or before and the answer was lost. So a caller that got no
    /// answer asks again with the same token and value, and the record changes once. The latest
    /// [`KEPT_TOKENS`] tokens of a record are known; `false` means that another swap was first, or that the record
    /// is gone.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was replaced; ask again with the same token.
    async fn swap(
        &self,
        id: &str,
        version: u64,
        token: Uuid,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError>;

    /// Deletes a record and returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn remove(&self, id: &str) -> Result<bool, StoreError>;
}
