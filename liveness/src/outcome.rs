//! Outcomes of frames: measured, or not decodable.

use serde::{Deserialize, Serialize};

use crate::measurement::FrameMeasurement;

/// Outcome of one frame of a capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FrameOutcome {
    /// The frame was decoded and measured.
    Measured(Box<FrameMeasurement>),
    /// The frame's pixels could not be decoded. The text gives the cause and holds nothing of the picture.
    Undecodable(String),
}

/// One sampled frame of a clip, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipFrame {
    /// Time of the frame, seconds from the beginning of the clip, 0 or more, by the clip's own clock.
    pub seconds: f32,
    /// The frame's measurement.
    pub measured: FrameMeasurement,
}
