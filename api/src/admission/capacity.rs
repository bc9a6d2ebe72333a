//! The threads that measure: how many there are, and what live frames take of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use livegate_common::presence::Presence;
use livegate_common::shutdown::Shutdown;
use tokio::time::Instant;

/// Pause between two looks at which workers there are.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Part of the threads that verifies get in any case: workers let eight live frames go ahead of each task of a verify,
/// and such a task is worth several of them.
const LEAST_PART: f64 = 1.0 / 3.0;

/// Time over which the use by live frames is averaged.
const USE_OVER: Duration = Duration::from_secs(5);

/// The threads of all workers. Clones share what is known.
#[derive(Clone, Default)]
pub struct Capacity(Arc<Known>);

#[derive(Default)]
struct Known {
    /// Threads that measure; 0 until a worker was seen.
    threads: AtomicU32,
    live: Mutex<LiveUse>,
}

/// Thread time that live frames used lately, fading.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveUse {
    seconds: f64,
    at: Option<Instant>,
}

impl LiveUse {
    /// Adds the thread time of a live frame that was done at `now`.
    pub fn add(&mut self, took: Duration, now: Instant) {
        self.seconds = self.seconds_at(now) + took.as_secs_f64();
        self.at = Some(now);
    }

    /// The part of `threads` threads that live frames leave for verifies at `now`.
    pub fn threads_for_verify(&self, threads: f64, now: Instant) -> f64 {
        let used = self.seconds_at(now) / USE_OVER.as_secs_f64();
        (threads - used).max(threads * LEAST_PART)
    }

    fn seconds_at(&self, now: Instant) -> f64 {
        let passed = self.at.map_or(Duration::ZERO, |at| now.duration_since(at));
        self.seconds * (-passed.as_secs_f64() / USE_OVER.as_secs_f64()).exp()
    }
}

impl Capacity {
    /// Keeps the number of threads up to date until shutdown. While the store is away, the last number stays.
    pub async fn follow(self, presence: Arc<dyn Presence>, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = ticks.tick() => {}
            }
            // Without any worker the last number stays, too: work in hand waits for the next one.
            if let Ok(workers) = presence.workers().await
                && workers.threads > 0
            {
                self.0.threads.store(workers.threads, Ordering::Relaxed);
            }
        }
    }

    /// Notes that a live frame took a thread so long.
    pub fn used_live(&self, took: Duration) {
        let mut live = self.0.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.add(took, Instant::now());
    }

    /// Threads of all workers seen last, at least 1.
    pub fn threads(&self) -> f64 {
        f64::from(self.0.threads.load(Ordering::Relaxed).max(1))
    }

    /// Threads that live frames leave for verifies.
    pub fn threads_for_verify(&self) -> f64 {
        let live = *self.0.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.threads_for_verify(self.threads(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use livegate_common::presence::{MemoryPresence, Worker};
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_threads_of_all_workers_count_and_the_last_number_stays() {
        let (presence, capacity) = (Arc::new(MemoryPresence::new()), Capacity::default());
        let (trigger, shutdown) = Shutdown::new();
        let following = tokio::spawn(capacity.clone().follow(presence.clone(), shutdown));
        assert!((capacity.threads() - 1.0).abs() < 1e-9);
        for threads in [2, 3] {
            let id = Uuid::new_v4();
            let worker = Worker { id, threads };
            presence.beat(worker, Duration::from_secs(7)).await.unwrap();
        }
        tokio::time::sleep(2 * LOOK_EVERY).await;
        assert!((capacity.threads() - 5.0).abs() < 1e-9);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!((capacity.threads() - 5.0).abs() < 1e-9);
        trigger.stop();
        following.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn live_frames_leave_a_third_at_least_and_all_after_they_end() {
        let capacity = Capacity::default();
        capacity.0.threads.store(3, Ordering::Relaxed);
        for _ in 0..200 {
            capacity.used_live(Duration::from_millis(50));
            tokio::time::advance(Duration::from_millis(50)).await;
        }
        let left = capacity.threads_for_verify();
        assert!((left - 2.0).abs() < 0.2, "{left}");
        (0..1000).for_each(|_| capacity.used_live(Duration::from_millis(50)));
        assert!((capacity.threads_for_verify() - 1.0).abs() < 1e-9);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(capacity.threads_for_verify() > 2.9);
    }
}
