//! Conditions of a movement other than the face.

use crate::challenge::Angles;
use crate::sampling::Sampling;

/// Conditions of a movement other than the face.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// Angles and eye openness that must be reached.
    pub angles: &'a Angles,
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// Whether this frame may show the movement. A frame that may not can still show its beginning, or the
    /// open eyes around a blink.
    pub counts: bool,
    /// Whether the frame holds the same picture as the turned frame before it. Such a frame belongs to a
    /// still.
    pub stands_still: bool,
}
