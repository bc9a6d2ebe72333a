//! A session between its first frame and its end.

use serde::{Deserialize, Serialize};

use super::end::{End, Ending, Missed};
use super::hint::{self, Hint};
use super::{Report, Stage};
use crate::challenge::Angles;
use crate::decision::Rejection;
use crate::embedding::Embedding;
use crate::evidence::identity::{Identity, Portrait};
use crate::evidence::poor::PoorFrames;
use crate::evidence::{Evidence, Plan, Sighting, presence};
use crate::measurement::{Face, FrameMeasurement};
use crate::movement::Why;
use crate::movement::{Missing, Movement, Rest, Seen, Task, Watch, can_read};
use crate::reference::Comparison;
use crate::retry::{self, RetryHint, Shown};
use crate::sampling::Sampling;
use crate::thresholds::Thresholds;

/// Largest confidence of a frame that does not pass its task; a frame that passes has at least half.
pub const MOST_UNPASSED: f32 = 0.49;
/// Confidence where the required value is reached.
const AT_THRESHOLD: f32 = 0.5;
/// Most pictures that a session keeps, 2 kB each.
const MOST_PICTURES: usize = 14;
/// Number of frames in which the head must be elsewhere before a picture counts as one that comes again.
///
/// A client with several requests under way, sending faster than its camera takes pictures, may send one
/// picture twice, and the second may arrive after the next picture.
const AWAY_FRAMES: u32 = 2;
/// How much longer one frame may be on its way than the next, seconds.
///
/// A network may hold frames back and then deliver several at once.
const JITTER_S: f32 = 0.2;

/// A session between its first frame and its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Number of tasks passed.
    pub passed: usize,
    /// When the current task's clock started, Unix milliseconds.
    pub since_ms: u64,
    /// When the first frame arrived, Unix milliseconds.
    first_ms: u64,
    /// Whether a frame of the current task showed a face that can be judged.
    pub saw_face: bool,
    movement: Movement,
    rest: Rest,
    /// What the frames show of the current task, for retry hints only.
    pub shown: Shown,
    /// The face that the session's face is compared with at the end, if the session has one.
    pub reference: Option<Embedding>,
    pub evidence: Evidence,
}

impl Running {
    /// Starts with the first task. The first frame arrived at `at_ms`, Unix milliseconds.
    pub fn new(first: Task, reference: Option<Embedding>, at_ms: u64, t: &Thresholds) -> Self {
        let plan = Plan {
            sampling: Sampling::Dense,
            most_pictures: MOST_PICTURES,
            away_frames: AWAY_FRAMES,
            copies: 0,
            jitter_s: JITTER_S,
            second_subjects: Some(t.second_face_frames),
        };
        Self {
            passed: 0,
            since_ms: at_ms,
            first_ms: at_ms,
            saw_face: false,
            movement: Movement::of(first),
            rest: Rest::default(),
            shown: Shown::of(first),
            reference,
            evidence: Evidence::new(plan, Identity::new(plan.sampling, t), t),
        }
    }

