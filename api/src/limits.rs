//! How much at once, and how often.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::limits::{Limits, Permit, Rate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::contract::media::{CLIP_WEIGHT, MAX_IMAGES};
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

/// Frames in hand at most, where verifications are admitted while fewer than `max` are: the last one
/// admitted may be the largest.
pub fn most_frames(max: usize) -> usize {
    max + CLIP_WEIGHT.max(MAX_IMAGES)
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
    /// From how many on no more are let in.
    pub limit: usize,
}

/// The server's own limit of work in hand, in frames, since what a capture costs is the number of its
/// frames.
///
/// A verification is admitted while fewer than the limit are in hand, whatever its own size: those
/// are what it waits for. So a server that is asked for more than it can do answers 429 at once, and
/// whoever is admitted waits no longer than the limit and one capture take, as they are counted.
#[derive(Clone)]
pub struct Admissions {
    /// As many as the limit, and as one more capture than the limit may have.
    frames: Arc<Semaphore>,
    max: usize,
    live: Arc<Semaphore>,
    max_live: usize,
    lease_margin: Duration,
}

impl Admissions {
    /// No verification beyond `max` frames of others, and `live` ones of interactive sessions: they
    /// have a queue of their own, and are of no use once they have waited. The place of a process that
    /// dies is free `lease_margin` after the longest that its verification could have taken.
    pub fn new(max: usize, live: usize, lease_margin: Duration) -> Self {
        Self {
            frames: Arc::new(Semaphore::new(most_frames(max))),
            max,
            live: Arc::new(Semaphore::new(live)),
            max_live: live,
            lease_margin,
        }
    }

    /// Takes one of the key's places and room for so many frames, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the key has none left, or the limit is in hand.
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
        let refused = || ApiError::ConcurrencyLimited(Busy::Server);
        if self.in_hand() >= self.max {
            return Err(refused());
        }
        let room = u32::try_from(frames).unwrap_or(u32::MAX);
        // Should another have come in between, the room beyond the limit is for one of the two.
        let of_server = Arc::clone(&self.frames)
            .try_acquire_many_owned(room)
            .map_err(|_| refused())?;
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
        let verify = Room {
            taken: self.in_hand(),
            limit: self.max,
        };
        let live = Room {
            taken: self.max_live.saturating_sub(self.live.available_permits()),
            limit: self.max_live,
        };
        [("verify", verify), ("interactive", live)]
    }

    fn in_hand(&self) -> usize {
        most_frames(self.max).saturating_sub(self.frames.available_permits())
    }

    /// Waits until every verification has ended; none starts any more.
    pub async fn drain(&self) {
        let all = u32::try_from(most_frames(self.max)).unwrap_or(u32::MAX);
        // An error means that it is closed, so drained before.
        let _ = self
            .frames
            .acquire_many(all)
            .await
            .map(|_| self.frames.close());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use livegate_common::limits::MemoryLimits;

    use super::*;
    use crate::contract::defaults::SessionDefaults;

    async fn admit(admissions: &Admissions, frames: usize) -> Option<Admission> {
        let key = KeyRecord {
            id: "key_1".to_owned(),
            name: "test".to_owned(),
            liveness: true,
            requests_per_minute: 100,
            concurrency: 100,
            defaults: SessionDefaults::default(),
        };
        let longest = Duration::from_secs(15);
        let limits = MemoryLimits::new();
        admissions.admit(&limits, &key, frames, longest).await.ok()
    }

    #[tokio::test]
    async fn what_lies_ahead_counts_and_not_ones_own_size() {
        let admissions = Admissions::new(16, 8, Duration::from_secs(30));
        let first = admit(&admissions, 8).await;
        let clip = admit(&admissions, CLIP_WEIGHT).await;
        assert!(first.is_some() && clip.is_some());
        assert!(admit(&admissions, 1).await.is_none());
        drop(clip);
        let [(_, verify), _] = admissions.rooms();
        assert_eq!((verify.taken, verify.limit), (8, 16));
        assert!(admit(&admissions, MAX_IMAGES).await.is_some());
    }

    #[tokio::test]
    async fn draining_waits_for_all_and_lets_no_more_in() {
        let admissions = Admissions::new(16, 8, Duration::from_secs(30));
        let clip = admit(&admissions, CLIP_WEIGHT).await;
        assert!(admissions.drain().now_or_never().is_none());
        drop(clip);
        admissions.drain().await;
        assert!(admit(&admissions, 8).await.is_none());
    }
}
