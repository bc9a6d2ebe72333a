//! Sessions that follow a script instead of measurements, so that callers can test their programs.
//!
//! Clock, time-outs and states are those of any other session. What frames show, and the findings of the
//! end, are given.

use super::end::{End, Ending};
use super::hint::Hint;
use super::running::{MOST_UNPASSED, Running};
use super::{Report, Session, Stage};
use crate::decision::Rejection;
use crate::embedding::Embedding;
use crate::evidence::poor::PoorFrames;
use crate::reference::Comparison;
use crate::retry::{self, Visibility};
use crate::thresholds::Thresholds;

/// What a frame of a scripted session shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Cue {
    /// It does not pass the task.
    Stay {
        /// How much of the task it shows, 0 to 0.49.
        confidence: f32,
        /// What the subject should change.
        hint: Hint,
    },
    /// It passes the task. After the last task the session is completed, with these findings.
    Pass(Finale),
    /// It ends the session as failed, with these findings.
    Fail(Finale),
}

/// The findings of a scripted end.
#[derive(Clone, Debug, PartialEq)]
pub struct Finale {
    /// The checks that failed, in the order of the documentation.
    pub rejections: Vec<Rejection>,
    /// Mean anti-spoof score, 0 (attack) to 1 (bona fide).
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1.
    pub same_person: Option<f32>,
    /// Frames without a clear face.
    pub poor: Vec<PoorFrames>,
}

/// Confidence of a scripted frame that passes its task.
const PASSED: f32 = 0.65;

impl Session {
    /// Steps the session by a frame that arrived at `at_ms`, Unix milliseconds, and shows what `script` says.
    /// `script` gets the number of frames before it, and the number of tasks passed.
    #[must_use]
    pub fn rehearse(
        &self,
        at_ms: u64,
        t: &Thresholds,
        script: impl FnOnce(usize, usize) -> Cue,
    ) -> (Self, Report) {
        if let Some(over) = self.over_by(at_ms, t) {
            return over;
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
            return (self.clone(), Report::nothing(None));
        };
        let cue = script(running.evidence.frames, running.passed);
        running.saw_face = true;
        running.shown.see_face();
        running.evidence.frames += 1;
        running.evidence.frames_with_face += 1;
        let reference = running.reference.clone();
        let mut report = Report::nothing(Some(task));
        let stage = match cue {
            Cue::Stay { confidence, hint } => {
                report.confidence = confidence.clamp(0.0, MOST_UNPASSED);
                report.hint = Some(hint);
                Stage::Running(Box::new(running))
            }
            Cue::Pass(finale) => {
                (report.passed, report.confidence) = (true, PASSED);
                match running.pass(&self.tasks, at_ms, &self.angles, t) {
                    Stage::Ended(end) => {
                        let rejections = finale.rejections.clone();
                        let ending = Ending::Completed(rejections);
                        Stage::ended(finale.end(ending, *end, reference.as_ref(), t))
                    }
                    next @ (Stage::Waiting { .. } | Stage::Running(_)) => next,
                }
            }
            Cue::Fail(finale) => {
                let end = running.fail(None, at_ms, &self.angles, t);
                let ending = Ending::Failed {
                    rejections: finale.rejections.clone(),
                    missing: None,
                };
                Stage::ended(finale.end(ending, end, reference.as_ref(), t))
            }
        };
        let next = Self {
            stage,
            ..self.clone()
        };
        (next, report)
    }
}

