//! The server's own clock: a capture cannot have begun before its session was made.

use super::statement::{Kind, Statement};

/// How long a capture claims to last, and how long it can have lasted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Seconds from the first to the last frame, by the caller's own times or the clip's clock.
    pub claimed_s: f32,
    /// Seconds from the creation of the session to the arrival of the capture, by the server's clock.
    pub available_s: f32,
}

impl Timing {
    /// The statement for a challenge that the server drew: nobody could do it before it was known.
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
