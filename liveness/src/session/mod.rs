//! The interactive session: a state machine that one frame after another moves on.
//!
//! Pure: measurement and time in, next state out. A session asks for one [`Task`] at a time, and a
//! task is passed by a movement: from the session's own face at rest to what is asked, for turns of
//! the head through poses in between. A still passes none, whatever it shows.
//!
//! Most frames are only glanced at. Those that a verdict may rest on (the first at rest, and the ones
//! in which a turn begins, a pose in between is seen, or a task is reached or passed) do not count
//! before anti-spoof models and embedder have looked at them too: [`Session::advance`] then asks for
//! that instead of moving on. Which of the others are looked at as well is the caller's choice, and
//! nobody else should be able to foresee it.

mod end;
mod hint;
mod running;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::end::{End, Ending, Missed};
pub use self::hint::Hint;
use self::running::{MOST_UNPASSED, Running};
use super::challenge::Angles;
use super::measurement::FrameMeasurement;
pub use super::movement::{Missing, Task, Unit};
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
    /// No frame yet; one must come before this time, Unix milliseconds.
    Waiting {
        until_ms: u64,
    },
    Running(Box<Running>),
    Ended(End),
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State<'a> {
    /// No frame yet.
    Pending,
    /// Frames arrive.
    InProgress,
    /// It is over.
    Ended(&'a End),
}

/// What a frame does to a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It would move it on, and so must be looked at as a whole first.
    LookCloser,
    /// It is taken into account.
    Taken(Session, Report),
}

/// What one frame showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The task that it was held against; `None` when the session was over.
    pub task: Option<Task>,
    /// Whether it passed that task.
    pub passed: bool,
    /// How much of the task it shows: 0 at rest, 0.5 where it is reached, 1 at twice the distance. At
    /// least 0.5 when it passed, else below.
    pub confidence: f32,
    /// What to do better.
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
    /// A session that asks for these tasks, each within `timeout_ms` milliseconds, and waits for its
    /// first frame until a Unix time in milliseconds.
    pub fn new(tasks: Vec<Task>, timeout_ms: u64, angles: Angles, until_ms: u64) -> Self {
        Self {
            tasks,
            timeout_ms,
            angles,
            stage: Stage::Waiting { until_ms },
        }
    }

    /// The tasks, in their order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Time for each task, milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// Where it stands.
    pub fn state(&self) -> State<'_> {
        match &self.stage {
            Stage::Waiting { .. } => State::Pending,
            Stage::Running(_) => State::InProgress,
            Stage::Ended(end) => State::Ended(end),
        }
    }

    /// Tasks not yet passed.
    pub fn remaining(&self) -> usize {
        let passed = match &self.stage {
            Stage::Waiting { .. } => 0,
            Stage::Running(running) => running.passed,
            Stage::Ended(end) => end.passed,
        };
        self.tasks.len() - passed
    }

    /// Whether a frame was taken.
    pub fn has_begun(&self) -> bool {
        match &self.stage {
            Stage::Waiting { .. } => false,
            Stage::Running(_) => true,
            Stage::Ended(end) => end.frames > 0,
        }
    }

    /// The tasks passed.
    pub fn passed(&self) -> &[Task] {
        &self.tasks[..self.tasks.len() - self.remaining()]
    }

    /// When time alone will end it, Unix milliseconds, unless a frame moves it on before; `None` when
    /// it is over.
    pub fn ends_at_ms(&self) -> Option<u64> {
        match &self.stage {
            Stage::Waiting { until_ms } => Some(*until_ms),
            Stage::Running(running) => Some(running.since_ms + self.timeout_ms + 1),
            Stage::Ended(_) => None,
        }
    }

    /// The session at `now_ms`, when no frame came since: expired at its time, failed once a task's
    /// time is over.
    #[must_use]
    pub fn settle(self, now_ms: u64, t: &Thresholds) -> Self {
        if self.ends_at_ms().is_none_or(|end| now_ms < end) {
            return self;
        }
        let stage = match self.stage {
            Stage::Waiting { .. } => Stage::Ended(End {
                ending: Ending::Expired,
                at_ms: now_ms,
                passed: 0,
                frames: 0,
                frames_with_face: 0,
                anti_spoof: None,
                same_person: None,
                poor: Vec::new(),
            }),
            Stage::Running(running) => {
                let task = self.tasks.get(running.passed);
                let missed = task.map(|task| Missed {
                    task: *task,
                    missing: running.missing(&self.angles, t),
                });
                Stage::Ended(running.fail(missed, now_ms, t))
            }
            Stage::Ended(end) => Stage::Ended(end),
        };
        Self { stage, ..self }
    }

    /// What becomes of a frame that arrived at `at_ms` where it need not be looked at: the session was
    /// over, or is over by then. The frame that finds a task's time over is still held against it.
    pub fn over_by(&self, at_ms: u64, t: &Thresholds) -> Option<(Self, Report)> {
        let is_over = self.ends_at_ms().is_none_or(|end| at_ms >= end);
        is_over.then(|| {
            let settled = self.clone().settle(at_ms, t);
            (settled, Report::nothing(self.current()))
        })
    }

    /// Takes a frame that arrived at `at_ms`. Directions are the subject's own (see
    /// [`FrameMeasurement::unmirrored`]).
    ///
    /// Frames may come in any order: one that arrived before the current task's clock started is not
    /// late for it.
    pub fn advance(&self, frame: &FrameMeasurement, at_ms: u64, t: &Thresholds) -> Step {
        if let Some((over, report)) = self.over_by(at_ms, t) {
            return Step::Taken(over, report);
        }
        let running = match &self.stage {
            Stage::Waiting { .. } => self.tasks.first().map(|task| Running::new(*task, at_ms, t)),
            Stage::Running(running) => Some((**running).clone()),
            Stage::Ended(_) => None,
        };
        let with_task = running.and_then(|r| Some((*self.tasks.get(r.passed)?, r)));
        let Some((task, mut running)) = with_task else {
            // Without a task there is nothing to take a frame for.
            return Step::Taken(self.clone(), Report::nothing(None));
        };
        let Some(seen) = running.see(frame, at_ms, &self.angles, t) else {
            return Step::LookCloser;
        };
        let mut report = running.report(task, frame, seen, t);
        let stage = if running.evidence.shows_two_people(t) {
            report.passed = false;
            report.confidence = report.confidence.min(MOST_UNPASSED);
            Stage::Ended(running.fail(None, at_ms, t))
        } else if report.passed {
            running.pass(&self.tasks, at_ms, t)
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
