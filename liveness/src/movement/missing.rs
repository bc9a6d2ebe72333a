//! What is missing of a movement that was not seen as a whole.

use serde::{Deserialize, Serialize};

use crate::challenge::Action;

/// What is missing of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// What.
    pub why: Why,
    /// The nearest that was measured, in `unit`; `None` when there was nothing to measure.
    pub measured: Option<f32>,
    /// What it takes, in `unit`.
    pub required: f32,
    /// The unit of both numbers.
    pub unit: Unit,
}

/// What the number of a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Angle, degrees, with the sign of its axis.
    Degrees,
    /// Aspect ratio of the wider eye.
    EyeAspectRatio,
    /// Score of the expression model, 0 to 1.
    SmileScore,
    /// Gap between the inner lips over the mouth's width.
    MouthOpening,
    /// A number of frames.
    Frames,
    /// A position in the capture, from 0.
    FrameIndex,
}

/// Why an action does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No frame, or too few, that could show it: none tagged for it, or none with a face.
    NoFrames,
    /// The angle or the closing was not reached.
    NotReached,
    /// The eyes closed and were not seen open again.
    NotReopened,
    /// The end of the movement was seen without its beginning: no neutral face before it.
    NoNeutralBefore,
    /// It was shown, but before the action that comes first.
    OutOfOrder,
    /// It was shown as a state, not as a movement: the eyes are always like that, or the poses on the
    /// way there are missing.
    NoMovement,
    /// Its frames show a face, but none that can be compared with the portrait: turned too far, or
    /// another person's.
    NotComparable,
}

/// An action that was not shown, and what was instead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedAction {
    /// The action.
    pub action: Action,
    /// What is missing of it.
    pub missing: Missing,
}
