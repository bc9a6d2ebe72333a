//! Events in the order of their times.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

/// Simulated time since the start.
pub type Time = Duration;

/// What will happen. Events of the same time happen in the order in which they were added, so that the same seed always
/// gives the same run.
pub struct Events<E> {
    coming: BinaryHeap<Reverse<Entry<E>>>,
    added: u64,
    now: Time,
}

struct Entry<E> {
    at: Time,
    number: u64,
    event: E,
}

impl<E> Default for Events<E> {
    fn default() -> Self {
        Self {
            coming: BinaryHeap::new(),
            added: 0,
            now: Time::ZERO,
        }
    }
}

impl<E> Events<E> {
    /// The time of the latest event that happened.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Adds an event that happens after this time.
    pub fn after(&mut self, wait: Duration, event: E) {
        self.at(self.now + wait, event);
    }

    /// Adds an event at this time, or now if that has passed.
    pub fn at(&mut self, at: Time, event: E) {
        self.added += 1;
        self.coming.push(Reverse(Entry {
            at: at.max(self.now),
            number: self.added,
            event,
        }));
    }

    /// Takes the next event, and moves the time on to it.
    pub fn next(&mut self) -> Option<E> {
        let Reverse(entry) = self.coming.pop()?;
        self.now = entry.at;
        Some(entry.event)
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}
