//! Processor cores that several tasks share.
//!
//! Egalitarian processor sharing (L. Kleinrock, "Queueing Systems, Volume II", 1976, chapter 4), with one limit: a task
//! runs on one core at a time. With `n` tasks on `c` cores each task has the speed `min(1, c / n)`, so all of them
//! advance together, and a task ends when that common progress has grown by its own work.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::events::Time;

/// Cores, and the tasks that run on them. Each `T` is a task.
pub struct Cores<T> {
    number: f64,
    /// Progress of every task since the start, nanoseconds.
    progress: f64,
    /// Time of `progress`.
    at: Time,
    /// The progress at which each task ends, and its number.
    ends: BinaryHeap<Reverse<(u64, u64)>>,
    tasks: BTreeMap<u64, T>,
    added: u64,
}

impl<T> Cores<T> {
    /// Idle cores.
    pub fn new(number: f64) -> Self {
        Self {
            number,
            progress: 0.0,
            at: Time::ZERO,
            ends: BinaryHeap::new(),
            tasks: BTreeMap::new(),
            added: 0,
        }
    }

    /// Begins a task at `now` that takes one core alone `work`.
    pub fn begin(&mut self, now: Time, work: Duration, task: T) {
        self.advance(now);
        self.added += 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "nanoseconds of hours at most, and not negative"
        )]
        let end = (self.progress + work.as_secs_f64() * 1e9).ceil() as u64;
        self.ends.push(Reverse((end, self.added)));
        self.tasks.insert(self.added, task);
    }

    /// Takes a task that has ended by `now`.
    pub fn ended(&mut self, now: Time) -> Option<T> {
        self.advance(now);
        let Reverse((end, number)) = *self.ends.peek()?;
        if self.left_of(end) >= 1.0 {
            return None;
        }
        self.ends.pop();
        self.tasks.remove(&number)
    }

    /// The time at which the next task ends, if no other begins before.
    pub fn next_end(&self) -> Option<Time> {
        let Reverse((end, _)) = *self.ends.peek()?;
        let left_s = self.left_of(end).max(0.0) / self.speed() / 1e9;
        Some(self.at + Duration::from_secs_f64(left_s))
    }

    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of hours at most")]
    fn left_of(&self, end: u64) -> f64 {
        end as f64 - self.progress
    }

    #[expect(clippy::cast_precision_loss, reason = "thousands of tasks at most")]
    fn speed(&self) -> f64 {
        (self.number / self.ends.len().max(1) as f64).min(1.0)
    }

    fn advance(&mut self, now: Time) {
        let passed = now.saturating_sub(self.at).as_secs_f64() * 1e9;
        self.progress += passed * self.speed();
        self.at = now.max(self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Runs until all tasks have ended; returns each with the time of its end, milliseconds.
    fn run(cores: &mut Cores<u32>) -> Vec<(u32, u128)> {
        let mut ends = Vec::new();
        while let Some(at) = cores.next_end() {
            while let Some(task) = cores.ended(at) {
                ends.push((task, at.as_micros().div_ceil(10) / 100));
            }
        }
        ends
    }

    #[test]
    fn capacity_tasks_share_cores_evenly_and_use_one_each() {
        // Alone a task takes its own time, however many cores there are.
        let mut cores = Cores::new(4.0);
        cores.begin(Time::ZERO, 10 * MS, 1);
        assert_eq!(run(&mut cores), [(1, 10)]);
        // Three tasks on two cores: 20 ms of work each take 30, and the longer one goes on alone.
        let mut cores = Cores::new(2.0);
        cores.begin(Time::ZERO, 20 * MS, 1);
        cores.begin(Time::ZERO, 20 * MS, 2);
        cores.begin(Time::ZERO, 30 * MS, 3);
        assert_eq!(run(&mut cores), [(1, 30), (2, 30), (3, 40)]);
    }

    #[test]
    fn capacity_a_task_that_comes_later_slows_down_the_one_that_runs() {
        let mut cores = Cores::new(1.0);
        cores.begin(Time::ZERO, 10 * MS, 1);
        cores.begin(5 * MS, 10 * MS, 2);
        assert_eq!(run(&mut cores), [(1, 15), (2, 20)]);
    }
}
