//! Memory for large bodies: who may take how much of it, and how many bodies are worked on at once.
//!
//! A body takes room for the bytes that came, not for those that its head announces. A caller may hold as much as
//! is still free: one caller alone at most half of the room, two at most a third each. So there is always room left for
//! one more, whatever the others do. This is the rule of A. Choudhury and E. Hahne, "Dynamic queue length thresholds for
//! shared-memory packet switches", IEEE/ACM Transactions on Networking 6(2), 1998. It holds between keys. Between the
//! sessions of a key each may hold an eighth of what is free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

use crate::error::{ApiError, Busy};

/// Largest body that takes no upload room and is parsed where it arrives, bytes.
pub const SMALL: usize = 64 << 10;

/// How long a body may wait for room, each time that it needs more.
const PATIENCE: Duration = Duration::from_secs(2);

/// A session may hold this part of what is free: one in eight.
const SESSION_PART: usize = 8;

/// How many pictures are set upright at once. One takes up to 184 MiB while it is decoded: 4096x4096 pixels, four
/// channels of 16 bits, and three of 8. So more cores must not mean more of them.
const UPRIGHT: usize = 2;

/// Memory for large bodies. Clones share it.
#[derive(Clone)]
pub struct Uploads {
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
    upright: Arc<Semaphore>,
}

struct Shared {
    room: usize,
    taken: Mutex<Taken>,
    /// Notified when room becomes free.
    freed: Notify,
}

/// Bytes taken, in all and by each holder.
#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<Arc<str>, usize>,
}

/// The caller who sends a body.
#[derive(Clone, Debug, Default)]
pub struct Uploader {
    /// Id of the key; `None` for a call without one.
    pub key: Option<Arc<str>>,
    /// Id of the session that the body is sent to, if it is sent to one.
    pub session: Option<Uuid>,
}

/// The room of one body; freed when dropped. Kept for as long as any part of the body.
pub struct UploadPlace {
    of: Arc<Shared>,
    key: Arc<str>,
    session: Option<Arc<str>>,
    bytes: usize,
}

