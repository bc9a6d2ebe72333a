//! Limits on large bodies: how much memory they take at once, and how many are worked on at once.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Busy};

/// Largest body that takes no upload room and is parsed where it arrives, bytes.
pub const SMALL: usize = 64 << 10;

/// How long a body may wait for room before it is read.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many pictures are set upright at once. One takes up to 184 MiB while it is decoded: 4096x4096 pixels, four
/// channels of 16 bits, and three of 8. So more cores must not mean more of them.
const UPRIGHT: usize = 2;

/// Bytes that one permit stands for, since semaphores count to 2³² only.
const UNIT: usize = 1 << 10;

/// Memory for large bodies. Clones share it.
#[derive(Clone)]
pub struct Uploads {
    room: Arc<Semaphore>,
    units: u32,
    turns: Arc<Semaphore>,
    upright: Arc<Semaphore>,
}

/// The room of one body; freed when dropped. Kept for as long as any part of the body.
#[derive(Default)]
pub struct UploadPlace(Option<OwnedSemaphorePermit>);

impl Uploads {
    /// Room for `max_mib` MiB of bodies, and as many turns to work on them as there are cores.
    pub fn new(max_mib: usize) -> Self {
        let units = u32::try_from(max_mib.saturating_mul((1 << 20) / UNIT)).unwrap_or(u32::MAX);
        Self {
            room: Arc::new(Semaphore::new(units as usize)),
            units,
            // This work shares the blocking threads with sealing, which must never wait for it.
            turns: Arc::new(Semaphore::new(
                available_parallelism().map_or(1, Into::into),
            )),
            upright: Arc::new(Semaphore::new(UPRIGHT)),
        }
    }

    /// Takes room for a body of this size, before it is read. Nothing else limits the memory that
    /// callers can make the process use, since verifications are admitted only after the body is read.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when no room is free within two seconds.
    pub async fn admit(&self, bytes: usize) -> Result<UploadPlace, ApiError> {
        if bytes <= SMALL {
            return Ok(UploadPlace::default());
        }
        // A body larger than the whole room is admitted alone.
        let units = units(bytes).min(self.units);
        let room = Arc::clone(&self.room).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, room).await {
            Ok(Ok(room)) => Ok(UploadPlace(Some(room))),
            Ok(Err(_)) | Err(_) => Err(ApiError::ConcurrencyLimited(Busy::Uploads)),
        }
    }

    /// Parses what was uploaded, on a blocking thread, when it is its turn. The work takes memory beyond the body's
    /// room.
    ///
    /// # Errors
    /// The error of the work itself.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        Self::in_turn(&self.turns, work).await
    }

    /// Sets a picture upright, on a blocking thread, when it is its turn.
    ///
    /// # Errors
    /// The error of the work itself.
    pub async fn set_upright<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        Self::in_turn(&self.upright, work).await
    }

    async fn in_turn<T: Send + 'static>(
        turns: &Arc<Semaphore>,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = Arc::clone(turns)
            .acquire_owned()
            .await
            .map_err(ApiError::internal)?;
        let working = tokio::task::spawn_blocking(move || {
            // Held inside the task, since a caller who hangs up does not stop it.
            let _turn = turn;
            work()
        });
        working
            .await
            .unwrap_or_else(|error| Err(ApiError::internal(error)))
    }
}

impl UploadPlace {
    /// Gives back the room that a body whose length was not known did not need. `bytes` is its length.
    pub fn shrink_to(&mut self, bytes: usize) {
        if bytes <= SMALL {
            self.0 = None;
        } else if let Some(room) = &mut self.0 {
            let spare = room.num_permits().saturating_sub(units(bytes) as usize);
            drop(room.split(spare));
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[tokio::test(start_paused = true)]
    async fn a_body_without_room_is_refused_and_small_ones_need_none() {
        let uploads = Uploads::new(10);
        let first = uploads.admit(6 * MIB).await.unwrap();
        let refused = uploads.admit(6 * MIB).await.err().unwrap();
        assert!(matches!(
            refused,
            ApiError::ConcurrencyLimited(Busy::Uploads)
        ));
        assert!(uploads.admit(SMALL).await.is_ok());
        assert!(uploads.admit(4 * MIB).await.is_ok());
        drop(first);
        // A body larger than the whole room is admitted alone.
        let all = uploads.admit(36 * MIB).await.unwrap();
        assert!(uploads.admit(SMALL + 1).await.is_err());
        drop(all);
        assert!(uploads.admit(SMALL + 1).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_unknown_length_keeps_the_room_that_it_fills() {
        let uploads = Uploads::new(10);
        let mut place = uploads.admit(10 * MIB).await.unwrap();
        place.shrink_to(4 * MIB);
        let rest = uploads.admit(6 * MIB).await.unwrap();
        assert!(uploads.admit(MIB).await.is_err());
        place.shrink_to(SMALL);
        assert!(uploads.admit(4 * MIB).await.is_ok());
        drop(rest);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_gives_its_turn_back() {
        let uploads = Uploads::new(1);
        for _ in 0..=available_parallelism().map_or(1, Into::into) {
            let done = uploads.work(|| -> Result<(), _> { panic!("told to") });
            assert!(matches!(done.await, Err(ApiError::Processing(_))));
        }
        assert_eq!(uploads.work(|| Ok(7)).await.unwrap(), 7);
    }
}