impl Finale {
    /// `end` with these findings. A reference matches, if there is one: no face was measured.
    fn end(self, ending: Ending, end: End, reference: Option<&Embedding>, t: &Thresholds) -> End {
        let seen = Visibility {
            frames: end.frames,
            frames_with_face: end.frames_with_face,
            second_face: false,
            poor: &self.poor,
        };
        End {
            retry_hints: if self.rejections.is_empty() {
                Vec::new()
            } else {
                retry::hints(&seen, &[], t)
            },
            reference: Comparison::of(reference, reference, &self.rejections, t),
            ending,
            anti_spoof: self.anti_spoof,
            same_person: self.same_person,
            poor: self.poor,
            ..end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Angles;
    use crate::movement::Task;
    use crate::session::State;

    const TASKS: [Task; 2] = [Task::TurnLeft, Task::Blink];

    fn session() -> Session {
        Session::new(TASKS.to_vec(), 1_000, Angles::default(), 500)
    }

    fn finale(rejections: Vec<Rejection>) -> Finale {
        Finale {
            rejections,
            anti_spoof: Some(0.75),
            same_person: Some(0.5),
            poor: Vec::new(),
        }
    }

    fn stay() -> Cue {
        Cue::Stay {
            confidence: 0.9,
            hint: Hint::KeepGoing,
        }
    }

    /// Steps a session by one cue for each of these times.
    fn played(cues: impl IntoIterator<Item = (u64, Cue)>) -> (Session, Report) {
        let t = Thresholds::default();
        let mut last = (session(), Report::nothing(None));
        for (frames, (at_ms, cue)) in cues.into_iter().enumerate() {
            last = last.0.rehearse(at_ms, &t, |before, _| {
                assert_eq!(before, frames);
                cue
            });
        }
        last
    }

    fn end(session: &Session) -> &End {
        match session.state() {
            State::Ended(end) => end,
            other @ (State::Pending | State::InProgress) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_script_passes_each_task_and_gives_the_findings_of_the_end() {
        let (one, report) = played([(100, stay()), (200, Cue::Pass(finale(Vec::new())))]);
        assert_eq!((one.state(), one.remaining()), (State::InProgress, 1));
        assert!(report.passed && report.task == Some(Task::TurnLeft) && report.hint.is_none());
        let pass = |at_ms, rejections| (at_ms, Cue::Pass(finale(rejections)));
        let (live, _) = played([pass(100, Vec::new()), pass(200, Vec::new())]);
        assert!(end(&live).is_live());
        assert_eq!(
            (end(&live).frames, end(&live).anti_spoof, live.remaining()),
            (2, Some(0.75), 0)
        );
        let spoof = Rejection::ChallengeFailed;
        let (not, report) = played([pass(100, Vec::new()), pass(200, vec![spoof.clone()])]);
        assert_eq!(end(&not).ending, Ending::Completed(vec![spoof]));
        assert!(report.passed && !end(&not).is_live());
    }

    #[test]
    fn a_frame_that_stays_is_below_half_and_one_that_fails_ends_the_session() {
        let (running, report) = played([(100, stay())]);
        assert!(report.confidence < 0.5 && !report.passed && running.has_begun());
        let (over, report) = played([(100, Cue::Fail(finale(vec![Rejection::ChallengeFailed])))]);
        assert!(!report.passed && report.hint.is_none());
        assert_eq!(end(&over).rejections(), [Rejection::ChallengeFailed]);
    }

    #[test]
    fn time_ends_a_scripted_session_as_any_other() {
        let t = Thresholds::default();
        let (expired, report) = played([(501, stay())]);
        assert_eq!(
            (&end(&expired).ending, report.task),
            (&Ending::Expired, None)
        );
        let (running, _) = played([(100, stay())]);
        assert_eq!(running.ends_at_ms(), Some(1_101));
        let over = running.settle(1_101, &t);
        let Ending::Failed {
            rejections,
            missing,
        } = &end(&over).ending
        else {
            panic!("{:?}", end(&over))
        };
        assert_eq!(rejections, &[Rejection::ChallengeFailed]);
        assert_eq!(missing.unwrap().task, Task::TurnLeft);
        // A session that is over has no effect on the script.
        let (same, report) = over.rehearse(1_200, &t, |_, _| panic!("no cue is needed"));
        assert_eq!((same, report.task), (over, None));
    }
}
