//! What became of the requests.

use super::events::Time;
use super::shapes::Medium;

/// Why a request was refused with 429, as the API tells callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The key has no place left.
    Key,
    /// The key's own work fills its share.
    Share,
    /// The work of all keys fills the server.
    Server,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Answered,
    /// With a 429.
    Refused(Refused),
    /// With a 502, since it did not end before its deadline.
    Late,
}

/// What became of the requests of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that were refused: the key had no place left.
    pub refused_key: u64,
    /// Requests that were refused: the key's own work filled its share.
    pub refused_share: u64,
    /// Requests that were refused: the work of all keys filled the server.
    pub refused_server: u64,
    /// Requests that ended at their deadline.
    pub late: u64,
    /// Requests that arrived after the warm-up and ended without an answer.
    pub failed_after_warm_up: u64,
    /// Requests that arrived after the warm-up.
    pub arrived_after_warm_up: u64,
    /// Answers given after the warm-up and before the end of the load.
    pub answered_in_time: u64,
    /// Milliseconds from arrival to answer, of requests that arrived after the warm-up.
    latencies: Vec<f64>,
}

impl Counts {
    /// Requests that were refused.
    pub fn refused(&self) -> u64 {
        self.refused_key + self.refused_share + self.refused_server
    }

    /// Share of the requests after the warm-up that ended without an answer, 0 to 1.
    pub fn failed_share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let share = self.failed_after_warm_up as f64 / self.arrived_after_warm_up.max(1) as f64;
        share
    }

    /// The latency that this percentage of the answers did not exceed, milliseconds; `None` without answers.
    pub fn percentile(&self, percent: usize) -> Option<f64> {
        let last = self.latencies.len().checked_sub(1)?;
        self.latencies.get(last * percent / 100).copied()
    }

    /// Mean latency of the answers, milliseconds; `None` without answers.
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let number = self.latencies.len() as f64;
        (number > 0.0).then(|| self.latencies.iter().sum::<f64>() / number)
    }
}

/// Counts of all kinds, and the time that they are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    kinds: [Counts; 3],
    from: Time,
    until: Time,
}

impl Tally {
    /// Nothing has arrived yet. Rates and latencies count from `from` to `until`.
    pub fn new(from: Time, until: Time) -> Self {
        Self {
            kinds: Default::default(),
            from,
            until,
        }
    }

    /// The counts of one kind.
    pub fn of(&self, medium: Medium) -> &Counts {
        let [frames, clip, live] = &self.kinds;
        match medium {
            Medium::Frames => frames,
            Medium::Clip => clip,
            Medium::Live => live,
        }
    }

    /// Requests of all kinds that ended without an answer.
    pub fn failed(&self) -> u64 {
        self.kinds.iter().map(|c| c.refused() + c.late).sum()
    }

    /// Verifies that were answered a second, clips included.
    pub fn verifies_per_second(&self) -> f64 {
        let answered =
            self.of(Medium::Frames).answered_in_time + self.of(Medium::Clip).answered_in_time;
        #[expect(clippy::cast_precision_loss, reason = "millions at most")]
        let rate = answered as f64 / (self.until - self.from).as_secs_f64();
        rate
    }

    pub(super) fn arrived(&mut self, medium: Medium, at: Time) {
        let is_late_enough = at >= self.from;
        let counts = self.of_mut(medium);
        counts.arrived += 1;
        counts.arrived_after_warm_up += u64::from(is_late_enough);
    }

    pub(super) fn ended(&mut self, medium: Medium, began: Time, now: Time, end: End) {
        let (from, until) = (self.from, self.until);
        let counts = self.of_mut(medium);
        match end {
            End::Answered => {
                counts.answered += 1;
                counts.answered_in_time += u64::from(now >= from && now < until);
                if began >= from {
                    counts.latencies.push((now - began).as_secs_f64() * 1e3);
                }
                return;
            }
            End::Refused(Refused::Key) => counts.refused_key += 1,
            End::Refused(Refused::Share) => counts.refused_share += 1,
            End::Refused(Refused::Server) => counts.refused_server += 1,
            End::Late => counts.late += 1,
        }
        counts.failed_after_warm_up += u64::from(began >= from);
    }

    /// Sorts the latencies, once all are known.
    pub(super) fn finish(&mut self) {
        for counts in &mut self.kinds {
            counts.latencies.sort_by(f64::total_cmp);
        }
    }

    fn of_mut(&mut self, medium: Medium) -> &mut Counts {
        let [frames, clip, live] = &mut self.kinds;
        match medium {
            Medium::Frames => frames,
            Medium::Clip => clip,
            Medium::Live => live,
        }
    }
}
