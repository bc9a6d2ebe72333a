//! What an incomplete movement lacks.

use serde::{Deserialize, Serialize};

use crate::challenge::Action;

/// What an incomplete movement lacks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Why the movement does not count.
    pub why: Why,
    /// The measured value that came nearest to `required`, in `unit`; `None` if nothing could be measured.
    pub measured: Option<f32>,
    /// The required value, in `unit`.
    pub required: f32,
    /// Unit of `measured` and `required`.
    pub unit: Unit,
}

/// Unit of a movement's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Angle, degrees, with the sign of its axis.
    Degrees,
    /// Aspect ratio of the wider eye.
    EyeAspectRatio,
    /// Score of the expression model, 0 to 1.
    SmileScore,
    /// Gap between the inner lips divided by the mouth's width.
    MouthOpening,
    /// A number of frames.
    Frames,
    /// Position of a frame in the capture, from 0.
    FrameIndex,
}

/// Why an action does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No frame, or too few, could show it: none has the action's tag, or none shows a face.
    NoFrames,
    /// The required angle or eye closing was not reached.
    NotReached,
    /// The eyes closed, and no later frame shows them open.
    NotReopened,
    /// The end of the movement was seen, but no neutral face before it.
    NoNeutralBefore,
    /// The action was shown before the action that must come first.
    OutOfOrder,
    /// A state was shown and not a movement: the eyes are always like that, or the poses on the way are
    /// missing.
    NoMovement,
    /// Frames of the action show a face, but none can be compared with the portrait: the face is turned too
    /// far, or it is another person's.
    NotComparable,
}

/// An action that was not shown, and what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedAction {
    /// The action.
    pub action: Action,
    /// What the action lacks.
    pub missing: Missing,
}
