//! Frames in flight on this replica. A session is not ended by its time while a frame that arrived
//! before is still being measured.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// How long measuring one frame may take; guidance from an older frame is useless.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Arrival times of the frames in flight, Unix milliseconds, by session id.
#[derive(Default)]
pub struct InFlight {
    arrivals: Mutex<HashMap<String, Vec<u64>>>,
    left: Notify,
}

/// A frame in flight. Dropping it marks the frame as done, whether or not it was taken.
pub struct Passage<'a> {
    of: &'a InFlight,
    session: String,
    arrived_ms: u64,
}

impl InFlight {
    /// Marks a frame as in flight.
    pub fn enter(&self, session: &str, arrived_ms: u64) -> Passage<'_> {
        let session = session.to_owned();
        let mut arrivals = self.lock();
        arrivals
            .entry(session.clone())
            .or_default()
            .push(arrived_ms);
        Passage {
            of: self,
            session,
            arrived_ms,
        }
    }

    /// Waits until every frame of this session that arrived before `ends_at_ms` (Unix milliseconds) is
    /// done, for `limit` at most.
    pub async fn until_none_before(&self, session: &str, ends_at_ms: u64, limit: Duration) {
        let none = async {
            loop {
                let left = self.left.notified();
                if !self.has_one_before(session, ends_at_ms) {
                    return;
                }
                left.await;
            }
        };
        // A frame that takes longer than `limit` is given up.
        let _ = tokio::time::timeout(limit, none).await;
    }

    fn has_one_before(&self, session: &str, ends_at_ms: u64) -> bool {
        let arrivals = self.lock();
        let of_session = arrivals.get(session);
        of_session.is_some_and(|all| all.iter().any(|arrived_ms| *arrived_ms < ends_at_ms))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<u64>>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        let mut arrivals = self.of.lock();
        if let Some(of_session) = arrivals.get_mut(&self.session) {
            if let Some(at) = of_session.iter().position(|a| *a == self.arrived_ms) {
                of_session.swap_remove(at);
            }
            if of_session.is_empty() {
                arrivals.remove(&self.session);
            }
        }
        drop(arrivals);
        self.of.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_frames_that_arrived_before_it_and_for_no_others() {
        let (frames, session) = (InFlight::default(), "a");
        let early = frames.enter(session, 10);
        let _late = frames.enter(session, 30);
        let _other = frames.enter("b", 10);
        let end = frames.until_none_before(session, 20, LIMIT);
        tokio::pin!(end);
        assert!(futures_util::poll!(&mut end).is_pending());
        drop(early);
        assert!(futures_util::poll!(&mut end).is_ready());
        // A frame that is never done does not block for ever.
        frames.until_none_before(session, 40, LIMIT).await;
        assert_eq!(frames.lock().len(), 2);
    }
}
