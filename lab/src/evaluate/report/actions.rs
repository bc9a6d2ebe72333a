//! Rates of detected actions, and of false hits.

use livegate_liveness::session::Task;
use serde::Serialize;

use super::Case;
use super::rate::{Frequency, Rate};
use crate::evaluate::action;

/// Rates of one action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionRates {
    /// The action.
    pub action: String,
    /// Share of its listed showings that is detected.
    pub hits: Rate,
    /// Frequency of detections where it is not shown.
    pub false_hits: Frequency,
}

/// The rates of every action that is listed, or stated not to be shown.
pub(super) fn rates(cases: &[Case]) -> Vec<ActionRates> {
    let rates = Task::ALL
        .into_iter()
        .map(|task| ActionRates::of(task, cases));
    rates
        .filter(|r| r.hits.of > 0 || r.false_hits.minutes > 0.0)
        .collect()
}

impl ActionRates {
    fn of(task: Task, cases: &[Case]) -> Self {
        let shown = cases.iter().flat_map(|case| {
            let of_task = case.measured.actions.iter().filter(move |a| a.task == task);
            of_task.map(|found| (case.capture, found.seen_ms.is_some()))
        });
        let watched = cases.iter().flat_map(|case| {
            let of_task = case.measured.watched.iter().filter(move |w| w.task == task);
            of_task.map(|w| (case.capture, w.watched_ms, w.false_hits_ms.len()))
        });
        Self {
            action: action::name(task),
            hits: Rate::of(shown),
            false_hits: Frequency::of(watched),
        }
    }
}
