//! Tasks: the actions of verify, and two movements of the mouth that only live sessions use.

use serde::{Deserialize, Serialize};

use crate::challenge::{Action, HeadMove};

/// One task of a session. Directions are the subject's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Task {
    /// Turn the head to the left.
    TurnLeft,
    /// Turn the head to the right.
    TurnRight,
    /// Raise the head.
    LookUp,
    /// Lower the head.
    LookDown,
    /// Close both eyes and open them again.
    Blink,
    /// Smile.
    Smile,
    /// Open the mouth wide.
    OpenMouth,
}

impl Task {
    /// Every task, in the order of the public documentation.
    pub const ALL: [Self; 7] = [
        Self::TurnLeft,
        Self::TurnRight,
        Self::LookUp,
        Self::LookDown,
        Self::Blink,
        Self::Smile,
        Self::OpenMouth,
    ];

    /// The head movement of this task; `None` for tasks of eyes and mouth.
    pub fn head_move(self) -> Option<HeadMove> {
        match self {
            Self::TurnLeft => Action::TurnLeft.head_move(),
            Self::TurnRight => Action::TurnRight.head_move(),
            Self::LookUp => Action::TurnUp.head_move(),
            Self::LookDown => Action::TurnDown.head_move(),
            Self::Blink | Self::Smile | Self::OpenMouth => None,
        }
    }
}

impl From<Action> for Task {
    fn from(action: Action) -> Self {
        match action {
            Action::TurnLeft => Self::TurnLeft,
            Action::TurnRight => Self::TurnRight,
            Action::TurnUp => Self::LookUp,
            Action::TurnDown => Self::LookDown,
            Action::Blink => Self::Blink,
        }
    }
}
