//! Numbers of a verdict that nobody measured. Scores lie between their threshold and 1, or at half of the threshold.

use livegate_liveness::decision::{Rejection, Shortfall};
use livegate_liveness::evidence::poor::{PoorFrames, Why};
use livegate_liveness::evidence::{Kind, Statement, presence};
use livegate_liveness::sampling::Sampling;
use livegate_liveness::thresholds::Thresholds;

use crate::contract::reason::ReasonCode;

/// The numbers of one capture or session.
pub struct Numbers {
    /// The checks that fail, in the documented order.
    pub rejections: Vec<Rejection>,
    /// Average anti-spoof score, 0 to 1.
    pub anti_spoof: f32,
    /// Identity consistency, 0 to 1.
    pub same_person: f32,
    /// Number of frames with a clear face.
    pub frames_with_face: usize,
    /// The other frames.
    pub poor: Vec<PoorFrames>,
}

impl Numbers {
    /// The numbers of `frames` frames that fail for `reasons`.
    pub fn new(reasons: &[ReasonCode], frames: usize, sampling: Sampling, t: &Thresholds) -> Self {
        let fails = |reason| reasons.contains(&reason);
        let of = |reason, required: f32| {
            let required = required.clamp(0.0, 1.0);
            if fails(reason) {
                required / 2.0
            } else {
                f32::midpoint(required, 1.0)
            }
        };
        let unseen = if fails(ReasonCode::InsufficientFaceDetections) {
            unseen(frames, t)
        } else {
            0
        };
        let mut numbers = Self {
            rejections: Vec::new(),
            anti_spoof: of(ReasonCode::SpoofDetected, t.pad.threshold(sampling)),
            same_person: of(ReasonCode::DifferentPersonsDetected, t.same_person),
            frames_with_face: frames - unseen,
            poor: poor(unseen),
        };
        let all = reasons.iter();
        numbers.rejections = all
            .filter_map(|reason| numbers.rejection(*reason, frames, sampling, t))
            .collect();
        numbers
    }

    fn rejection(
        &self,
        reason: ReasonCode,
        frames: usize,
        sampling: Sampling,
        t: &Thresholds,
    ) -> Option<Rejection> {
        match reason {
            ReasonCode::InsufficientFaceDetections => Some(Rejection::InsufficientFaceDetections {
                measured: presence::share(self.frames_with_face, frames),
                required: t.face_ratio,
            }),
            ReasonCode::DifferentPersonsDetected => Some(Rejection::DifferentPersons {
                consistency: Some(Shortfall {
                    measured: self.same_person,
                    required: t.same_person,
                }),
                evidence: Vec::new(),
            }),
            ReasonCode::SpoofDetected => {
                let required = t.pad.threshold(sampling);
                let weakest = Statement::new(Kind::WeakestPart, self.anti_spoof, required);
                Some(Rejection::SpoofDetected {
                    average: Some(self.anti_spoof),
                    required,
                    evidence: vec![weakest],
                })
            }
            ReasonCode::ChallengeFailed => Some(Rejection::ChallengeFailed),
            ReasonCode::LivenessPassed
            | ReasonCode::ChallengeCompleted
            | ReasonCode::NoSpoofDetected
            | ReasonCode::InvalidInput
            | ReasonCode::InternalError => None,
        }
    }
}

/// Number of frames without a face that are too many: at least one more than are allowed, and not all.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few hundred frames at most, and a share of them"
)]
fn unseen(frames: usize, t: &Thresholds) -> usize {
    let seen = (frames as f32 * t.face_ratio / 2.0).floor() as usize;
    frames - seen.min(frames)
}

/// The last `frames` frames of a capture, where no face was found.
fn poor(frames: usize) -> Vec<PoorFrames> {
    let Some(frames) = u32::try_from(frames).ok().filter(|n| *n > 0) else {
        return Vec::new();
    };
    vec![PoorFrames {
        why: Why::NoFace,
        frames,
        positions: (0..frames.min(20)).collect(),
        measured: None,
        required: None,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_mode::Tested;

    #[test]
    fn each_reason_fails_its_own_check_and_no_other() {
        let t = Thresholds::default();
        for sampling in [Sampling::Chosen, Sampling::Dense] {
            for frames in [1, 3, 8, 20, 40] {
                for reason in Tested::LiveFrame.reasons() {
                    let numbers = Numbers::new(&[*reason], frames, sampling, &t);
                    let fails = |of| *reason == of;
                    let below = |value: f32, required: f32| value < required;
                    assert_eq!(
                        below(numbers.anti_spoof, t.pad.threshold(sampling)),
                        fails(ReasonCode::SpoofDetected)
                    );
                    assert_eq!(
                        below(numbers.same_person, t.same_person),
                        fails(ReasonCode::DifferentPersonsDetected)
                    );
                    assert_eq!(
                        below(
                            presence::share(numbers.frames_with_face, frames),
                            t.face_ratio
                        ),
                        fails(ReasonCode::InsufficientFaceDetections)
                    );
                    let named: Vec<_> = numbers.rejections.iter().map(ReasonCode::from).collect();
                    assert_eq!(named, [*reason]);
                }
            }
        }
        let none = Numbers::new(&[], 8, Sampling::Chosen, &t);
        assert!(none.rejections.is_empty() && none.poor.is_empty() && none.frames_with_face == 8);
    }
}
