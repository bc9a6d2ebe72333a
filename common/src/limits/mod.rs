//! Per-key limits that hold across all API replicas.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;

pub use crate::results::StoreError;
pub use memory::MemoryLimits;
pub use redis::RedisLimits;

/// A token bucket's answer to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// A token was available and has been taken.
    Allowed,
    /// The bucket is empty. It gains its next token after this time.
    RetryAfter(Duration),
}

/// Limits on request rates and on simultaneous work.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one token from the bucket `name`. The bucket holds `capacity` tokens and gains `per_minute`
    /// tokens a minute, evenly. A bucket that was never used is full.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn take_token(
        &self,
        name: &str,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError>;

    /// Takes one of `max` places named `name`; `None` if all are taken.
    ///
    /// The place is free again when the permit is dropped, and after `lease` at the latest. So a process
    /// that dies does not keep its places.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not answer.
    async fn acquire(
        &self,
        name: &str,
        max: u32,
        lease: Duration,
    ) -> Result<Option<Permit>, StoreError>;
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
