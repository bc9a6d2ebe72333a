//! The order in which batches of several keys go to the workers.
//!
//! Start-time fair queueing: P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing: A Scheduling Algorithm for
//! Integrated Services Packet Switching Networks", SIGCOMM 1996. Each key has a line. The line whose next batch has
//! the lowest start time goes first, where time advances by what a batch costs, divided by the key's weight.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Work that is sent ahead of the threads: what each thread has in hand or waiting for it. Long enough that no thread
/// waits for its next batch during a round trip, and short since a batch of another key waits behind it.
const AHEAD: Duration = Duration::from_millis(100);

/// Differences of times below this are errors of arithmetic, seconds.
const ROUNDING: f64 = 1e-6;

/// Lines of waiting batches, one for each key. Each `T` is a ticket of one batch.
pub struct Turns<T> {
    lines: BTreeMap<String, Line<T>>,
    /// Start time of the latest batch that was sent.
    now: f64,
}

struct Line<T> {
    weight: f64,
    waiting: VecDeque<(T, Duration)>,
    /// Time at which the line's latest batch ends.
    ends: f64,
    /// Batches that were sent and are not done, and their work in thread time.
    sent: usize,
    sent_work: Duration,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self {
            lines: BTreeMap::new(),
            now: 0.0,
        }
    }
}

/// A batch whose turn it is.
pub struct Next<T> {
    /// Its ticket.
    pub ticket: T,
    /// Its key.
    pub key: String,
    /// Its work, thread time.
    pub work: Duration,
}

impl<T> Turns<T> {
    /// Adds a batch to the end of its key's line.
    pub fn add(&mut self, key: &str, weight: u32, work: Duration, ticket: T) {
        let line = self.lines.entry(key.to_owned()).or_insert_with(|| Line {
            weight: 1.0,
            waiting: VecDeque::new(),
            ends: 0.0,
            sent: 0,
            sent_work: Duration::ZERO,
        });
        line.weight = f64::from(weight.max(1));
        line.waiting.push_back((ticket, work));
    }

    /// Takes the batch whose turn it is, if `threads` threads have too little to do, or if its key has less than its
    /// share with the workers: then it waits for no batch of another key. Batches that nobody waits for any more, by
    /// `is_over`, are dropped.
    pub fn next(&mut self, threads: f64, is_over: impl Fn(&T) -> bool) -> Option<Next<T>> {
        for line in self.lines.values_mut() {
            line.waiting.retain(|(ticket, _)| !is_over(ticket));
        }
        let now = self.now;
        self.lines
            .retain(|_, line| !line.is_idle() || line.ends > now);
        if self.lines.values().all(Line::is_idle) {
            // Nobody competes with anybody.
            self.lines.clear();
        }
        let busy = || self.lines.values().filter(|line| !line.is_idle());
        let weights: f64 = busy().map(|line| line.weight).sum();
        let sent: usize = busy().map(|line| line.sent).sum();
        let sent_work: Duration = busy().map(|line| line.sent_work).sum();
        let room = AHEAD.as_secs_f64() * threads;
        #[expect(clippy::cast_precision_loss, reason = "thousands at most")]
        let is_hungry = (sent as f64) < threads || sent_work.as_secs_f64() < room;
        let waiting = || self.lines.values().filter(|line| !line.waiting.is_empty());
        let first = (waiting().map(|line| line.starts(now))).fold(f64::INFINITY, f64::min);
        let has_share = |line: &Line<T>, work: Duration| {
            let with = (line.sent_work + work).as_secs_f64();
            let is_small = line.sent == 0 || with <= line.weight / weights * room;
            // A key whose work took longer than expected owes time, and waits for the others.
            let owes = line.ends > now + line.sent_work.as_secs_f64() / line.weight + ROUNDING;
            is_small && (!owes || line.starts(now) <= first)
        };
        let may_go = |line: &Line<T>| {
            let next = line.waiting.front();
            next.is_some_and(|(_, work)| is_hungry || has_share(line, *work))
        };
        let (key, line) = (self.lines.iter_mut())
            .filter(|(_, line)| may_go(line))
            .min_by(|(_, one), (_, other)| one.starts(now).total_cmp(&other.starts(now)))?;
        let (ticket, work) = line.waiting.pop_front()?;
        let starts = line.starts(now);
        line.ends = starts + work.as_secs_f64() / line.weight;
        line.sent += 1;
        line.sent_work += work;
        self.now = now.max(starts);
        Some(Next {
            ticket,
            key: key.clone(),
            work,
        })
    }

    /// Expected thread time of everything that waits or was sent and is not done.
    pub fn in_hand(&self) -> Duration {
        let of_line = |line: &Line<T>| {
            let waiting: Duration = line.waiting.iter().map(|(_, work)| *work).sum();
            waiting + line.sent_work
        };
        self.lines.values().map(of_line).sum()
    }

    /// Notes that a batch is done. It was expected to take `work`, and took `took`, or nobody knows.
    pub fn done(&mut self, key: &str, work: Duration, took: Option<Duration>) {
        let Some(line) = self.lines.get_mut(key) else {
            return;
        };
        line.sent = line.sent.saturating_sub(1);
        line.sent_work = line.sent_work.saturating_sub(work);
        if let Some(took) = took {
            // What it really took decides about the key's next turn.
            line.ends += (took.as_secs_f64() - work.as_secs_f64()) / line.weight;
        }
    }
}

impl<T> Line<T> {
    fn starts(&self, now: f64) -> f64 {
        self.ends.max(now)
    }

