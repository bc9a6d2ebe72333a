//! The judgement of a test session's capture.

use livegate_liveness::challenge::{Action, Challenge};
use livegate_liveness::decision::{Findings, Proof};
use livegate_liveness::embedding::Embedding;
use livegate_liveness::judge::{Judgement, Undecodable};
use livegate_liveness::movement::{FailedAction, Missing, Task, Unit, Why};
use livegate_liveness::retry::{self, Visibility};
use livegate_liveness::sampling::Sampling;
use livegate_liveness::thresholds::Thresholds;
use livegate_media::Foreign;
use sha2::{Digest, Sha256};

use super::findings::Numbers;
use crate::contract::reason::ReasonCode;
use crate::verify::wire::Capture;

/// Frames that a clip counts as: five seconds of eight a second.
const CLIP_FRAMES: usize = 40;
/// Numbers of an embedding.
const DIMENSIONS: usize = 512;
/// What the digests of an embedding begin with.
const EMBEDDING: &[u8] = b"livegate test embedding";
/// Combined confidence of a verified capture, 0 to 1.
const CONFIDENCE: f32 = 0.9;
/// How far a failed action went, as a share of the way.
const SHORT: f32 = 0.7;
/// How far eyes stayed open in a failed blink, as a multiple of the closed limit.
const OPEN: f32 = 1.4;
/// Why a medium could not be decoded.
const CAUSE: &str = "the test outcome asks for it";

/// A capture of a test session.
pub struct TestCapture<'a> {
    /// Id of the session.
    pub session_id: &'a str,
    /// Its challenge.
    pub challenge: &'a Challenge,
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// Number of frames.
    pub frames: usize,
}

impl<'a> TestCapture<'a> {
    /// A capture for this session.
    pub fn new(session_id: &'a str, challenge: &'a Challenge, capture: &Capture) -> Self {
        let (sampling, frames) = match capture {
            Capture::Images(frames) => (Sampling::Chosen, frames.len()),
            Capture::Video(_) => (Sampling::Dense, CLIP_FRAMES),
        };
        Self {
            session_id,
            challenge,
            sampling,
            frames,
        }
    }
}

/// The judgement of a capture that fails for these reasons; verified where there are none.
pub fn judge(capture: &TestCapture<'_>, reasons: &[ReasonCode], t: &Thresholds) -> Judgement {
    if reasons.contains(&ReasonCode::InvalidInput) {
        let cause = CAUSE.to_owned();
        return Judgement::Undecodable(vec![match capture.sampling {
            Sampling::Chosen => Undecodable::Frame { index: 0, cause },
            Sampling::Dense => Undecodable::Clip { cause },
        }]);
    }
    let numbers = Numbers::new(reasons, capture.frames, capture.sampling, t);
    let (mut completed, mut failed) = (capture.challenge.actions.clone(), Vec::new());
    if reasons.contains(&ReasonCode::ChallengeFailed) {
        let last = completed.pop();
        failed.extend(last.map(|action| not_reached(action, capture.challenge)));
    }
    let missed: Vec<_> = failed
        .iter()
        .map(|f| (Task::from(f.action), f.missing))
        .collect();
    let seen = Visibility {
        frames: capture.frames,
        frames_with_face: numbers.frames_with_face,
        second_face: false,
        poor: &numbers.poor,
    };
    let embedding = embedding(capture.session_id);
    let findings = Findings {
        retry_hints: if numbers.rejections.is_empty() {
            Vec::new()
        } else {
            retry::hints(&seen, &missed, t)
        },
        portrait: embedding.clone(),
        frames: capture.frames,
        frames_with_face: numbers.frames_with_face,
        anti_spoof: Some(numbers.anti_spoof),
        same_person: Some(numbers.same_person),
        completed,
        failed,
        other_side: 0,
        evidence: Vec::new(),
        poor: numbers.poor,
    };
    match embedding.filter(|_| numbers.rejections.is_empty()) {
        Some(embedding) => Judgement::Verified(
            findings,
            Proof {
                confidence: CONFIDENCE,
                embedding,
                best_frame: 0,
            },
        ),
        None => Judgement::Rejected(findings, numbers.rejections),
    }
}

