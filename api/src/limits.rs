//! How much at once, and how often.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::limits::{Limits, Permit, Rate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Busy};
use crate::keys::KeyRecord;

/// How much longer than a verification may take its place is held if its process dies.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// Takes a token from the key's bucket.
///
/// # Errors
/// [`ApiError::RateLimited`] when it is empty.
pub async fn take_token(limits: &dyn Limits, key: &KeyRecord) -> Result<(), ApiError> {
    let per_minute = key.requests_per_minute;
    match limits.take_token(&key.id, per_minute, per_minute).await? {
        Rate::Allowed => Ok(()),
        Rate::RetryAfter(retry_after) => Err(ApiError::RateLimited { retry_after }),
    }
}

/// The right to run one verification; dropping it gives the place back.
pub struct Admission {
    _key: Permit,
    _server: OwnedSemaphorePermit,
}

/// The server's own limit of simultaneous verifications.
#[derive(Clone)]
pub struct Admissions {
    places: Arc<Semaphore>,
    max: u32,
}

impl Admissions {
    /// At most `max` at once.
    pub fn new(max: usize) -> Self {
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        Self {
            places: Arc::new(Semaphore::new(max as usize)),
            max,
        }
    }

    /// Takes one of the key's places and one of the server's, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when either is full.
    pub async fn admit(
        &self,
        limits: &dyn Limits,
        key: &KeyRecord,
        longest: Duration,
    ) -> Result<Admission, ApiError> {
        let name = format!("verify:{}", key.id);
        let of_key = limits
            .acquire(&name, key.concurrency, longest + LEASE_MARGIN)
            .await?
            .ok_or(ApiError::ConcurrencyLimited(Busy::Key))?;
        let of_server = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| ApiError::ConcurrencyLimited(Busy::Server))?;
        Ok(Admission {
            _key: of_key,
            _server: of_server,
        })
    }

    /// Waits until every verification has ended; none starts any more.
    pub async fn drain(&self) {
        // An error means that it is closed, so drained before.
        let _ = self
            .places
            .acquire_many(self.max)
            .await
            .map(|_| self.places.close());
    }
}
