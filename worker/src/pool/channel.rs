//! A channel that takes tasks to the threads, with one line for each queue.
//!
//! Each line has a limited number of places, and a sender waits for one. A full line does not block the
//! other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use livegate_common::broker::Queue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::turns::Turns;

/// A channel with `places` places in each line.
pub fn channel<T>(places: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        waiting: Mutex::new(Waiting {
            turns: Turns::new(),
            ended: false,
        }),
        arrived: Condvar::new(),
        verify: Arc::new(Semaphore::new(places)),
        interactive: Arc::new(Semaphore::new(places)),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// The sending end. Dropping it ends the channel and drops the waiting tasks.
pub struct Sender<T>(Arc<Shared<T>>);

/// The receiving end. Dropping it ends the channel and drops the waiting tasks.
pub struct Receiver<T>(Arc<Shared<T>>);

/// The channel has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl<T> Sender<T> {
    /// Sends a task, once there is a place in the line of its queue. Fails with [`Ended`] after the end.
    pub async fn send(&self, queue: Queue, task: T) -> Result<(), Ended> {
        let places = match queue {
            Queue::Verify => &self.0.verify,
            Queue::Interactive => &self.0.interactive,
        };
        let place = Arc::clone(places).acquire_owned().await;
        let place = place.map_err(|_| Ended)?;
        let mut waiting = self.0.lock();
        if waiting.ended {
            return Err(Ended);
        }
        waiting.turns.add(queue, (task, place));
        self.0.arrived.notify_one();
        Ok(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<T> Receiver<T> {
    /// Takes the task whose turn it is. Blocks until there is one; `None` when the channel has ended.
    pub fn receive(&self) -> Option<T> {
        let mut waiting = self.0.lock();
        let (task, place) = loop {
            if let Some(next) = waiting.turns.take_next() {
                break next;
            }
            if waiting.ended {
                return None;
            }
            let arrival = self.0.arrived.wait(waiting);
            waiting = arrival.unwrap_or_else(PoisonError::into_inner);
        };
        drop(waiting);
        // Outside the lock, which the sender that gets the place takes next.
        drop(place);
        Some(task)
    }

    /// Whether the channel has ended.
    pub fn has_ended(&self) -> bool {
        self.0.lock().ended
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    arrived: Condvar,
    /// Free places in the line of each queue.
    verify: Arc<Semaphore>,
    interactive: Arc<Semaphore>,
}

struct Waiting<T> {
    turns: Turns<(T, OwnedSemaphorePermit)>,
    ended: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        let mut waiting = self.lock();
        waiting.ended = true;
        let left = std::mem::take(&mut waiting.turns);
        drop(waiting);
        self.verify.close();
        self.interactive.close();
        self.arrived.notify_all();
        // Outside the lock: dropping tasks wakes the callers that wait for them.
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_full_line_waits_for_a_place_and_does_not_hold_up_the_other() {
        for (full, other) in [
            (Queue::Verify, Queue::Interactive),
            (Queue::Interactive, Queue::Verify),
        ] {
            let (sender, receiver) = channel(1);
            let send = |queue, task| sender.send(queue, task).boxed();
            let mut waiting = send(full, "third");
            assert_eq!(send(full, "first").now_or_never(), Some(Ok(())));
            assert_eq!((&mut waiting).now_or_never(), None);
            assert_eq!(send(other, "second").now_or_never(), Some(Ok(())));
            let mut taken = [receiver.receive(), receiver.receive()];
            taken.sort_unstable();
            assert_eq!(taken, [Some("first"), Some("second")]);
            assert_eq!(waiting.now_or_never(), Some(Ok(())));
            assert_eq!(receiver.receive(), Some("third"));
        }
    }

    #[test]
    fn without_receivers_a_task_is_dropped_and_another_is_refused() {
        let (sender, receiver) = channel(1);
        let (task, probe) = (Arc::new(()), Arc::new(()));
        let held = Arc::downgrade(&task);
        let sent = sender.send(Queue::Verify, task).now_or_never();
        assert_eq!(sent, Some(Ok(())));
        let mut waiting = sender.send(Queue::Verify, probe).boxed();
        assert_eq!((&mut waiting).now_or_never(), None);
        drop(receiver);
        assert!(held.upgrade().is_none());
        assert_eq!(waiting.now_or_never(), Some(Err(Ended)));
    }

    #[test]
    fn a_receiver_that_waits_sees_the_end() {
        let (sender, receiver) = channel::<()>(1);
        let waiting = std::thread::spawn(move || (receiver.receive(), receiver.has_ended()));
        drop(sender);
        assert_eq!(waiting.join().unwrap(), (None, true));
    }
}