/// The judgement of a clip that is not one; `None` where its beginning is that of a clip.
pub fn unreadable(capture: &Capture) -> Option<Judgement> {
    let Capture::Video(clip) = capture else {
        return None;
    };
    if Foreign::of(clip) == Some(Foreign::Video) {
        return None;
    }
    let cause = "it is neither mp4 nor webm".to_owned();
    Some(Judgement::Undecodable(vec![Undecodable::Clip { cause }]))
}

fn not_reached(action: Action, challenge: &Challenge) -> FailedAction {
    let (required, share, unit) = match action.head_move() {
        Some(turn) => {
            let angle = turn.sign * challenge.angles.required(turn);
            (angle, SHORT, Unit::Degrees)
        }
        None => (challenge.angles.blink_ear, OPEN, Unit::EyeAspectRatio),
    };
    FailedAction {
        action,
        missing: Missing {
            why: Why::NotReached,
            measured: Some(share * required),
            required,
            unit,
        },
    }
}

/// A vector of unit length made of the session's id. It is nobody's face; each session has its own.
pub fn embedding(session_id: &str) -> Option<Embedding> {
    let digests = (0_u32..).map(|block| {
        let digest = Sha256::new().chain_update(EMBEDDING);
        let digest = digest
            .chain_update(session_id)
            .chain_update(block.to_be_bytes());
        <[u8; 32]>::from(digest.finalize())
    });
    let values = digests.flatten().map(|byte| f32::from(byte) - 127.5);
    Embedding::from_raw(values.take(DIMENSIONS).collect())
}

#[cfg(test)]
mod tests {
    use livegate_liveness::challenge::Angles;

    use super::*;
    use crate::test_mode::Tested;

    fn challenge(actions: &[Action]) -> Challenge {
        Challenge {
            actions: actions.to_vec(),
            angles: Angles::default(),
            mirrored: false,
        }
    }

    fn judged(reasons: &[ReasonCode], sampling: Sampling) -> Judgement {
        let challenge = challenge(&[Action::Blink, Action::TurnLeft]);
        let capture = TestCapture {
            session_id: "live_1",
            challenge: &challenge,
            sampling,
            frames: 8,
        };
        judge(&capture, reasons, &Thresholds::default())
    }

    #[test]
    fn a_capture_fails_for_what_was_asked_and_for_nothing_else() {
        for sampling in [Sampling::Chosen, Sampling::Dense] {
            assert!(matches!(judged(&[], sampling), Judgement::Verified(..)));
            for reason in Tested::Verify.reasons() {
                match judged(&[*reason], sampling) {
                    Judgement::Rejected(findings, rejections) => {
                        let named: Vec<_> = rejections.iter().map(ReasonCode::from).collect();
                        assert_eq!(named, [*reason]);
                        let failed = *reason == ReasonCode::ChallengeFailed;
                        assert_eq!(findings.challenge_passed(), !failed);
                    }
                    Judgement::Undecodable(_) => assert_eq!(*reason, ReasonCode::InvalidInput),
                    Judgement::Verified(..) => panic!("{reason:?}"),
                }
            }
        }
    }

    #[test]
    fn a_failed_action_falls_short_of_what_it_needs() {
        for action in Action::ALL {
            let Missing {
                measured, required, ..
            } = not_reached(action, &challenge(&[action])).missing;
            let measured = measured.unwrap();
            match action.head_move() {
                Some(turn) => assert!(turn.sign * measured < turn.sign * required),
                None => assert!(measured > required),
            }
        }
    }

    #[test]
    fn an_embedding_has_unit_length_and_differs_by_session() {
        let (one, other) = (embedding("live_1").unwrap(), embedding("live_2").unwrap());
        assert_eq!(one.as_slice().len(), DIMENSIONS);
        assert!((one.cosine(&one) - 1.0).abs() < 1e-5);
        assert!(one.cosine(&other).abs() < 0.3, "{}", one.cosine(&other));
        assert_eq!(embedding("live_1"), Some(one));
    }
}
