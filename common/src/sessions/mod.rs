//! Session records, shared by all API replicas.
//!
//! A record is opaque bytes with a version. It changes only by compare-and-swap, so that a claim happens
//! exactly once, however many replicas try. Each swap has a token of its own, which distinguishes a retry
//! from a second swap.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

pub use crate::results::StoreError;
pub use memory::MemorySessions;
pub use redis::RedisSessions;

/// Number of latest swaps whose tokens are stored: a retry is recognised although others have swapped
/// since.
///
/// A swap is retried for 5 s at most, and a live session takes up to 40 frames at once and 20 a
/// second: 140 in that time.
pub const KEPT_TOKENS: usize = 160;

/// A record with the version that it had when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Changes with every swap. It has a meaning only for
    /// [`SessionStore::swap`] and [`SessionStore::remove`].
    pub version: u64,
    /// The record.
    pub value: Bytes,
}

/// Stores session records until they expire.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new record, which expires after `keep`.
    ///
    /// Returns `false` and keeps the old record if the id is taken.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn create(&self, id: &str, value: Bytes, keep: Duration) -> Result<bool, StoreError>;

    /// Reads a record; `None` if it does not exist, or has expired.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError>;

    /// Replaces a record if it still has `version`, which then grows by one. The record expires after
    /// `keep` from now.
    ///
    /// Returns whether `token` has replaced the record, in this call or in an earlier one whose answer was
    /// lost. So a caller without an answer retries with the same token and value, and the record changes
    /// once. `false` means that another swap was first, or that the record is gone. The store knows the
    /// latest [`KEPT_TOKENS`] tokens of a record.
    ///
    /// # Errors
    /// [`StoreError`]: it is unknown whether the record was replaced. Retry with the same token.
    async fn swap(
        &self,
        id: &str,
        version: u64,
        token: Uuid,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError>;

    /// Deletes a record if it still has `version`, and returns whether it did. `false` means that a swap was
    /// first, or that the record is gone.
    ///
    /// # Errors
    /// [`StoreError`]: it is unknown whether the record was deleted.
    async fn remove(&self, id: &str, version: u64) -> Result<bool, StoreError>;
}
