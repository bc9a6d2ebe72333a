//! The server's clock: a capture cannot have begun before its session was made.

use super::statement::{Kind, Statement};

/// Duration that a capture claims, and the time in which it can have been made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Seconds from the first to the last frame, 0 or more, by the caller's own times or the clip's clock.
    pub claimed_s: f32,
    /// Seconds from the creation of the session to the arrival of the capture, by the server's clock.
    pub available_s: f32,
}

impl Timing {
    /// The statement for a challenge that the server drew, which could not be known before.
    pub fn state(self) -> Statement {
        Statement::new(
            Kind::CapturedBeforeSession,
            self.claimed_s,
            self.available_s,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_longer_than_its_session_was_made_before() {
        let against = |claimed_s, available_s| {
            let timing = Timing {
                claimed_s,
                available_s,
            };
            timing.state().is_against()
        };
        assert!(against(3.5, 0.3));
        assert!(!against(3.5, 3.5) && !against(0.0, 0.1));
    }
}
