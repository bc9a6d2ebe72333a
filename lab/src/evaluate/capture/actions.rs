//! Which of the actions that a clip shows a live session sees, and which it sees that are not there.
//!
//! For each action one session takes the whole clip, at the 15 frames a second at which it was
//! sampled, and is asked for that action again and again: it learns the face at rest as a session
//! does, and whatever else the clip shows is there to mislead it. What it passes within a listed time
//! is a hit; what it passes anywhere else, where the manifest says that the action is not shown, is a
//! false hit.

use livegate_liveness::challenge::Angles;
use livegate_liveness::session::{Session, State, Step, Task};
use livegate_liveness::thresholds::Thresholds;
use serde::{Deserialize, Serialize};

use super::Frame;
use crate::evaluate::manifest::{Shown, Span, Truth};

/// How far beyond the time listed an action may be seen, milliseconds: times are read by eye, and a
/// session sees a blink only when the eyes are open again.
pub const MARGIN_MS: u64 = 500;
/// Passes that follow one another within this time are one false hit, milliseconds: a smile that is
/// held is seen in every frame.
const EPISODE_MS: u64 = 1000;
/// Longer than any clip, milliseconds: no action is too late.
const TIMEOUT_MS: u64 = 3_600_000;

/// A listed action, and whether it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The action.
    pub task: Task,
    /// When it begins, milliseconds from the clip's start.
    pub from_ms: u64,
    /// When it was first seen.
    pub seen_ms: Option<u64>,
}

/// What was seen of an action where it was not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The action.
    pub task: Task,
    /// For how long it was not shown, milliseconds.
    pub watched_ms: u64,
    /// When it was seen all the same, milliseconds from the clip's start.
    pub false_hits_ms: Vec<u64>,
}

impl Span {
    /// Whether an action of this span may be seen at that time.
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

    /// Makes sure that what it lists begins before the clip ends.
    ///
    /// # Errors
    /// What does not.
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

/// Which of the listed actions are seen.
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

/// What is seen where the manifest says that it is not shown.
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

/// When a session that asks for nothing else is passed.
fn passes(task: Task, frames: &[Frame], angles: &Angles, t: &Thresholds) -> Vec<u64> {
    // One more than there are frames: it is never completed.
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
                    // A second person: whoever goes on begins another one.
                    State::Ended(_) => begin(),
                };
            }
            // Every frame was looked at as a whole: there is nothing closer.
            Step::LookCloser => {}
        }
    }
    passes
}

/// The first of each run of times that lie close together.
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
