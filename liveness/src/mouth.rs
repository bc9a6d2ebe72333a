//! What the mouth does.

use serde::{Deserialize, Serialize};

/// Openness and smile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mouth {
    /// Gap between the inner lips over the mouth's width: below 0.1 at rest, 0.3-0.5 open.
    pub opening: f32,
    /// The mouth's width over the distance of the outer eye corners: about 0.55 at rest,
    /// 0.65-0.76 smiling.
    pub width: f32,
    /// Smile score by the expression model, mean of both corners: 0-0.25 at rest, 0.7-0.9 smiling.
    pub smile: f32,
    /// Jaw score by the expression model: below 0.15 at rest, 0.4-0.6 open.
    pub jaw_open: f32,
}
