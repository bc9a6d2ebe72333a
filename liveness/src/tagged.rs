//! One frame of a capture, and what the client says of it.

use serde::{Deserialize, Serialize};

use crate::challenge::Phase;
use crate::measurement::{Face, FrameMeasurement};

/// One frame of a capture: the client's claim and what the pixels show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaggedFrame {
    /// What the client says the frame belongs to.
    pub phase: Phase,
    /// What it shows.
    pub measurement: FrameMeasurement,
    /// When it was taken, seconds from the beginning of its clip; `None` where only the client says
    /// when.
    pub seconds: Option<f32>,
    /// Whether its picture is at hand, so that it can be the best frame: of a clip's frames only a
    /// few are kept.
    pub has_picture: bool,
}

impl TaggedFrame {
    /// The main face, if there is one.
    pub fn face(&self) -> Option<&Face> {
        self.measurement.face.as_ref()
    }
}
