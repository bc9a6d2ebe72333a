//! Per-key limits that hold across all API replicas.

mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;

pub use crate::results::StoreError;
pub use memory::MemoryLimits;
pub use redis::RedisLimits;

/// What a token bucket says to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// A token was there and is spent.
    Allowed,
    /// The bucket is empty; the next token is there after this long.
    RetryAfter(Duration),
}

/// Counts requests and simultaneous work.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes one token from the bucket `name`, which holds `capacity` tokens and gains
    /// `per_minute` of them a minute, evenly. A bucket never seen before is full.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn take_token(
        &self,
        name: &str,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError>;

    /// Takes one of `max` places named `name`; `None` when all are taken.
    ///
    /// The place is free again when the permit is dropped, and at the latest after `lease`, so a
    /// process that dies holding it does not hold it for ever.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be asked.
    async fn acquire(
        &self,
        name: &str,
        max: u32,
        lease: Duration,
    ) -> Result<Option<Permit>, StoreError>;
}

/// A place held; dropping it frees it.
pub struct Permit(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Permit {
    /// For a place that was not given after all.
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

/// Microseconds in which a bucket gains one token.
fn token_interval_us(per_minute: u32) -> u64 {
    60_000_000_u64.div_ceil(u64::from(per_minute.max(1)))
}
