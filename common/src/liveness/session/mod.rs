//! The interactive session: a state machine that one frame after another moves on.
//!
//! Pure: measurement and time in, next state out. A session asks for one [`Task`] at a time, and a
//! task is passed by a [`Movement`]: from the session's own face at rest ([`Rest`]) to what is asked,
//! for turns of the head through poses in between. A still passes none, whatever it shows.
//!
//! Most frames are only glanced at. Those that a verdict may rest on (the first at rest, the ones in
//! which a task is reached or passed) do not count before anti-spoof models and embedder have looked
//! at them too: [`Session::advance`] then asks for that instead of moving on. Which of the others are
//! looked at as well is the caller's choice, and nobody else should be able to foresee it.

mod blink;
mod evidence;
mod expression;
mod hint;
mod movement;
mod rest;
mod task;
mod turn;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::evidence::Evidence;
pub use self::hint::Hint;
pub use self::movement::{Missing, Unit};
use self::movement::{Movement, Seen};
use self::rest::Rest;
pub use self::task::Task;
use super::challenge::Angles;
use super::decision::Rejection;
use super::measurement::FrameMeasurement;
use super::thresholds::Thresholds;

/// Largest confidence of a frame that does not pass; one that does has at least half.
const MOST_UNPASSED: f32 = 0.49;
/// Confidence where what is asked is reached.
const AT_THRESHOLD: f32 = 0.5;

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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Running {
    /// Tasks passed.
    passed: usize,
    /// When the current task's clock started, Unix milliseconds.
    since_ms: u64,
    /// Whether a face was seen since then.
    saw_face: bool,
    movement: Movement,
    rest: Rest,
    evidence: Evidence,
}

/// What a session has come to. No biometric data is left in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// How it ended.
    pub ending: Ending,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// Tasks passed.
    pub passed: usize,
    /// Frames.
    pub frames: usize,
    /// Frames that show a face.
    pub frames_with_face: usize,
    /// Mean anti-spoof score, 0 to 1, where a model looked.
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1, where faces could be compared.
    pub same_person: Option<f32>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ending {
    /// No frame came in time.
    Expired,
    /// All tasks were passed; live when no check failed.
    Completed(Vec<Rejection>),
    /// A task was not passed in time, or there is a second person.
    Failed {
        /// The checks that failed, in the order of the documentation; never empty.
        rejections: Vec<Rejection>,
        /// What is missing of the task that was not passed in time.
        missing: Option<Missed>,
    },
}

impl End {
    /// Whether a live person did all that was asked.
    pub fn is_live(&self) -> bool {
        matches!(&self.ending, Ending::Completed(rejections) if rejections.is_empty())
    }

    /// The checks that failed, in the order of the documentation.
    pub fn rejections(&self) -> &[Rejection] {
        match &self.ending {
            Ending::Expired => &[],
            Ending::Completed(rejections) | Ending::Failed { rejections, .. } => rejections,
        }
    }
}

/// A task that was not passed in time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// The task.
    pub task: Task,
    /// What is missing.
    pub missing: Missing,
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
        let task = self.current();
        let settled = self.clone().settle(at_ms, t);
        matches!(settled.stage, Stage::Ended(_)).then_some((settled, Report::nothing(task)))
    }

    /// Takes a frame that arrived at `at_ms`. Directions are the subject's own (see
    /// [`FrameMeasurement::unmirrored`]).
    ///
    /// Frames may come in any order: one that arrived before the current task's clock started is not
    /// late for it.
    pub fn advance(self, frame: &FrameMeasurement, at_ms: u64, t: &Thresholds) -> Step {
        if let Some((over, report)) = self.over_by(at_ms, t) {
            return Step::Taken(over, report);
        }
        let running = match &self.stage {
            Stage::Waiting { .. } => self.tasks.first().map(|t| Running::new(*t, at_ms)),
            Stage::Running(running) => Some((**running).clone()),
            Stage::Ended(_) => None,
        };
        let with_task = running.and_then(|r| Some((*self.tasks.get(r.passed)?, r)));
        let Some((task, mut running)) = with_task else {
            // Without a task there is nothing to take a frame for.
            return Step::Taken(self, Report::nothing(None));
        };
        let Some(seen) = running.see(frame, &self.angles, t) else {
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
        Step::Taken(Self { stage, ..self }, report)
    }

    fn current(&self) -> Option<Task> {
        match &self.stage {
            Stage::Waiting { .. } => None,
            Stage::Running(running) => self.tasks.get(running.passed).copied(),
            Stage::Ended(_) => None,
        }
    }
}

