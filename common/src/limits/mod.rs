//! Per-key limits that hold across all API replicas.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

pub use crate::results::StoreError;
pub use memory::MemoryLimits;
pub use redis::RedisLimits;

/// The answer of a token bucket, or of a window, to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// There was room, and it has been taken.
    Allowed,
    /// There is no room. There will be after this time, if nothing else is taken until then.
    RetryAfter(Duration),
}

/// Limits on request rates and on simultaneous work.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes `count` tokens from the bucket `name`, all or none. The bucket holds `capacity` tokens and gains
    /// `per_minute` tokens a minute, evenly. A bucket that was never used is full.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn take_tokens(
        &self,
        name: &str,
        count: u32,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError>;

    /// Takes a place for a piece of work, if its key has one left.
    ///
    /// The place is free again when the permit is dropped, and after the claim's lease at the latest. So a
    /// process that dies does not keep its places.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn take_place(&self, claim: &Claim<'_>) -> Result<Claimed, StoreError>;

    /// Enters `id` into a window, if the window has room. An id that is in it already is let in again, so
    /// a call without an answer can be repeated.
    ///
    /// # Errors
    /// [`StoreError`]: it is unknown whether the id was entered.
    async fn enter(&self, window: &Window<'_>, id: Uuid) -> Result<Rate, StoreError>;

    /// Removes `id` from the window with this name, where it is in it.
    ///
    /// # Errors
    /// [`StoreError`]: it is unknown whether the id was removed. It leaves with its time at the latest.
    async fn leave(&self, name: &str, id: Uuid) -> Result<(), StoreError>;
}

/// A sliding window of time: at most `most` ids are in it at once, and each leaves it `lasts` after it entered.
///
/// Both numbers count as they are given by each call: after a change they hold for ids that entered before,
/// up to the longest `lasts` that any of these calls gave.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The window's name.
    pub name: &'a str,
    /// Most ids in it, at least 1.
    pub most: u32,
    /// Time after which an id leaves it.
    pub lasts: Duration,
}

/// A piece of work that asks for a place.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The kind of work. Work of different kinds does not count together.
    pub kind: &'a str,
    /// Id of the key that the work is for.
    pub key: &'a str,
    /// Number of places of the key: the most pieces of work that it may have in hand.
    pub places: u32,
    /// The key's weight among the keys.
    pub weight: u32,
    /// Time that the work is expected to take one thread.
    pub work: Duration,
    /// Time after which the place is free in any case.
    pub lease: Duration,
}

/// The work in hand when a place was asked for, without the work that asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Places that the key itself has taken.
    pub own_places: u32,
    /// Expected thread time of the key's own work.
    pub own: Duration,
    /// Expected thread time of the work of all keys, the key's own included.
    pub all: Duration,
    /// Sum of the weights of the other keys that have work in hand.
    pub other_weights: u64,
}

/// The answer to a [`Claim`].
pub enum Claimed {
    /// The place is taken.
    Taken(Permit, Load),
    /// The key has no place left.
    Full(Load),
}

/// A place that is taken. Dropping it frees the place.
pub struct Permit(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Permit {
    /// Drops the permit without freeing a place, since none was given.
    fn forget(mut self) {
        self.0 = None;
    }

    fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

/// Time in which a bucket gains one token, microseconds.
fn token_interval_us(per_minute: u32) -> u64 {
    60_000_000_u64.div_ceil(u64::from(per_minute.max(1)))
}
