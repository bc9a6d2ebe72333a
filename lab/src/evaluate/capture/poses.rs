//! Errors of measured poses.

use livegate_liveness::pose::Pose;
use serde::{Deserialize, Serialize};

use super::Frame;
use crate::evaluate::manifest::TruePose;
use crate::evaluate::statistics::rounded;

/// The error of a measured pose where the true one is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoseError {
    /// The frame shows no face.
    Unmeasured,
    /// Measured less true angle.
    Off {
        /// Error of the yaw, degrees.
        yaw: f64,
        /// Error of the pitch, degrees.
        pitch: f64,
    },
}

/// The error at each true pose, in the frame that is nearest in time.
pub(super) fn errors(truth: &[TruePose], frames: &[Frame]) -> Vec<PoseError> {
    let nearest = |pose: &TruePose| {
        let distance = |frame: &&Frame| frame.at_ms.abs_diff(pose.at_ms);
        let frame = frames.iter().min_by_key(distance)?;
        Some(frame.measurement.face.as_ref()?.pose)
    };
    let error = |pose: &TruePose| match nearest(pose) {
        None => PoseError::Unmeasured,
        Some(Pose { yaw, pitch, .. }) => PoseError::Off {
            yaw: rounded(f64::from(yaw - pose.yaw)),
            pitch: rounded(f64::from(pitch - pose.pitch)),
        },
    };
    truth.iter().map(error).collect()
}
