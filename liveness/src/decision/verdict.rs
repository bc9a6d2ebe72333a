//! What a capture amounts to.

use serde::{Deserialize, Serialize};

use crate::challenge::Action;
use crate::embedding::Embedding;
use crate::evidence::Statement;
use crate::evidence::poor::PoorFrames;
use crate::movement::FailedAction;

/// What a capture amounts to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Everything that was measured on the way.
    pub findings: Findings,
    /// What follows from it.
    pub conclusion: Conclusion,
}

impl Verdict {
    /// Whether the capture is verified.
    pub fn is_verified(&self) -> bool {
        matches!(self.conclusion, Conclusion::Verified(_))
    }
}

/// The numbers of a verdict, reported whatever the conclusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Frames in the capture.
    pub frames: usize,
    /// Frames that show a face.
    pub frames_with_face: usize,
    /// Combined anti-spoof score, 0 (attack) to 1 (bona fide).
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1.
    pub same_person: Option<f32>,
    /// Actions that were shown, in the order asked.
    pub completed: Vec<Action>,
    /// Actions that were not, in the order asked.
    pub failed: Vec<FailedAction>,
    /// Turns to a side that were asked for and made to the other one, where that is so for every one of
    /// them; else 0. A hint: it decides nothing.
    pub other_side: usize,
    /// What else was looked at, for or against the capture.
    pub evidence: Vec<Statement>,
    /// Frames whose face was not seen, or whose light is hard, by reason.
    pub poor: Vec<PoorFrames>,
}

impl Findings {
    /// Whether every action was shown.
    pub fn challenge_passed(&self) -> bool {
        self.failed.is_empty() && !self.completed.is_empty()
    }
}

/// The two ways a capture can end.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// Every check passed.
    Verified(Proof),
    /// At least one did not; in the order of the documentation, never empty.
    Rejected(Vec<Rejection>),
}

/// What a verified capture yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Combined confidence, 0 to 1; see [`confidence`](super::confidence).
    pub confidence: f32,
    /// The face of the capture.
    pub embedding: Embedding,
    /// Position of the best frame in the capture.
    pub best_frame: usize,
}

/// A check that failed, with what was measured and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rejection {
    /// Too few frames show a face.
    InsufficientFaceDetections {
        /// Share of frames with a face.
        measured: f32,
        /// Share that it takes.
        required: f32,
    },
    /// The frames don't show one person. At least one of both is there.
    DifferentPersons {
        /// Identity consistency, where it was what failed.
        consistency: Option<Shortfall>,
        /// What else speaks for more than one.
        evidence: Vec<Statement>,
    },
    /// An attack presentation.
    SpoofDetected {
        /// The average anti-spoof score, where models scored, and what the weakest part takes. It may be
        /// above that: parts decide, the average is reported.
        score: Option<Shortfall>,
        /// What speaks for one; never empty.
        evidence: Vec<Statement>,
    },
    /// At least one action was not shown; [`Findings::failed`] says which and why.
    ChallengeFailed,
}

/// A score below its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The score.
    pub measured: f32,
    /// The threshold.
    pub required: f32,
}
