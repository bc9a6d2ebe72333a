//! Lets work in that can be expected to end well within its deadline, and shares the threads fairly between keys.
//!
//! `price` knows what work costs, from what earlier work took. `capacity` knows how many threads there are. `room`
//! decides whether work is let in: it is pure. What was let in goes to the workers in the order of `turns`, which is pure
//! as well; `dispatch` makes it wait.
//!
//! The pure parts are public: `livegate-lab capacity` simulates a service with these very rules.

pub mod capacity;
mod dispatch;
pub mod price;
pub mod room;
pub mod turns;

use std::sync::Arc;
use std::time::Duration;

use livegate_common::broker::Queue;
use livegate_common::job::Cost;
use livegate_common::limits::{Claim, Claimed, Limits, MemoryLimits, Permit};
use livegate_common::presence::Presence;
use livegate_common::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use self::capacity::Capacity;
use self::dispatch::{Dispatcher, Turn};
use self::price::Prices;
pub use self::price::{Work, megapixels};
use self::room::{Full, Room};
use crate::error::{ApiError, Busy};
use crate::keys::KeyRecord;

/// Kinds of work, as places and metrics name them.
const VERIFY: &str = "verify";
const INTERACTIVE: &str = "interactive";

/// Time within which live frames must be measured. Half of it is for each key's own frames: guidance that is older
/// than a second is useless, since the face has moved on.
pub const LIVE_LIMIT: Duration = Duration::from_secs(2);

/// Most work of this process at once. Open connections limit it further.
const MOST: u32 = 1 << 20;

/// Lets work in, and lets it go to the workers. Clones share what is in hand.
#[derive(Clone)]
pub struct Admissions {
    capacity: Capacity,
    prices: Arc<Prices>,
    verify: Dispatcher,
    interactive: Dispatcher,
    running: Arc<Semaphore>,
    /// Live frames of this process. Replicas do not share them: a frame is over before a store could be asked twice.
    live: MemoryLimits,
    lease_margin: Duration,
}

/// The right to have work done. Dropping it gives its place back.
pub struct Admission {
    lane: Lane,
    _place: Permit,
    _running: OwnedSemaphorePermit,
}

/// The way to the workers for the batches of one piece of work.
#[derive(Clone)]
pub struct Lane {
    queue: Queue,
    key: Arc<KeyRecord>,
    admissions: Admissions,
}

/// A batch that went to the workers. Dropping it lets the next one go.
pub struct Batched {
    turn: Turn,
    work: Work,
    queue: Queue,
    admissions: Admissions,
}

