//! One frame of a capture: measurement, tag, time, and whether its picture is available.

use serde::{Deserialize, Serialize};

use crate::challenge::Phase;
use crate::measurement::{Face, FrameMeasurement};

/// One frame of a capture: the client's tag, and the measurement of its pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaggedFrame {
    /// The client's tag.
    pub phase: Phase,
    /// The frame's measurement.
    pub measurement: FrameMeasurement,
    /// Time of the frame, seconds from the beginning of its clip. `None` if only the client gives times.
    pub seconds: Option<f32>,
    /// Whether the frame's picture is available, so that the frame can become the best frame. Of a clip's
    /// frames only a few pictures are kept.
    pub has_picture: bool,
}

impl TaggedFrame {
    /// The main face; `None` in a frame without a face.
    pub fn face(&self) -> Option<&Face> {
        self.measurement.face.as_ref()
    }
}
