//! What became of the frames of a capture.

use serde::{Deserialize, Serialize};

use crate::measurement::FrameMeasurement;

/// What became of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FrameOutcome {
    /// It was looked at; this is what it shows.
    Measured(Box<FrameMeasurement>),
    /// Its pixels could not be decoded; the text says why and holds nothing of the picture.
    Undecodable(String),
}

/// A sampled frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipFrame {
    /// When it was taken, seconds from the beginning of the clip, by the clip's own clock.
    pub seconds: f32,
    /// What it shows.
    pub measured: FrameMeasurement,
}