impl Uploads {
    /// Room for `max_mib` MiB of bodies, and as many turns to work on them as there are cores.
    pub fn new(max_mib: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                room: max_mib.saturating_mul(1 << 20),
                taken: Mutex::default(),
                freed: Notify::new(),
            }),
            // This work shares the blocking threads with sealing, which must never wait for it.
            turns: Arc::new(Semaphore::new(
                available_parallelism().map_or(1, Into::into),
            )),
            upright: Arc::new(Semaphore::new(UPRIGHT)),
        }
    }

    /// A place for a body of this caller, without room yet.
    pub fn place(&self, uploader: Uploader) -> UploadPlace {
        let key = uploader.key.unwrap_or_default();
        // Key ids have no slash, so no key has the name of a session. The key is part of the name: who sends to
        // another key's session takes no room of that session.
        let session = uploader.session.map(|id| format!("{key}/{id}").into());
        UploadPlace {
            of: Arc::clone(&self.shared),
            key,
            session,
            bytes: 0,
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UploadPlace {
    /// Takes room, so that the body has room for `bytes` in all. Nothing else limits the memory that callers can make
    /// the process use, since verifications are admitted only after the body is read.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when this caller gets no more room within two seconds. Bodies that wait for each
    /// other's room end so, too.
    pub async fn grow_to(&mut self, bytes: usize) -> Result<(), ApiError> {
        if bytes <= SMALL {
            return Ok(());
        }
        let until = Instant::now() + PATIENCE;
        let of = Arc::clone(&self.of);
        loop {
            let freed = of.freed.notified();
            if self.take(bytes) {
                return Ok(());
            }
            if tokio::time::timeout_at(until, freed).await.is_err() {
                return Err(ApiError::busy(Busy::Uploads, PATIENCE));
            }
        }
    }

    /// Takes room at once or not at all.
    fn take(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let mut taken = self.of.lock();
        // A body that is alone may fill the room: it may be larger than half of it.
        let is_alone = taken.all == self.bytes;
        let free = self.of.room.saturating_sub(taken.all + more);
        let fits = |holder: &Arc<str>, limit: usize| {
            taken.by.get(holder).copied().unwrap_or(0) + more <= limit
        };
        let has_share = fits(&self.key, free)
            && (self.session.as_ref()).is_none_or(|session| fits(session, free / SESSION_PART));
        if !is_alone && !has_share {
            return false;
        }
        taken.all += more;
        for holder in [Some(&self.key), self.session.as_ref()]
            .into_iter()
            .flatten()
        {
            *taken.by.entry(Arc::clone(holder)).or_default() += more;
        }
        drop(taken);
        self.bytes += more;
        true
    }

    /// Gives back the room that the body did not need. `bytes` is what it holds in memory.
    pub fn shrink_to(&mut self, bytes: usize) {
        let kept = if bytes <= SMALL { 0 } else { bytes };
        let spare = self.bytes.saturating_sub(kept);
        if spare == 0 {
            return;
        }
        let mut taken = self.of.lock();
        taken.all = taken.all.saturating_sub(spare);
        for holder in [Some(&self.key), self.session.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Some(held) = taken.by.get_mut(holder) {
                *held = held.saturating_sub(spare);
                if *held == 0 {
                    taken.by.remove(holder);
                }
            }
        }
        drop(taken);
        self.bytes -= spare;
        self.of.freed.notify_waiters();
    }
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn place(uploads: &Uploads, key: &str, session: Option<u128>) -> UploadPlace {
        uploads.place(Uploader {
            key: Some(key.into()),
            session: session.map(Uuid::from_u128),
        })
    }

    /// Fills as much as this caller gets, by one body after the other, MiB.
    fn fill(uploads: &Uploads, key: &str, session: Option<u128>) -> (usize, Vec<UploadPlace>) {
        let mut bodies = Vec::new();
        loop {
            let mut body = place(uploads, key, session);
            if !body.take(MIB) {
                return (bodies.len(), bodies);
            }
            bodies.push(body);
        }
    }

    #[test]
    fn each_caller_gets_as_much_as_is_left_and_there_is_room_for_one_more() {
        let uploads = Uploads::new(120);
        let (first, of_first) = fill(&uploads, "a", None);
        assert_eq!(first, 60);
        let (second, of_second) = fill(&uploads, "b", None);
        assert_eq!(second, 30);
        let (third, _of_third) = fill(&uploads, "c", None);
        assert_eq!(third, 15);
        drop(of_first);
        // What is free is shared anew.
        let (more, _more) = fill(&uploads, "b", None);
        assert_eq!(more + second, 52);
        drop(of_second);
    }

    #[test]
    fn a_session_gets_a_part_of_what_its_key_may_hold() {
        let uploads = Uploads::new(256);
        let (one, _of_one) = fill(&uploads, "a", Some(1));
        assert_eq!(one, 28);
        let (other, _of_other) = fill(&uploads, "a", Some(2));
        assert_eq!(other, 25);
        let (another, _of_another) = fill(&uploads, "b", Some(3));
        assert_eq!(another, 22);
        // Another key that names the first session takes room of its own.
        let (stranger, _of_stranger) = fill(&uploads, "b", Some(1));
        assert_eq!(stranger, 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_alone_may_fill_the_room_and_small_ones_need_none() {
        let uploads = Uploads::new(10);
        let mut large = place(&uploads, "a", None);
        large.grow_to(6 * MIB).await.unwrap();
        large.grow_to(36 * MIB).await.unwrap();
        let mut other = place(&uploads, "b", None);
        assert!(other.grow_to(SMALL).await.is_ok());
        let refused = other.grow_to(SMALL + 1).await.err().unwrap();
        assert_eq!(refused.code(), crate::error::Code::ConcurrencyLimit);
        drop(large);
        assert!(other.grow_to(SMALL + 1).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_waits_for_room_that_becomes_free() {
        let uploads = Uploads::new(10);
        let mut first = place(&uploads, "a", None);
        first.grow_to(5 * MIB).await.unwrap();
        let mut second = place(&uploads, "b", None);
        let mut waiting = Box::pin(second.grow_to(4 * MIB));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        first.shrink_to(MIB);
        assert!(waiting.await.is_ok());
        assert_eq!(uploads.shared.lock().all, 5 * MIB);
        drop((first, second));
        let taken = uploads.shared.lock();
        assert_eq!((taken.all, taken.by.len()), (0, 0));
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
