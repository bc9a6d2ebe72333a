//! The verdict on a capture: findings, and verified or rejected.

use serde::{Deserialize, Serialize};

use crate::challenge::Action;
use crate::embedding::Embedding;
use crate::evidence::Statement;
use crate::evidence::poor::PoorFrames;
use crate::movement::FailedAction;
use crate::retry::RetryHint;

/// The verdict on a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// All that was measured.
    pub findings: Findings,
    /// Verified or rejected.
    pub conclusion: Conclusion,
}

impl Verdict {
    /// Whether the capture is verified.
    pub fn is_verified(&self) -> bool {
        matches!(self.conclusion, Conclusion::Verified(_))
    }
}

/// The numbers of a verdict, reported for verified and rejected captures.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Number of frames in the capture.
    pub frames: usize,
    /// Number of frames that show a clear face.
    pub frames_with_face: usize,
    /// Average anti-spoof score, 0 (attack) to 1 (bona fide); `None` if no picture was scored.
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1; `None` if fewer than two faces could be compared.
    pub same_person: Option<f32>,
    /// Actions that were shown, in the order of the challenge.
    pub completed: Vec<Action>,
    /// Actions that were not shown, in the order of the challenge.
    pub failed: Vec<FailedAction>,
    /// Number of turns to a side that were made to the other side, if that holds for every turn of the
    /// challenge; else 0. A hint that decides nothing.
    pub other_side: usize,
    /// Every other kind of evidence that could be measured, whether or not the capture fails by it.
    pub evidence: Vec<Statement>,
    /// Frames without a clear face, or whose light is too dark or too bright, by reason.
    pub poor: Vec<PoorFrames>,
    /// What the person should do differently in the next try, the most useful first; empty for a verified
    /// capture.
    pub retry_hints: Vec<RetryHint>,
    /// The face that the capture is compared with; `None` if no face could be judged.
    pub portrait: Option<Embedding>,
}

impl Findings {
    /// Whether every action was shown.
    pub fn challenge_passed(&self) -> bool {
        self.failed.is_empty() && !self.completed.is_empty()
    }
}

/// Conclusion of a verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// Every check passed.
    Verified(Proof),
    /// At least one check failed. In the order of the documentation, never empty.
    Rejected(Vec<Rejection>),
}

/// Result of a verified capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Combined confidence, 0 to 1; see [`confidence`](super::confidence).
    pub confidence: f32,
    /// The portrait: mean identity embedding of the capture, unit length.
    pub embedding: Embedding,
    /// Position of the best frame in the capture, from 0.
    pub best_frame: usize,
}

/// A check that failed, with the measured value and the required one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rejection {
    /// Too few frames show a face, or too few faces could be judged.
    InsufficientFaceDetections {
        /// Share of frames with such a face, 0 to 1.
        measured: f32,
        /// The least share that is accepted, 0 to 1.
        required: f32,
    },
    /// The frames do not show one person throughout. `consistency` or `evidence`, or both, are present.
    DifferentPersons {
        /// Identity consistency, 0 to 1, if it is below its threshold.
        consistency: Option<Shortfall>,
        /// Other evidence of more than one person that the capture fails by.
        evidence: Vec<Statement>,
    },
    /// The evidence shows an attack presentation.
    SpoofDetected {
        /// The average anti-spoof score, 0 to 1; `None` if no picture was scored. It may be above
        /// `required`: the weakest part decides, and the average is reported.
        average: Option<f32>,
        /// The score that the weakest part needs, 0 to 1.
        required: f32,
        /// The evidence that the capture fails by; never empty.
        evidence: Vec<Statement>,
    },
    /// At least one action was not shown; [`Findings::failed`] says which and why.
    ChallengeFailed,
}

/// A score and its threshold, both from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The measured score.
    pub measured: f32,
    /// The least score that is accepted.
    pub required: f32,
}
