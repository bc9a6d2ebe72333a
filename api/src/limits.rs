//! Limits on work: rates over time, and verifications and frames at the same time.

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
/// [`ApiError::RateLimited`] when the bucket is empty.
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

/// The most frames that can be in flight, if a verification is admitted while fewer than `max` are: the
/// last one admitted may be of the largest size.
pub fn most_frames(max: usize) -> usize {
    max + CLIP_WEIGHT.max(MAX_IMAGES)
}

/// The right to run one verification. Dropping it gives its places back.
pub struct Admission {
    _key: Permit,
    _server: OwnedSemaphorePermit,
}

/// Room for frames: how much is taken, and the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Number of frames in flight.
    pub taken: usize,
    /// Limit: at this number of frames, no further ones are admitted.
    pub limit: usize,
}

/// The server's own limit on work in flight. It is counted in frames, since the cost of a capture is
/// its number of frames.
///
/// A verification is admitted while fewer frames than the limit are in flight, whatever its own size:
/// it waits for those frames. So an overloaded server answers 429 at once. An admitted verification
/// waits no longer than the limit and one more capture take, by the weights of captures.
#[derive(Clone)]
pub struct Admissions {
    /// Permits: as many as the limit, plus one capture that may exceed it.
    frames: Arc<Semaphore>,
    max: usize,
    live: Arc<Semaphore>,
    max_live: usize,
    lease_margin: Duration,
}

impl Admissions {
    /// Admits verifications while fewer than `max` frames are in flight, and live frames while fewer
    /// than `live` are.
    ///
    /// Live frames have a queue of their own, and are useless once they have waited. If a process dies,
    /// its place is free again `lease_margin` after the longest that its verification could have taken.
    pub fn new(max: usize, live: usize, lease_margin: Duration) -> Self {
        Self {
            frames: Arc::new(Semaphore::new(most_frames(max))),
            max,
            live: Arc::new(Semaphore::new(live)),
            max_live: live,
            lease_margin,
        }
    }

    /// Takes one of the key's places and room for `frames` frames, at once or not at all. `longest` is
    /// the longest that the verification may take.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the key has no place left, or the server's limit is
    /// reached.
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
        // If another verification was admitted in between, the room beyond the limit suffices for one
        // of the two.
        let of_server = Arc::clone(&self.frames)
            .try_acquire_many_owned(room)
            .map_err(|_| refused())?;
        Ok(Admission {
            _key: of_key,
            _server: of_server,
        })
    }

    /// Takes room for one live frame, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the limit on live frames is reached.
    pub fn admit_live(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let room = Arc::clone(&self.live).try_acquire_owned();
        room.map_err(|_| ApiError::ConcurrencyLimited(Busy::LiveFrames))
    }

    /// For each kind of work, `verify` and `interactive`: frames in flight, and the limit.
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

    /// Waits until every verification has ended; none is admitted from now on.
    pub async fn drain(&self) {
        let all = u32::try_from(most_frames(self.max)).unwrap_or(u32::MAX);
        // An error means that the semaphore is closed, so it was drained before.
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
