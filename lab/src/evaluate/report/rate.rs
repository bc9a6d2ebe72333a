//! Shares and frequencies with their exact 95% intervals, and over how many subjects they are.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::evaluate::manifest::Capture;
use crate::evaluate::statistics::{of_count, of_share, rounded};

/// A share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// How many it were.
    pub count: usize,
    /// Out of how many.
    pub of: usize,
    /// Subjects that the manifest names among the latter. Captures of one subject are alike, so that
    /// the interval of few subjects is wider than is said.
    pub subjects: usize,
    /// The share, 0 to 1; null where there was nothing to count.
    pub rate: Option<f64>,
    /// Lower end of the exact 95% interval (Clopper-Pearson).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frequency {
    /// How many times it did.
    pub count: usize,
    /// In how many minutes.
    pub minutes: f64,
    /// Subjects that the manifest names among those who were watched.
    pub subjects: usize,
    /// Times a minute; null where nobody was watched.
    pub per_minute: Option<f64>,
    /// Lower end of the exact 95% interval (Garwood).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Rate {
    /// The share of these trials that are so.
    pub(super) fn of<'a>(trials: impl Iterator<Item = (&'a Capture, bool)>) -> Self {
        let trials: Vec<(&Capture, bool)> = trials.collect();
        let count = trials.iter().filter(|(_, is_so)| *is_so).count();
        let interval = of_share(count, trials.len());
        Self {
            count,
            of: trials.len(),
            subjects: subjects(trials.iter().map(|(capture, _)| *capture)),
            rate: share(count, trials.len()).map(rounded),
            low: interval.map(|i| rounded(i.low)),
            high: interval.map(|i| rounded(i.high)),
        }
    }
}

impl Frequency {
    /// How often it happened: for each capture that was watched, for how many milliseconds, and how
    /// many times.
    pub(super) fn of<'a>(watched: impl Iterator<Item = (&'a Capture, u64, usize)>) -> Self {
        let watched: Vec<(&Capture, u64, usize)> = watched.collect();
        let count = watched.iter().map(|(_, _, times)| times).sum();
        let ms: u64 = watched.iter().map(|(_, ms, _)| ms).sum();
        #[expect(clippy::cast_precision_loss, reason = "some hours at most")]
        let minutes = ms as f64 / 60_000.0;
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let times = count as f64;
        let by_minute = |times: f64| (ms > 0).then(|| rounded(times / minutes));
        let interval = of_count(count);
        Self {
            count,
            minutes: rounded(minutes),
            subjects: subjects(watched.iter().map(|(capture, _, _)| *capture)),
            per_minute: by_minute(times),
            low: interval.and_then(|i| by_minute(i.low)),
            high: interval.and_then(|i| by_minute(i.high)),
        }
    }
}

/// Number of subjects that the manifest names among these captures.
pub(super) fn subjects<'a>(captures: impl Iterator<Item = &'a Capture>) -> usize {
    let named: BTreeSet<&str> = captures.filter_map(|c| c.subject.as_deref()).collect();
    named.len()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of captures")]
fn share(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}
