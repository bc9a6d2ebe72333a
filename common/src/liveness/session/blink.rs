//! A blink, frame by frame: open, closed, open again.

use serde::{Deserialize, Serialize};

use super::rest::{Rest, can_read};
use super::seen::Seen;
use crate::liveness::measurement::Face;
use crate::liveness::thresholds::Thresholds;

/// How far a blink has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blink {
    /// Whether open eyes were seen.
    was_open: bool,
    /// The least aspect ratio while closed, after they were open.
    closed: Option<f32>,
    /// The least that was ever seen.
    least: Option<f32>,
}

impl Blink {
    /// Takes a face into account. Closed is well below the session's own open level, in the wider
    /// eye: one eye alone is no blink.
    pub fn see(&mut self, face: &Face, rest: &Rest, blink_ear: f32, t: &Thresholds) -> Seen {
        let Some(level) = rest.eyes.filter(|_| can_read(face.pose, t)) else {
            return Seen::nothing(true);
        };
        let ratio = face.eyes.wider();
        let closed_below = blink_ear.min(t.blink_closed_share * level);
        let share = |ratio: f32| (level - ratio) / (level - closed_below);
        self.least = Some(self.least.map_or(ratio, |l| l.min(ratio)));
        if ratio > t.blink_open_share * level {
            self.was_open = true;
            if let Some(closed) = self.closed {
                return Seen {
                    share: share(closed),
                    is_turning_point: false,
                    is_whole: true,
                    is_readable: true,
                };
            }
        }
        let is_closed = ratio < closed_below && face.eyes.blink() >= t.blink_score;
        let is_turning_point = self.was_open && is_closed && self.closed.is_none();
        if self.was_open && is_closed {
            self.closed = Some(self.closed.map_or(ratio, |c| c.min(ratio)));
        }
        Seen {
            share: share(ratio),
            is_turning_point,
            is_whole: false,
            is_readable: true,
        }
    }

    /// The least aspect ratio seen.
    pub fn least(&self) -> Option<f32> {
        self.least
    }

    /// Whether the eyes have closed, and not opened since.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::evidence::testing::face;

    fn passes(eyes: &[(f32, f32)]) -> bool {
        let (mut blink, mut rest, t) = (Blink::default(), Rest::default(), Thresholds::default());
        eyes.iter().any(|(left, right)| {
            let mut face = face();
            (face.eyes.left_ratio, face.eyes.right_ratio) = (*left, *right);
            let score = |ratio: f32| if ratio < 0.15 { 0.7 } else { 0.1 };
            (face.eyes.left_blink, face.eyes.right_blink) = (score(*left), score(*right));
            rest.learn(&face, &t);
            blink.see(&face, &rest, 0.2, &t).is_whole
        })
    }

    fn both(ratios: &[f32]) -> Vec<(f32, f32)> {
        ratios.iter().map(|r| (*r, *r)).collect()
    }

    #[test]
    fn a_blink_closes_both_eyes_and_opens_them_again() {
        for (ratios, whole) in [
            (&[0.3, 0.05, 0.28][..], true),
            (&[0.3, 0.2, 0.1, 0.05, 0.15, 0.29], true),
            // Narrow eyes.
            (&[0.18, 0.04, 0.17], true),
            (&[0.3, 0.05, 0.05, 0.05], false),
            (&[0.05, 0.05, 0.05], false),
            (&[0.05, 0.3, 0.3], false),
            (&[0.3, 0.2, 0.3], false),
        ] {
            assert_eq!(passes(&both(ratios)), whole, "{ratios:?}");
        }
        assert!(!passes(&[(0.3, 0.3), (0.3, 0.03), (0.3, 0.3)]), "a wink");
    }
}
