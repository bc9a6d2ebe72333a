//! What sessions ask for where a request leaves it open.

use livegate_liveness::challenge::{Action, Angles};

/// What a key asks for where a request leaves it open.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionDefaults {
    /// The actions to draw from; shuffled for each session.
    pub actions: Vec<Action>,
    /// The angles.
    pub angles: Angles,
}

impl Default for SessionDefaults {
    fn default() -> Self {
        Self {
            actions: Action::ALL.to_vec(),
            angles: Angles::default(),
        }
    }
}