    fn is_idle(&self) -> bool {
        self.sent == 0 && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Duration = Duration::from_millis(30);
    const LARGE: Duration = Duration::from_millis(900);

    fn next(turns: &mut Turns<u32>) -> Option<Next<u32>> {
        turns.next(2.0, |_| false)
    }

    /// Lets two threads work for a while: whatever was sent first is done first. Returns the keys in their order.
    fn work(turns: &mut Turns<u32>, batches: usize) -> Vec<String> {
        let (mut sent, mut order) = (VecDeque::new(), Vec::new());
        while order.len() < batches {
            while let Some(next) = next(turns) {
                sent.push_back(next);
            }
            let Some(first) = sent.pop_front() else {
                break;
            };
            turns.done(&first.key, first.work, Some(first.work));
            order.push(first.key);
        }
        for left in sent {
            turns.done(&left.key, left.work, None);
        }
        order
    }

    #[test]
    fn the_threads_get_what_they_need_and_not_more() {
        let mut turns = Turns::default();
        (0..100).for_each(|n| turns.add("a", 1, SMALL, n));
        let mut sent = 0;
        while next(&mut turns).is_some() {
            sent += 1;
        }
        // Two threads, a tenth of a second each.
        assert_eq!(sent, 7);
        let mut turns = Turns::default();
        (0..100).for_each(|n| turns.add("a", 1, LARGE, n));
        let mut sent = 0;
        while next(&mut turns).is_some() {
            sent += 1;
        }
        assert_eq!(sent, 2);
    }

    #[test]
    fn a_key_that_floods_waits_for_itself() {
        let mut turns = Turns::default();
        (0..100).for_each(|n| turns.add("flood", 10, LARGE, n));
        while next(&mut turns).is_some() {}
        (0..4).for_each(|n| turns.add("modest", 10, SMALL, n));
        let mut sent = Vec::new();
        while let Some(next) = next(&mut turns) {
            sent.push(next.key);
        }
        // Within its share of what is sent ahead, although the threads have enough to do.
        assert_eq!(sent, ["modest"; 3]);
    }

    #[test]
    fn keys_that_want_all_get_shares_by_their_weights() {
        let mut turns = Turns::default();
        (0..400).for_each(|n| turns.add("one", 1, SMALL, n));
        (0..400).for_each(|n| turns.add("three", 3, SMALL, n));
        let order = work(&mut turns, 200);
        let ones = order.iter().filter(|key| *key == "one").count();
        assert!((45..=55).contains(&ones), "{ones}");
        // The cost counts, not the number.
        let mut turns = Turns::default();
        (0..400).for_each(|n| turns.add("large", 1, 4 * SMALL, n));
        (0..400).for_each(|n| turns.add("small", 1, SMALL, n));
        let order = work(&mut turns, 200);
        let large = order.iter().filter(|key| *key == "large").count();
        assert!((34..=48).contains(&large), "{large}");
    }

    #[test]
    fn work_that_took_longer_than_expected_delays_the_next_turn_of_its_key() {
        let mut turns = Turns::default();
        (0..400).for_each(|n| turns.add("liar", 1, SMALL, n));
        (0..400).for_each(|n| turns.add("honest", 1, SMALL, n));
        let (mut sent, mut liars) = (VecDeque::new(), 0);
        for _ in 0..200 {
            while let Some(next) = next(&mut turns) {
                sent.push_back(next);
            }
            let first = sent.pop_front().unwrap();
            let times = if first.key == "liar" { 4 } else { 1 };
            turns.done(&first.key, first.work, Some(times * first.work));
            liars += usize::from(first.key == "liar");
        }
        assert!((34..=52).contains(&liars), "{liars}");
    }

    #[test]
    fn a_key_that_fills_its_share_does_not_hold_up_one_that_does_not() {
        let mut turns = Turns::default();
        (0..10).for_each(|n| turns.add("flood", 1, LARGE, n));
        assert!(next(&mut turns).is_some() && next(&mut turns).is_some());
        (0..2).for_each(|n| turns.add("modest", 1, SMALL, n));
        assert_eq!(next(&mut turns).unwrap().key, "modest");
        // It cost nothing of what was expected: so the flood comes first, and has too much with the workers.
        turns.done("flood", LARGE, Some(Duration::ZERO));
        assert_eq!(next(&mut turns).unwrap().key, "modest");
        assert!(next(&mut turns).is_none());
    }

    #[test]
    fn a_key_gains_nothing_by_having_waited_with_nothing_to_do() {
        let mut turns = Turns::default();
        (0..300).for_each(|n| turns.add("steady", 1, SMALL, n));
        work(&mut turns, 200);
        (0..300).for_each(|n| turns.add("late", 1, SMALL, n));
        (0..300).for_each(|n| turns.add("steady", 1, SMALL, n));
        let order = work(&mut turns, 100);
        let late = order.iter().filter(|key| *key == "late").count();
        assert!((40..=60).contains(&late), "{late}");
    }

    #[test]
    fn what_nobody_waits_for_is_dropped_and_idle_lines_are_forgotten() {
        let mut turns = Turns::default();
        (0..5).for_each(|n| turns.add("a", 1, SMALL, n));
        let next = turns.next(2.0, |n| *n < 4).unwrap();
        assert_eq!(next.ticket, 4);
        turns.done("a", SMALL, None);
        turns.add("b", 1, SMALL, 9);
        assert!(turns.next(2.0, |_| false).is_some());
        turns.done("b", SMALL, None);
        turns.add("c", 1, SMALL, 9);
        assert!(turns.next(2.0, |_| false).is_some());
        turns.done("c", SMALL, None);
        assert!(turns.next(2.0, |_| false).is_none());
        assert!(turns.lines.is_empty());
    }
}
