//! What is left of a session when it is over.

use serde::{Deserialize, Serialize};

use crate::decision::Rejection;
use crate::evidence::poor::PoorFrames;
use crate::movement::{Missing, Task};

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
    /// Frames whose face was not seen, or whose light is hard, by reason; positions are those of the frames as they were taken.
    pub poor: Vec<PoorFrames>,
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
