//! What one face shows of the current movement.

/// What one face shows of a movement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Share of the way from rest to the required value: 0 at rest, 1 where it is reached, 2 at twice the
    /// distance.
    pub share: f32,
    /// Whether the verdict may rest on this frame: the movement begins, is on its way, or is reached in it.
    pub is_turning_point: bool,
    /// Whether the movement is complete.
    pub is_whole: bool,
    /// Whether the movement could be read. Eyes and mouth of a face turned far away cannot, and a turn
    /// cannot begin there.
    pub is_readable: bool,
}

impl Seen {
    /// The face shows nothing of the movement. `unreadable`: the movement could not be read.
    pub fn nothing(unreadable: bool) -> Self {
        Self {
            share: 0.0,
            is_turning_point: false,
            is_whole: false,
            is_readable: !unreadable,
        }
    }
}
