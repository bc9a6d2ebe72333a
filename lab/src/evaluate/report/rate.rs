//! Shares and frequencies with exact 95% intervals and numbers of subjects.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::evaluate::manifest::Capture;
use crate::evaluate::statistics::{of_count, of_share, rounded};

/// A share with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Number of trials in which it happened.
    pub count: usize,
    /// Number of all trials.
    pub of: usize,
    /// Number of subjects that the manifest names for all trials. Captures of one subject are alike, so
    /// with few subjects the true interval is wider than the reported one.
    pub subjects: usize,
    /// The share, 0 to 1; null without trials.
    pub rate: Option<f64>,
    /// Lower end of the exact 95% interval (Clopper-Pearson), 0 to 1.
    pub low: Option<f64>,
    /// Upper end of that interval, 0 to 1.
    pub high: Option<f64>,
}

/// A frequency with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Frequency {
    /// Number of events.
    pub count: usize,
    /// Total time, minutes.
    pub minutes: f64,
    /// Number of subjects that the manifest names for these captures.
    pub subjects: usize,
    /// Events a minute; null where the total time is 0.
    pub per_minute: Option<f64>,
    /// Lower end of the exact 95% interval (Garwood), events a minute.
    pub low: Option<f64>,
    /// Upper end of that interval, events a minute.
    pub high: Option<f64>,
}

impl Rate {
    /// The share of trials that are `true`.
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
    /// The frequency of events over captures, given for each as watched milliseconds and number of
    /// events.
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

/// Number of subjects that the manifest names for these captures.
pub(super) fn subjects<'a>(captures: impl Iterator<Item = &'a Capture>) -> usize {
    let named: BTreeSet<&str> = captures.filter_map(|c| c.subject.as_deref()).collect();
    named.len()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of captures")]
fn share(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}
