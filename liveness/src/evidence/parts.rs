//! The parts of a capture: the frames that face the camera, and those of each direction.
//!
//! Each part is judged by itself, and the weakest part decides. So good frames of one part cannot make up
//! for poor ones of another. The pose alone determines the part of a frame, since the caller chooses the
//! tags.

use serde::{Deserialize, Serialize};

use crate::pose::Pose;
use crate::thresholds::Thresholds;

/// Weight of a degree of pitch against a degree of yaw: challenges ask for 25 degrees to a side, and for 20
/// up or down.
const PITCH_WEIGHT: f32 = 1.25;

/// A part of a capture. Directions are the subject's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    /// Facing the camera.
    Frontal,
    /// Turned to the left.
    Left,
    /// Turned to the right.
    Right,
    /// Looking up.
    Up,
    /// Looking down.
    Down,
}

impl Part {
    /// Every part, in the order of their positions in arrays.
    pub const ALL: [Self; 5] = [Self::Frontal, Self::Left, Self::Right, Self::Up, Self::Down];

    /// The part to which a frame with this pose belongs.
    pub fn of(pose: Pose, t: &Thresholds) -> Self {
        if pose.is_within(t.neutral_deg) {
            Self::Frontal
        } else if pose.yaw.abs() >= PITCH_WEIGHT * pose.pitch.abs() {
            if pose.yaw < 0.0 {
                Self::Left
            } else {
                Self::Right
            }
        } else if pose.pitch < 0.0 {
            Self::Up
        } else {
            Self::Down
        }
    }

    /// The part in words that follow "the frames".
    pub fn words(self) -> &'static str {
        match self {
            Self::Frontal => "that face the camera",
            Self::Left => "turned to the left",
            Self::Right => "turned to the right",
            Self::Up => "looking up",
            Self::Down => "looking down",
        }
    }

    pub(crate) fn position(self) -> usize {
        self as usize
    }
}
