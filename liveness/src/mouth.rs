//! Openness and smile of the mouth.

use serde::{Deserialize, Serialize};

/// Measurement of a mouth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mouth {
    /// Gap between the inner lips divided by the mouth's width: below 0.1 at rest, 0.3-0.5 open.
    pub opening: f32,
    /// The mouth's width divided by the distance of the outer eye corners: about 0.55 at rest, 0.65-0.76
    /// smiling.
    pub width: f32,
    /// Smile score of the expression model, 0 to 1, the mean of both corners: 0-0.25 at rest, 0.7-0.9
    /// smiling.
    pub smile: f32,
    /// Jaw score of the expression model, 0 to 1: below 0.15 at rest, 0.4-0.6 open.
    pub jaw_open: f32,
}
