//! Runs live sessions on a clip, to count which listed actions are detected, and which are detected
//! where they are not shown.
//!
//! For each action, one session gets the whole clip, at the 15 frames a second at which it was sampled,
//! and asks for that action again and again. It learns the face at rest as any session does, and
//! everything else in the clip may mislead it. A pass within a listed time is a hit. A pass at any other
//! time is a false hit, if the manifest states that the action is not shown then.

use livegate_liveness::challenge::Angles;
use livegate_liveness::session::{Session, State, Step, Task};
use livegate_liveness::thresholds::Thresholds;
use serde::{Deserialize, Serialize};

use super::Frame;
use crate::evaluate::manifest::{Shown, Span, Truth};

/// Tolerance around a listed time, milliseconds: times are read by eye, and a session detects a blink
/// only when the eyes are open again.
pub const MARGIN_MS: u64 = 500;
/// Passes within this time of each other are one false hit, milliseconds: a held smile passes in every
/// frame.
const EPISODE_MS: u64 = 1000;
/// Time-out of a session, milliseconds. It is longer than any clip, so that no action is too late.
const TIMEOUT_MS: u64 = 3_600_000;

/// A listed action, and when it was detected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The action.
    pub task: Task,
    /// Begin of the listed showing, milliseconds from the clip's start.
    pub from_ms: u64,
    /// Time of the first detection within the showing, milliseconds from the clip's start; null if
    /// missed.
    pub seen_ms: Option<u64>,
}

/// Detections of an action where it is not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The action.
    pub task: Task,
    /// Total time during which the action is not shown, milliseconds.
    pub watched_ms: u64,
    /// Begin of each false hit, milliseconds from the clip's start.
    pub false_hits_ms: Vec<u64>,
}

impl Span {
    /// Whether a detection at `at_ms` belongs to a showing of this span.
    fn covers(self, at_ms: u64) -> bool {
        (self.from_ms.saturating_sub(MARGIN_MS)..=self.to_ms + MARGIN_MS).contains(&at_ms)
    }
}

impl Truth {
    /// The times at which an action is shown.
    fn spans(&self, task: Task) -> impl Iterator<Item = Span> + Clone {
        let of_task = move |shown: &&Shown| shown.task == task;
        self.actions.iter().filter(of_task).filter_map(|s| s.span)
    }

    /// Checks that all that is listed begins before the clip ends.
    ///
    /// # Errors
    /// A text that names what begins later.
    pub(super) fn within(&self, end_ms: u64) -> Result<(), String> {
        let actions = self
            .actions
            .iter()
            .filter_map(|s| Some(("actions", s.span?.from_ms)));
        let poses = self.poses.iter().map(|p| ("poses", p.at_ms));
        match actions
            .chain(poses)
            .find(|(_, at_ms)| *at_ms > end_ms + MARGIN_MS)
        {
            None => Ok(()),
            Some((field, at_ms)) => Err(format!(
                "{field}: {} s lies beyond its end at {} s",
                seconds(at_ms),
                seconds(end_ms)
            )),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a minute at most")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// Finds the detection of each listed action.
pub(super) fn find(truth: &Truth, frames: &[Frame], angles: &Angles, t: &Thresholds) -> Vec<Found> {
    if frames.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for task in Task::ALL {
        let mut spans = truth.spans(task).peekable();
        if spans.peek().is_none() {
            continue;
        }
        let passes = passes(task, frames, angles, t);
        found.extend(spans.map(|span| Found {
            task,
            from_ms: span.from_ms,
            seen_ms: passes.iter().copied().find(|at_ms| span.covers(*at_ms)),
        }));
    }
    found
}

/// Finds detections where the manifest states that an action is not shown.
pub(super) fn watch(
    truth: &Truth,
    frames: &[Frame],
    angles: &Angles,
    t: &Thresholds,
) -> Vec<Watched> {
    let watched = |task: &Task| {
        let spans = truth.spans(*task);
        let is_shown = |at_ms| spans.clone().any(|span| span.covers(at_ms));
        let free = frames.windows(2).filter(|pair| !is_shown(pair[1].at_ms));
        let mut stray = passes(*task, frames, angles, t);
        stray.retain(|at_ms| !is_shown(*at_ms));
        Watched {
            task: *task,
            watched_ms: free.map(|pair| pair[1].at_ms - pair[0].at_ms).sum(),
            false_hits_ms: episodes(&stray),
        }
    };
    let complete = truth.complete.iter().filter(|_| !frames.is_empty());
    complete.map(watched).collect()
}

/// Times at which a session that asks only for this task passes it, milliseconds.
fn passes(task: Task, frames: &[Frame], angles: &Angles, t: &Thresholds) -> Vec<u64> {
    // One task more than there are frames, so that the session is never completed.
    let tasks = vec![task; frames.len() + 1];
    let begin = || Session::new(tasks.clone(), TIMEOUT_MS, *angles, u64::MAX);
    let (mut session, mut passes) = (begin(), Vec::new());
    for frame in frames {
        match session.clone().advance(&frame.measurement, frame.at_ms, t) {
            Step::Taken(next, report) => {
                if report.passed {
                    passes.push(frame.at_ms);
                }
                session = match next.state() {
                    State::Pending | State::InProgress => next,
                    // The session found a second person. As a caller would, begin another session.
                    State::Ended(_) => begin(),
                };
            }
            // Every frame was measured in full: a closer look would show nothing new.
            Step::NeedsWhole => {}
        }
    }
    passes
}

/// The first time of each run of times that lie close together.
fn episodes(passes: &[u64]) -> Vec<u64> {
    let mut before: Option<u64> = None;
    let mut first = Vec::new();
    for at_ms in passes {
        if before.is_none_or(|before| at_ms - before > EPISODE_MS) {
            first.push(*at_ms);
        }
        before = Some(*at_ms);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_close_together_are_one_episode() {
        assert_eq!(episodes(&[]), [0; 0]);
        let held = [500, 567, 633, 1500, 2600, 2700];
        assert_eq!(episodes(&held), [500, 2600]);
    }

    #[test]
    fn a_label_beyond_the_end_of_its_clip_is_refused() {
        let span = Span {
            from_ms: 12_000,
            to_ms: 13_000,
        };
        let truth = Truth {
            actions: vec![Shown {
                task: Task::Smile,
                span: Some(span),
            }],
            ..Truth::default()
        };
        assert_eq!(truth.within(11_900), Ok(()));
        let refused = truth.within(5000).unwrap_err();
        assert_eq!(refused, "actions: 12 s lies beyond its end at 5 s");
    }
}
