//! The parts of a capture: the frames that face the camera, and those of each direction.
//!
//! Each part is judged by itself and the weakest decides, so that good frames in one place make up for
//! nothing in another. The pose alone says which part a frame belongs to: a tag is the caller's choice.

use serde::{Deserialize, Serialize};

use crate::pose::Pose;
use crate::thresholds::Thresholds;

/// Pitch that counts like a degree of yaw: 25 degrees to a side are asked for where 20 up or down are.
const PITCH_WEIGHT: f32 = 1.25;

/// A part of a capture; directions are the subject's own.
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
    /// Every part, in the order of their position in arrays.
    pub const ALL: [Self; 5] = [Self::Frontal, Self::Left, Self::Right, Self::Up, Self::Down];

    /// The part that a frame of this pose belongs to.
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

    /// In words that follow "the frames".
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
