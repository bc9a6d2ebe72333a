//! Defaults of a new session, by API key.

use livegate_liveness::challenge::{Action, Angles};

/// What a key's sessions ask for where a request leaves it open.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionDefaults {
    /// Actions of the challenge, without repeats, at least 2; shuffled for each session.
    pub actions: Vec<Action>,
    /// Angles of a turn in degrees, and the eye aspect ratio of a blink.
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