impl Running {
    fn new(first: Task, at_ms: u64) -> Self {
        Self {
            passed: 0,
            since_ms: at_ms,
            saw_face: false,
            movement: Movement::of(first),
            rest: Rest::default(),
            evidence: Evidence::default(),
        }
    }

    /// Takes a frame into account; `None` when it must be looked at more closely before that.
    fn see(&mut self, frame: &FrameMeasurement, angles: &Angles, t: &Thresholds) -> Option<Seen> {
        let mut seen = Seen::nothing(false);
        // Nobody knows which of two people would be judged.
        let alone = !super::evidence::presence::has_second_subject(frame, t);
        if let Some(face) = frame.face.as_ref().filter(|_| alone) {
            let learned = self.rest.learn(face, t);
            seen = self.movement.see(face, &self.rest, angles, t);
            let decides = learned || seen.is_turning_point || seen.is_whole;
            if decides && !face.is_looked_at() {
                return None;
            }
        }
        self.saw_face |= frame.face.is_some();
        self.evidence.add(frame, t);
        Some(seen)
    }

    fn report(&self, task: Task, frame: &FrameMeasurement, seen: Seen, t: &Thresholds) -> Report {
        let confidence = AT_THRESHOLD * seen.share;
        let confidence = if seen.is_whole {
            confidence.clamp(AT_THRESHOLD, 1.0)
        } else {
            confidence.clamp(0.0, MOST_UNPASSED)
        };
        let hint = hint::of_picture(frame, t).unwrap_or_else(|| self.guide(frame, seen, t));
        Report {
            task: Some(task),
            passed: seen.is_whole,
            confidence,
            hint: (!seen.is_whole).then_some(hint),
        }
    }

    /// What to do where the picture is fine.
    fn guide(&self, frame: &FrameMeasurement, seen: Seen, t: &Thresholds) -> Hint {
        let is_turned = |f: &super::measurement::Face| !rest::can_read(f.pose, t);
        let away = frame.face.as_ref().is_some_and(is_turned);
        match self.movement {
            _ if seen.is_readable => Hint::KeepGoing,
            Movement::Turn(..) => Hint::LookStraight,
            Movement::Blink(_) if !away => Hint::EyesNotVisible,
            Movement::Lips(..) if !away => Hint::KeepGoing,
            Movement::Blink(_) | Movement::Lips(..) => Hint::LookStraight,
        }
    }

    fn missing(&self, angles: &Angles, t: &Thresholds) -> Missing {
        let missing = self.movement.missing(&self.rest, angles, t);
        Missing {
            why: if self.saw_face {
                missing.why
            } else {
                super::evidence::Why::NoFrames
            },
            ..missing
        }
    }

    /// The stage after the current task was passed.
    fn pass(mut self, tasks: &[Task], at_ms: u64, t: &Thresholds) -> Stage {
        self.passed += 1;
        match tasks.get(self.passed) {
            Some(next) => {
                self.movement = Movement::of(*next);
                self.since_ms = self.since_ms.max(at_ms);
                self.saw_face = false;
                Stage::Running(Box::new(self))
            }
            None => Stage::Ended(self.complete(at_ms, t)),
        }
    }

    fn complete(&self, at_ms: u64, t: &Thresholds) -> End {
        let mut rejections = self.evidence.rejections(t);
        if rejections.is_empty() && !self.evidence.suffices() {
            rejections.push(self.evidence.too_little(t));
        }
        self.end(Ending::Completed(rejections), at_ms)
    }

    /// The end when a task's time is over, or when there is somebody else.
    fn fail(&self, missing: Option<Missed>, at_ms: u64, t: &Thresholds) -> End {
        let mut rejections = self.evidence.rejections(t);
        if missing.is_some() {
            rejections.push(Rejection::ChallengeFailed);
        }
        let ending = Ending::Failed {
            rejections,
            missing,
        };
        self.end(ending, at_ms)
    }

    fn end(&self, ending: Ending, at_ms: u64) -> End {
        End {
            ending,
            at_ms,
            passed: self.passed,
            frames: self.evidence.frames,
            frames_with_face: self.evidence.frames_with_face,
            anti_spoof: self.evidence.anti_spoof(),
            same_person: self.evidence.same_person(),
        }
    }
}
