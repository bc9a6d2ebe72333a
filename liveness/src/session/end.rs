//! The end of a session, and what is kept of it.

use serde::{Deserialize, Serialize};

use crate::decision::Rejection;
use crate::evidence::poor::PoorFrames;
use crate::movement::{Missing, Task};
use crate::reference::Comparison;
use crate::retry::RetryHint;

/// Result of a session. It contains no biometric data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// How the session ended.
    pub ending: Ending,
    /// When it ended, Unix milliseconds.
    pub at_ms: u64,
    /// Number of tasks passed.
    pub passed: usize,
    /// Number of frames.
    pub frames: usize,
    /// Number of frames that show a clear face.
    pub frames_with_face: usize,
    /// Mean anti-spoof score, 0 (attack) to 1 (bona fide); `None` if no picture was scored.
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1; `None` if fewer than two faces could be compared.
    pub same_person: Option<f32>,
    /// Frames without a clear face, or whose light is too dark or too bright, by reason. Positions count
    /// frames in the order in which they were taken, from 0.
    pub poor: Vec<PoorFrames>,
    /// What the person should do differently in the next try, the most useful first; empty for a live session,
    /// and for one without frames.
    pub retry_hints: Vec<RetryHint>,
    /// How like the session's reference its face is.
    pub reference: Comparison,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ending {
    /// No frame arrived in time.
    Expired,
    /// All tasks were passed. The session is live if no check failed, that is, if the list is empty.
    Completed(Vec<Rejection>),
    /// A task was not passed in time, or there is a second person.
    Failed {
        /// The checks that failed, in the order of the documentation; never empty.
        rejections: Vec<Rejection>,
        /// The task that was not passed in time, and what it lacks; `None` if the session ended for another
        /// reason.
        missing: Option<Missed>,
    },
    /// It was cancelled. There is no verdict.
    Cancelled,
}

impl End {
    /// The end of a session that had no frame, at `at_ms`, Unix milliseconds.
    pub(super) fn without_frames(ending: Ending, reference: Comparison, at_ms: u64) -> Self {
        Self {
            ending,
            at_ms,
            passed: 0,
            frames: 0,
            frames_with_face: 0,
            anti_spoof: None,
            same_person: None,
            poor: Vec::new(),
            retry_hints: Vec::new(),
            reference,
        }
    }

    /// Whether the session was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.ending, Ending::Cancelled)
    }

    /// Whether a live person passed all tasks and all checks.
    pub fn is_live(&self) -> bool {
        matches!(&self.ending, Ending::Completed(rejections) if rejections.is_empty())
    }

    /// The checks that failed, in the order of the documentation; empty if none did.
    pub fn rejections(&self) -> &[Rejection] {
        match &self.ending {
            Ending::Expired | Ending::Cancelled => &[],
            Ending::Completed(rejections) | Ending::Failed { rejections, .. } => rejections,
        }
    }
}

/// A task that was not passed in time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// The task.
    pub task: Task,
    /// What the task lacks.
    pub missing: Missing,
}