/// The estimates, for metrics.
pub struct Estimates {
    /// Threads of all workers.
    pub threads: f64,
    /// For each kind of work, `verify` and `interactive`: seconds until all work in hand of this process is expected
    /// to be done.
    pub ahead: [(&'static str, f64); 2],
    /// Thread time of one piece of each kind of work that was measured, seconds.
    pub prices: Vec<(String, f64)>,
}

impl Admissions {
    /// Admissions without work in hand. If a process dies, its places are free again `lease_margin` after the longest
    /// that its verifications could have taken.
    pub fn new(lease_margin: Duration) -> Self {
        let capacity = Capacity::default();
        Self {
            verify: Dispatcher::new(capacity.clone()),
            interactive: Dispatcher::new(capacity.clone()),
            capacity,
            prices: Arc::default(),
            running: Arc::new(Semaphore::new(MOST as usize)),
            live: MemoryLimits::new(),
            lease_margin,
        }
    }

    /// Keeps the number of threads up to date until shutdown.
    pub async fn follow(self, presence: Arc<dyn Presence>, shutdown: Shutdown) {
        self.capacity.follow(presence, shutdown).await;
    }

    /// Takes one of the key's places for a verification, at once or not at all. `limit` is the longest that it may
    /// take.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the key has no place left, or when the work cannot be expected to end in
    /// time.
    pub async fn admit(
        &self,
        limits: &dyn Limits,
        key: &Arc<KeyRecord>,
        work: &Work,
        limit: Duration,
    ) -> Result<Admission, ApiError> {
        let threads = self.capacity.threads_for_verify();
        let room = Room { threads, limit };
        let claim = Claim {
            kind: VERIFY,
            key: &key.id,
            places: key.concurrency,
            weight: key.concurrency,
            work: self.prices.expected(work),
            lease: limit + self.lease_margin,
        };
        let place = match limits.take_place(&claim).await? {
            Claimed::Taken(place, load) => {
                let admitted = room.admit(&load, claim.weight, claim.work);
                admitted.map_err(|full| refused(full, Busy::Server))?;
                place
            }
            Claimed::Full(load) => {
                let wait = room.next_end(&load, claim.weight);
                return Err(ApiError::busy(Busy::Key, wait));
            }
        };
        self.admission(Queue::Verify, key, place)
    }

    /// Lets one live frame of a session of `key` in, at once or not at all.
    ///
    /// # Errors
    /// [`ApiError::ConcurrencyLimited`] when the frame cannot be expected to be measured in time.
    pub async fn admit_live(
        &self,
        key: &Arc<KeyRecord>,
        work: &Work,
    ) -> Result<Admission, ApiError> {
        let room = Room {
            threads: self.capacity.threads(),
            limit: LIVE_LIMIT,
        };
        let claim = Claim {
            kind: INTERACTIVE,
            key: &key.id,
            places: MOST,
            weight: key.concurrency,
            work: self.prices.expected(work),
            // A process does not outlive its own places.
            lease: Duration::from_secs(3600),
        };
        match self.live.take_place(&claim).await? {
            Claimed::Taken(place, load) => {
                let admitted = room.admit(&load, claim.weight, claim.work);
                admitted.map_err(|full| refused(full, Busy::LiveFrames))?;
                self.admission(Queue::Interactive, key, place)
            }
            Claimed::Full(_) => Err(ApiError::busy(Busy::LiveFrames, LIVE_LIMIT)),
        }
    }

    /// The work of this process that is in hand, and the estimates.
    pub fn estimates(&self) -> Estimates {
        let seconds = |of: &Dispatcher, threads: f64| of.in_hand().as_secs_f64() / threads;
        let threads = self.capacity.threads();
        let for_verify = self.capacity.threads_for_verify();
        let prices = self.prices.known().into_iter();
        Estimates {
            threads,
            ahead: [
                (VERIFY, seconds(&self.verify, for_verify)),
                (INTERACTIVE, seconds(&self.interactive, threads)),
            ],
            prices: prices.map(|(kind, price)| (kind.name(), price)).collect(),
        }
    }

    /// Waits until everything that was let in has ended; nothing is let in from now on.
    pub async fn drain(&self) {
        // An error means that the semaphore is closed, so it was drained before.
        let all = self.running.acquire_many(MOST).await;
        let _ = all.map(|_| self.running.close());
    }

    fn admission(
        &self,
        queue: Queue,
        key: &Arc<KeyRecord>,
        place: Permit,
    ) -> Result<Admission, ApiError> {
        let running = Arc::clone(&self.running).try_acquire_owned();
        let stopping = |_| ApiError::busy(Busy::Server, Duration::from_secs(1));
        Ok(Admission {
            lane: Lane {
                queue,
                key: Arc::clone(key),
                admissions: self.clone(),
            },
            _place: place,
            _running: running.map_err(stopping)?,
        })
    }

    fn dispatcher(&self, queue: Queue) -> &Dispatcher {
        match queue {
            Queue::Verify => &self.verify,
            Queue::Interactive => &self.interactive,
        }
    }
}

impl Admission {
    /// The way to the workers.
    pub fn lane(&self) -> &Lane {
        &self.lane
    }
}

impl Lane {
    /// The queue that the batches go over.
    pub fn queue(&self) -> Queue {
        self.queue
    }

    /// Threads of all workers seen last, at least 1.
    pub fn threads(&self) -> f64 {
        self.admissions.capacity.threads()
    }

    /// Waits for the turn of a batch with this work.
    pub async fn turn(&self, work: Work) -> Batched {
        let expected = self.admissions.prices.expected(&work);
        let dispatcher = self.admissions.dispatcher(self.queue);
        let turn = dispatcher.turn(&self.key.id, self.key.concurrency, expected);
        Batched {
            turn: turn.await,
            work,
            queue: self.queue,
            admissions: self.admissions.clone(),
        }
    }
}

impl Batched {
    /// Its work, as it was expected.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Ends the turn of a batch that cost this much. `learned` is the work that it turned out to be; `None` where its
    /// cost says nothing about what such work costs.
    pub fn done(self, cost: Cost, learned: Option<&Work>) {
        let took = Duration::from_micros(cost.occupied_us);
        if let Some(work) = learned {
            self.admissions.prices.learn(work, took, Instant::now());
        }
        if self.queue == Queue::Interactive {
            self.admissions.capacity.used_live(took);
        }
        self.turn.done(took);
    }
}

fn refused(full: Full, server: Busy) -> ApiError {
    match full {
        Full::Share { retry_after } => ApiError::busy(Busy::Share, retry_after),
        Full::Server { retry_after } => ApiError::busy(server, retry_after),
    }
}

#[cfg(test)]
mod tests;
