//! The interactive session: a state machine that is stepped by one frame at a time.
//!
//! It is pure: measurement and time go in, the next state comes out. A session asks for one [`Task`] at a
//! time. A task is passed by a movement from the person's own face at rest to the required value, and for
//! turns of the head through poses in between. A still cannot pass a task.
//!
//! Most frames are measured at a glance only. Some frames must be measured in full, by anti-spoof models
//! and embedder too, before they count: the first at rest, and those in which a turn begins, a pose in
//! between appears, or a task is reached or passed. For such a frame [`Session::advance`] returns
//! [`Step::NeedsWhole`] and does not move on. The caller chooses which other frames are measured in full.
//! Nobody else should be able to predict that choice.

mod end;
mod hint;
mod rehearsal;
mod running;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::end::{End, Ending, Missed};
pub use self::hint::Hint;
pub use self::rehearsal::{Cue, Finale};
use self::running::{MOST_UNPASSED, Running};
use super::challenge::Angles;
use super::embedding::Embedding;
use super::measurement::FrameMeasurement;
pub use super::movement::{Missing, Task, Unit};
use super::reference::Comparison;
use super::thresholds::Thresholds;

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    tasks: Vec<Task>,
    /// Time for each task, milliseconds.
    timeout_ms: u64,
    angles: Angles,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// No frame has arrived. The first must arrive before this time, Unix milliseconds.
    Waiting {
        until_ms: u64,
        /// The face that the session's face is compared with at the end.
        reference: Option<Embedding>,
    },
    Running(Box<Running>),
    Ended(Box<End>),
}

impl Stage {
    fn ended(end: End) -> Self {
        Self::Ended(Box::new(end))
    }
}

/// State of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State<'a> {
    /// No frame has arrived.
    Pending,
    /// Frames arrive.
    InProgress,
    /// The session is over.
    Ended(&'a End),
}

/// Effect of a frame on a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The frame would move the session on, so it must first be measured in full.
    NeedsWhole,
    /// The frame was taken: the next state, and a report of the frame.
    Taken(Session, Report),
}

/// What one frame showed of the current task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The task that the frame was compared with; `None` if the session was over.
    pub task: Option<Task>,
    /// Whether the frame passed that task.
    pub passed: bool,
    /// How much of the task the frame shows: 0 at rest, 0.5 where the required value is reached, 1 at twice
    /// the distance. At least 0.5 if the frame passed the task, else at most 0.49.
    pub confidence: f32,
    /// What the subject should change; `None` if the task was passed or the session is over.
    pub hint: Option<Hint>,
}

impl Report {
    fn nothing(task: Option<Task>) -> Self {
        Self {
            task,
            passed: false,
            confidence: 0.0,
            hint: None,
        }
    }
}

impl Session {
    /// A session with these tasks, each to be passed within `timeout_ms` milliseconds. It waits for its
    /// first frame until `until_ms`, Unix milliseconds.
    pub fn new(tasks: Vec<Task>, timeout_ms: u64, angles: Angles, until_ms: u64) -> Self {
        Self {
            tasks,
            timeout_ms,
            angles,
            stage: Stage::Waiting {
                until_ms,
                reference: None,
            },
        }
    }

    /// The session with a face that its own is compared with at the end ([`End::reference`]). The session keeps
    /// the face until it is over. It has no effect after the first frame.
    #[must_use]
    pub fn with_reference(self, face: Embedding) -> Self {
        let stage = match self.stage {
            Stage::Waiting { until_ms, .. } => Stage::Waiting {
                until_ms,
                reference: Some(face),
            },
            stage @ (Stage::Running(_) | Stage::Ended(_)) => stage,
        };
        Self { stage, ..self }
    }

    /// The tasks, in the order in which they must be passed.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Time for each task, milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// The angles that its movements must reach.
    pub fn angles(&self) -> &Angles {
        &self.angles
    }