    /// Updates the session with a frame that arrived at `at_ms`. `None` if the frame must be measured in
    /// full before that.
    pub fn see(
        &mut self,
        frame: &FrameMeasurement,
        at_ms: u64,
        angles: &Angles,
        t: &Thresholds,
    ) -> Option<Seen> {
        // Who never faced the camera is asked to do so first.
        let looks_away = self.evidence.identity().portrait().is_none();
        let (mut seen, mut decides) = (Seen::nothing(looks_away), false);
        // With two people in the frame, it is unknown which one would be judged.
        let alone = !presence::has_second_subject(frame, t);
        let judged = Evidence::judged(frame, t);
        if let Some(face) = judged.filter(|_| alone)
            && self.evidence.counts(face, t)
        {
            let learned = self.rest.learn(face, t);
            let watch = Watch {
                angles,
                sampling: Sampling::Dense,
                counts: true,
                stands_still: self.evidence.stands_still(face, t),
            };
            seen = self.movement.see(face, &self.rest, &watch, t);
            decides = learned || seen.is_turning_point || seen.is_whole;
            if decides && !face.is_whole() {
                return None;
            }
        }
        self.saw_face |= judged.is_some();
        if let Some(face) = judged {
            self.shown.see(face, alone, angles, t);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few minutes at most")]
        let seconds = at_ms.saturating_sub(self.first_ms) as f32 / 1000.0;
        let sighting = Sighting {
            frame,
            position: u32::try_from(self.evidence.frames).unwrap_or(u32::MAX),
            seconds: Some(seconds),
            supports: decides,
            keep: true,
        };
        self.evidence.add(sighting, t);
        Some(seen)
    }

    /// The report of a frame that was just taken.
    pub fn report(
        &self,
        task: Task,
        frame: &FrameMeasurement,
        seen: Seen,
        t: &Thresholds,
    ) -> Report {
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

    /// The hint for a frame whose picture is good.
    fn guide(&self, frame: &FrameMeasurement, seen: Seen, t: &Thresholds) -> Hint {
        let is_turned = |f: &Face| !can_read(f.pose, t);
        let away = frame.face.as_ref().is_some_and(is_turned);
        match self.movement {
            _ if seen.is_readable => Hint::KeepGoing,
            _ if self.evidence.identity().portrait().is_none() => Hint::LookStraight,
            Movement::Turn(..) => Hint::LookStraight,
            Movement::Blink(_) if !away => Hint::EyesNotVisible,
            // The face is turned away, or was never seen at rest.
            Movement::Blink(_) | Movement::Lips(..) => Hint::LookStraight,
        }
    }

    /// What the current task lacks.
    pub fn missing(&self, angles: &Angles, t: &Thresholds) -> Missing {
        let missing = self.movement.missing(&self.rest, angles, t);
        Missing {
            why: if self.saw_face {
                missing.why
            } else {
                Why::NoFrames
            },
            ..missing
        }
    }

    /// The next stage, after the current task was passed.
    pub fn pass(mut self, tasks: &[Task], at_ms: u64, angles: &Angles, t: &Thresholds) -> Stage {
        self.passed += 1;
        match tasks.get(self.passed) {
            Some(next) => {
                self.movement = Movement::of(*next);
                self.shown = self.shown.next(*next);
                self.since_ms = self.since_ms.max(at_ms);
                self.saw_face = false;
                Stage::Running(Box::new(self))
            }
            None => Stage::ended(self.complete(at_ms, angles, t)),
        }
    }

    fn complete(&self, at_ms: u64, angles: &Angles, t: &Thresholds) -> End {
        let mut rejections = self.evidence.rejections(&[], t);
        if rejections.is_empty() && !self.evidence.suffices() {
            rejections.push(self.evidence.too_little(t));
        }
        self.end(Ending::Completed(rejections), at_ms, angles, t)
    }

    /// The end, after a task's time is over, or after another person appeared.
    pub fn fail(
        &self,
        missing: Option<Missed>,
        at_ms: u64,
        angles: &Angles,
        t: &Thresholds,
    ) -> End {
        let mut rejections = self.evidence.rejections(&[], t);
        if missing.is_some() {
            rejections.push(Rejection::ChallengeFailed);
        }
        let ending = Ending::Failed {
            rejections,
            missing,
        };
        self.end(ending, at_ms, angles, t)
    }

    /// The end, after the session was cancelled.
    pub fn cancel(&self, at_ms: u64, angles: &Angles, t: &Thresholds) -> End {
        self.end(Ending::Cancelled, at_ms, angles, t)
    }

    fn end(&self, ending: Ending, at_ms: u64, angles: &Angles, t: &Thresholds) -> End {
        let poor = self.evidence.poor();
        End {
            retry_hints: self.retry_hints(&ending, &poor, angles, t),
            reference: self.compare(&ending, t),
            ending,
            at_ms,
            passed: self.passed,
            frames: self.evidence.frames,
            frames_with_face: self.evidence.frames_with_face,
            anti_spoof: self.evidence.anti_spoof(t),
            same_person: self.evidence.same_person(),
            poor,
        }
    }

    fn retry_hints(
        &self,
        ending: &Ending,
        poor: &[PoorFrames],
        angles: &Angles,
        t: &Thresholds,
    ) -> Vec<RetryHint> {
        let missed = match ending {
            Ending::Completed(rejections) if rejections.is_empty() => return Vec::new(),
            Ending::Expired | Ending::Cancelled => return Vec::new(),
            Ending::Completed(_) => None,
            Ending::Failed { missing, .. } => missing.as_ref(),
        };
        let timed_out = missed.map(|m| (m.task, self.shown.missing(angles, t)));
        let missed = timed_out.and_then(|(task, missing)| Some((task, missing?)));
        if timed_out.is_some() && self.saw_face && self.evidence.identity().portrait().is_none() {
            return vec![RetryHint::LookStraight];
        }
        let missed: Vec<_> = missed.into_iter().collect();
        let hints = retry::hints(&self.evidence.visibility(poor, t), &missed, t);
        match timed_out {
            // The movement was there, and evidence kept it from counting. To give no hint would tell that.
            Some((task, None)) if hints.is_empty() => vec![retry::more_of(task)],
            _ => hints,
        }
    }

    fn compare(&self, ending: &Ending, t: &Thresholds) -> Comparison {
        let rejections = match ending {
            // Nobody reads a cancelled session's end.
            Ending::Expired | Ending::Cancelled => return Comparison::NoReference,
            Ending::Completed(rejections) | Ending::Failed { rejections, .. } => rejections,
        };
        let portrait = self.evidence.identity().portrait();
        let portrait = portrait.map(Portrait::embedding);
        Comparison::of(self.reference.as_ref(), portrait, rejections, t)
    }
}
