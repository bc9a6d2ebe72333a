//! How much at once, and how often.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::limits::{Limits, Permit, Rate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Busy, Rated};
use crate::keys::KeyRecord;

/// Takes a token from the key's bucket.
///
/// # Errors
/// [`ApiError::RateLimited`] when it is empty.
pub async fn take_token(limits: &dyn Limits, key: &KeyRecord) -> Result<(), ApiError> {
    let per_minute = key.requests_per_minute;
    match limits.take_token(&key.id, per_minute, per_minute).await? {
        Rate::Allowed => Ok(()),
        Rate::RetryAfter(retry_after) => Err(ApiError::RateLimited {
            of: Rated::Key,
            retry_after,
        }),
    }
}

/// The right to run one verification; dropping it gives the place back.
pub struct Admission {
    _key: Permit,
    _server: OwnedSemaphorePermit,
}

/// Room for frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many there are.
    pub taken: usize,
    /// How many there may be.
    pub all: usize,
}

/// The server's own limit of work in hand, in frames: what a capture costs is the number of its
/// frames, and more of them than the workers measure within the deadline would only fail later.
#[derive(Clone)]
pub struct Admissions {
    frames: Arc<Semaphore>,
    max: u32,
    live: Arc<Semaphore>,
    max_live: usize,
    lease_margin: Duration,
}

impl Admissions {
    /// At most `max` frames of verifications at once, and `live` ones of interactive sessions: they
    /// have a queue of their own, and are of no use once they have waited. The place of a process that
    /// dies is free `lease_margin` after the longest that its verification could have taken.
    pub fn new(max: usize, live: usize, lease_margin: Duration) -> Self {
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        Self {
            frames: Arc::new(Semaphore::new(max as usize)),
            max,
            live: Arc::new(Semaphore::new(live)),
            max_live: live,
            lease_margin,
        }
    }

    /// Takes one of the key's places and room for so many frames, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when either is full.
    pub async fn admit(
        &self,
        limits: &dyn Limits,
        key: &KeyRecord,
        frames: usize,
        longest: Duration,
    ) -> Result<Admission, ApiError> {
        let name = format!("verify:{}", key.id);
        let of_key = limits
            .acquire(&name, key.concurrency, longest + self.lease_margin)
            .await?
            .ok_or(ApiError::ConcurrencyLimited(Busy::Key))?;
        // A capture larger than all there is would never get in: it takes all there is.
        let room = u32::try_from(frames).unwrap_or(u32::MAX).min(self.max);
        let of_server = Arc::clone(&self.frames)
            .try_acquire_many_owned(room)
            .map_err(|_| ApiError::ConcurrencyLimited(Busy::Server))?;
        Ok(Admission {
            _key: of_key,
            _server: of_server,
        })
    }

    /// Takes room for one frame of an interactive session, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when there is none.
    pub fn admit_live(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let room = Arc::clone(&self.live).try_acquire_owned();
        room.map_err(|_| ApiError::ConcurrencyLimited(Busy::LiveFrames))
    }

    /// How much of the room for each kind of work is taken.
    pub fn rooms(&self) -> [(&'static str, Room); 2] {
        let room = |free: &Semaphore, all: usize| Room {
            taken: all.saturating_sub(free.available_permits()),
            all,
        };
        [
            ("verify", room(&self.frames, self.max as usize)),
            ("interactive", room(&self.live, self.max_live)),
        ]
    }

    /// Waits until every verification has ended; none starts any more.
    pub async fn drain(&self) {
        // An error means that it is closed, so drained before.
        let _ = self
            .frames
            .acquire_many(self.max)
            .await
            .map(|_| self.frames.close());
    }
}
