//! What a movement is recognised by, beside the face.

use crate::challenge::Angles;
use crate::sampling::Sampling;

/// What a movement is recognised by, beside the face.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// How far is far enough.
    pub angles: &'a Angles,
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// Whether this frame may show the movement. One that may not can still show its beginning, or the
    /// open eyes around a blink.
    pub counts: bool,
    /// Whether it holds the very picture of the turned frame before it: a still that is held, no way.
    pub stands_still: bool,
}
