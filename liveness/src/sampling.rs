//! How frames came to be chosen.

use serde::{Deserialize, Serialize};

/// How the frames of a capture were sampled. Thresholds that depend on it exist once for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampling {
    /// The caller chose 8 to 20 frames and tagged them: poses between two frames are not there.
    Chosen,
    /// Frames as they came, five a second or more: clips and live sessions. Poses on the way are among
    /// them.
    #[default]
    Dense,
}
