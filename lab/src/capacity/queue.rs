//! The broker's queues, and the messages that each worker holds.

use std::collections::VecDeque;

use livegate_common::broker::{MAX_BYTES, MAX_MESSAGES, Queue};

/// The two queues of one broker. Each `T` is a message.
pub struct Broker<T> {
    verify: Waiting<T>,
    interactive: Waiting<T>,
    prefetch: u32,
}

struct Waiting<T> {
    messages: VecDeque<(T, usize)>,
    bytes: usize,
    /// Workers that may get a message, in their turns.
    ready: VecDeque<usize>,
    /// Messages that each worker holds.
    held: Vec<u32>,
}

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

impl<T> Broker<T> {
    /// Empty queues for this number of workers. Each worker holds at most `prefetch` messages of each queue.
    pub fn new(workers: usize, prefetch: u32) -> Self {
        let empty = || Waiting {
            messages: VecDeque::new(),
            bytes: 0,
            ready: (0..workers).collect(),
            held: vec![0; workers],
        };
        Self {
            verify: empty(),
            interactive: empty(),
            prefetch,
        }
    }

    /// Adds a message.
    ///
    /// # Errors
    /// [`QueueFull`] beyond the limits that Livegate gives its queues.
    pub fn publish(&mut self, queue: Queue, message: T, bytes: usize) -> Result<(), QueueFull> {
        let of = self.of(queue);
        if of.messages.len() >= MAX_MESSAGES || of.bytes + bytes > MAX_BYTES {
            return Err(QueueFull);
        }
        of.bytes += bytes;
        of.messages.push_back((message, bytes));
        Ok(())
    }

    /// The next message that goes to a worker, and the worker. Workers with room take turns. Messages whose deadline has passed,
    /// by `is_over`, are dropped.
    pub fn deliver(&mut self, queue: Queue, is_over: impl Fn(&T) -> bool) -> Option<(T, usize)> {
        let prefetch = self.prefetch;
        let of = self.of(queue);
        loop {
            of.ready.front()?;
            let (message, bytes) = of.messages.pop_front()?;
            of.bytes -= bytes;
            if is_over(&message) {
                continue;
            }
            let worker = of.ready.pop_front()?;
            let held = of.held.get_mut(worker)?;
            *held += 1;
            if *held < prefetch {
                of.ready.push_back(worker);
            }
            return Some((message, worker));
        }
    }

    /// Notes that a worker has acknowledged a message.
    pub fn acknowledge(&mut self, queue: Queue, worker: usize) {
        let prefetch = self.prefetch;
        let of = self.of(queue);
        if let Some(held) = of.held.get_mut(worker) {
            if *held == prefetch {
                of.ready.push_back(worker);
            }
            *held -= 1;
        }
    }

    /// Messages that no worker has taken yet, which KEDA counts.
    pub fn waiting(&self, queue: Queue) -> usize {
        match queue {
            Queue::Verify => self.verify.messages.len(),
            Queue::Interactive => self.interactive.messages.len(),
        }
    }

    /// Bytes of the messages that no worker has taken yet, of both queues.
    pub fn waiting_bytes(&self) -> usize {
        self.verify.bytes + self.interactive.bytes
    }

    fn of(&mut self, queue: Queue) -> &mut Waiting<T> {
        match queue {
            Queue::Verify => &mut self.verify,
            Queue::Interactive => &mut self.interactive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_workers_take_turns_and_hold_no_more_than_they_may() {
        let mut broker = Broker::new(2, 2);
        for n in 0..6 {
            assert!(broker.publish(Queue::Verify, n, 1).is_ok());
        }
        let mut taken = Vec::new();
        while let Some(next) = broker.deliver(Queue::Verify, |n| *n == 1) {
            taken.push(next);
        }
        assert_eq!(taken, [(0, 0), (2, 1), (3, 0), (4, 1)]);
        assert_eq!(broker.waiting(Queue::Verify), 1);
        broker.acknowledge(Queue::Verify, 1);
        assert_eq!(broker.deliver(Queue::Verify, |_| false), Some((5, 1)));
    }

    #[test]
    fn capacity_a_queue_has_the_limits_of_the_real_one() {
        let mut broker = Broker::new(0, 2);
        for n in 0..MAX_MESSAGES {
            assert!(broker.publish(Queue::Verify, n, 1).is_ok());
        }
        assert_eq!(broker.publish(Queue::Verify, 0, 1), Err(QueueFull));
        assert!(broker.publish(Queue::Interactive, 0, MAX_BYTES).is_ok());
        assert_eq!(broker.publish(Queue::Interactive, 0, 1), Err(QueueFull));
    }
}
