//! Lets batches go to the workers in fair turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::capacity::Capacity;
use super::turns::Turns;

/// Lets batches go in turns. Clones share the lines.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

struct Shared {
    turns: Mutex<Turns<oneshot::Sender<Turn>>>,
    capacity: Capacity,
}

/// A batch that went to the workers. Dropping it lets the next one go.
pub struct Turn {
    of: Dispatcher,
    key: String,
    work: Duration,
    took: Option<Duration>,
}

impl Dispatcher {
    /// Lines without a batch, for workers of this capacity.
    pub fn new(capacity: Capacity) -> Self {
        Self(Arc::new(Shared {
            turns: Mutex::default(),
            capacity,
        }))
    }

    /// Waits for the turn of a batch that is expected to take one thread so long.
    pub async fn turn(&self, key: &str, weight: u32, work: Duration) -> Turn {
        loop {
            let (ticket, turn) = oneshot::channel();
            self.lock().add(key, weight, work, ticket);
            self.let_go();
            // An error is not possible: a ticket is dropped only after this future is.
            if let Ok(turn) = turn.await {
                return turn;
            }
        }
    }

    /// Expected thread time of everything that waits or is with the workers.
    pub fn in_hand(&self) -> Duration {
        self.lock().in_hand()
    }

    /// Lets every batch go whose turn it is.
    fn let_go(&self) {
        loop {
            let threads = self.0.capacity.threads();
            let next = self.lock().next(threads, oneshot::Sender::is_closed);
            let Some(next) = next else {
                return;
            };
            // Not under the lock: if nobody waits any more, the turn comes back and is dropped.
            let _ = next.ticket.send(Turn {
                of: self.clone(),
                key: next.key,
                work: next.work,
                took: None,
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Turns<oneshot::Sender<Turn>>> {
        let turns = &self.0.turns;
        turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Ends the turn of a batch that took one thread so long.
    pub fn done(mut self, took: Duration) {
        self.took = Some(took);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.of.lock().done(&self.key, self.work, self.took);
        self.of.let_go();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_batch_waits_until_another_is_done_or_given_up() {
        let dispatcher = Dispatcher::new(Capacity::default());
        let first = dispatcher.turn("a", 1, LONG).await;
        let mut second = dispatcher.turn("a", 1, LONG).boxed();
        let mut third = dispatcher.turn("a", 1, LONG).boxed();
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        // Its caller hangs up.
        drop(second);
        first.done(LONG);
        let third = (&mut third).now_or_never();
        assert!(third.is_some());
        // Given up with its turn.
        drop(third);
        assert!(dispatcher.turn("a", 1, LONG).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_turn_that_was_given_and_not_taken_goes_on_to_the_next() {
        let dispatcher = Dispatcher::new(Capacity::default());
        let first = dispatcher.turn("a", 1, LONG).await;
        let mut waiting: Vec<_> = (0..3)
            .map(|_| dispatcher.turn("a", 1, LONG).boxed())
            .collect();
        for turn in &mut waiting {
            assert!(turn.now_or_never().is_none());
        }
        drop(first);
        let mut last = waiting.pop().unwrap();
        drop(waiting);
        assert!((&mut last).now_or_never().is_some());
    }
}
