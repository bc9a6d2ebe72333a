//! What one face says about the movement that is asked for.

/// How much of the movement a face shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The way from rest to what is asked: 0 at rest, 1 where it is reached, 2 at twice the distance.
    pub share: f32,
    /// Whether the verdict may rest on this frame: the movement begins, is on its way or is reached in
    /// it.
    pub is_turning_point: bool,
    /// Whether the movement is there as a whole.
    pub is_whole: bool,
    /// Whether the face could be read: turned far away, eyes and mouth can't, and a turn cannot
    /// begin.
    pub is_readable: bool,
}

impl Seen {
    /// Nothing of the movement; `unreadable`: nor could there be.
    pub fn nothing(unreadable: bool) -> Self {
        Self {
            share: 0.0,
            is_turning_point: false,
            is_whole: false,
            is_readable: !unreadable,
        }
    }
}
