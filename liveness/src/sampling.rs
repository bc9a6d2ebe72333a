//! Sampling: how the frames of a capture were chosen.

use serde::{Deserialize, Serialize};

/// How the frames of a capture were sampled. Thresholds that depend on it exist once for each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampling {
    /// The caller chose and tagged 8 to 20 frames. Poses between two frames are missing.
    Chosen,
    /// Frames in dense succession, five a second or more: clips and live sessions. They include the poses
    /// between two ends of a movement.
    #[default]
    Dense,
}