    /// The state of the session.
    pub fn state(&self) -> State<'_> {
        match &self.stage {
            Stage::Waiting { .. } => State::Pending,
            Stage::Running(_) => State::InProgress,
            Stage::Ended(end) => State::Ended(end),
        }
    }

    /// Number of tasks not yet passed.
    pub fn remaining(&self) -> usize {
        let passed = match &self.stage {
            Stage::Waiting { .. } => 0,
            Stage::Running(running) => running.passed,
            Stage::Ended(end) => end.passed,
        };
        self.tasks.len() - passed
    }

    /// Whether at least one frame was taken.
    pub fn has_begun(&self) -> bool {
        match &self.stage {
            Stage::Waiting { .. } => false,
            Stage::Running(_) => true,
            Stage::Ended(end) => end.frames > 0,
        }
    }

    /// The passed tasks, in order.
    pub fn passed(&self) -> &[Task] {
        &self.tasks[..self.tasks.len() - self.remaining()]
    }

    /// The time at which the session ends if no frame moves it on before, Unix milliseconds; `None` if it
    /// is over.
    pub fn ends_at_ms(&self) -> Option<u64> {
        match &self.stage {
            Stage::Waiting { until_ms, .. } => Some(*until_ms),
            Stage::Running(running) => Some(running.since_ms + self.timeout_ms + 1),
            Stage::Ended(_) => None,
        }
    }

    /// The session at `now_ms`, Unix milliseconds, if no frame came since. It has expired, or failed, if
    /// its time is over.
    #[must_use]
    pub fn settle(self, now_ms: u64, t: &Thresholds) -> Self {
        if self.ends_at_ms().is_none_or(|end| now_ms < end) {
            return self;
        }
        let stage = match self.stage {
            Stage::Waiting { reference, .. } => {
                let comparison = Comparison::of(reference.as_ref(), None, &[], t);
                Stage::ended(End::without_frames(Ending::Expired, comparison, now_ms))
            }
            Stage::Running(running) => {
                let task = self.tasks.get(running.passed);
                let missed = task.map(|task| Missed {
                    task: *task,
                    missing: running.missing(&self.angles, t),
                });
                Stage::ended(running.fail(missed, now_ms, &self.angles, t))
            }
            Stage::Ended(end) => Stage::Ended(end),
        };
        Self { stage, ..self }
    }

    /// The session after it was cancelled at `now_ms`, Unix milliseconds. A session that is over stays as it is.
    #[must_use]
    pub fn cancel(self, now_ms: u64, t: &Thresholds) -> Self {
        let stage = match self.stage {
            Stage::Waiting { .. } => Stage::ended(End::without_frames(
                Ending::Cancelled,
                Comparison::NoReference,
                now_ms,
            )),
            Stage::Running(running) => Stage::ended(running.cancel(now_ms, &self.angles, t)),
            Stage::Ended(end) => Stage::Ended(end),
        };
        Self { stage, ..self }
    }

    /// The session and report for a frame that arrived at `at_ms`, Unix milliseconds, if the session was
    /// over, or is over by then; otherwise `None`. Such a frame need not be measured. If the frame finds
    /// the time of a task over, the report names that task.
    pub fn over_by(&self, at_ms: u64, t: &Thresholds) -> Option<(Self, Report)> {
        let is_over = self.ends_at_ms().is_none_or(|end| at_ms >= end);
        is_over.then(|| {
            let settled = self.clone().settle(at_ms, t);
            (settled, Report::nothing(self.current()))
        })
    }

    /// Steps the session by a frame that arrived at `at_ms`, Unix milliseconds. Directions are the
    /// subject's own (see [`FrameMeasurement::unmirrored`]).
    ///
    /// Frames may arrive in any order. A frame that arrived before the current task's clock started is not
    /// late for it.
    pub fn advance(&self, frame: &FrameMeasurement, at_ms: u64, t: &Thresholds) -> Step {
        if let Some((over, report)) = self.over_by(at_ms, t) {
            return Step::Taken(over, report);
        }
        let running = match &self.stage {
            Stage::Waiting { reference, .. } => self
                .tasks
                .first()
                .map(|task| Running::new(*task, reference.clone(), at_ms, t)),
            Stage::Running(running) => Some((**running).clone()),
            Stage::Ended(_) => None,
        };
        let with_task = running.and_then(|r| Some((*self.tasks.get(r.passed)?, r)));
        let Some((task, mut running)) = with_task else {
            // Without a task, a frame has no effect.
            return Step::Taken(self.clone(), Report::nothing(None));
        };
        let Some(seen) = running.see(frame, at_ms, &self.angles, t) else {
            return Step::NeedsWhole;
        };
        let mut report = running.report(task, frame, seen, t);
        let stage = if running.evidence.shows_two_people(t) {
            report.passed = false;
            report.confidence = report.confidence.min(MOST_UNPASSED);
            Stage::ended(running.fail(None, at_ms, &self.angles, t))
        } else if report.passed {
            running.pass(&self.tasks, at_ms, &self.angles, t)
        } else {
            Stage::Running(Box::new(running))
        };
        if matches!(stage, Stage::Ended(_)) {
            report.hint = None;
        }
        let next = Self {
            tasks: self.tasks.clone(),
            timeout_ms: self.timeout_ms,
            angles: self.angles,
            stage,
        };
        Step::Taken(next, report)
    }

    fn current(&self) -> Option<Task> {
        match &self.stage {
            Stage::Waiting { .. } => None,
            Stage::Running(running) => self.tasks.get(running.passed).copied(),
            Stage::Ended(_) => None,
        }
    }
}
