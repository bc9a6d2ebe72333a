//! A smile or an open mouth: the lips at rest, then well beyond that.
//!
//! No pose in between is required. A client may send 5 frames a second, and at that rate both come and go
//! between two frames: in the ten clips measured, a smile appears within 100 ms and an open mouth within
//! 200 ms.

use serde::{Deserialize, Serialize};

use super::rest::{Rest, can_read};
use super::seen::Seen;
use crate::measurement::Face;
use crate::thresholds::Thresholds;

/// The two movements of the lips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lips {
    /// A smile.
    Smile,
    /// An open mouth.
    Open,
}

/// Progress of a movement of the lips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LipsMovement {
    /// The highest value so far.
    most: Option<f32>,
}

impl LipsMovement {
    /// Updates the movement with the face of the next frame.
    pub fn see(&mut self, lips: Lips, face: &Face, rest: &Rest, t: &Thresholds) -> Seen {
        let Some(level) = lips.at_rest(rest).filter(|_| can_read(face.pose, t)) else {
            return Seen::nothing(true);
        };
        let value = lips.value(face);
        self.most = Some(self.most.map_or(value, |m| m.max(value)));
        let required = lips.required(level, t);
        Seen {
            share: (value - level) / (required - level),
            is_turning_point: false,
            is_whole: value >= required,
            is_readable: true,
        }
    }

    /// The highest value so far: smile score, or opening as a share of the mouth's width.
    pub fn most(&self) -> Option<f32> {
        self.most
    }
}

impl Lips {
    fn value(self, face: &Face) -> f32 {
        match self {
            Self::Smile => face.mouth.smile,
            Self::Open => face.mouth.opening,
        }
    }

    fn at_rest(self, rest: &Rest) -> Option<f32> {
        match self {
            Self::Smile => rest.smile,
            Self::Open => rest.opening,
        }
    }

    /// The value that must be reached, given the level at rest.
    ///
    /// A smile must go half of the way (`smile_share`) to a full smile, whose score is 1. The mouth must
    /// open by `mouth_opening` more than at rest.
    pub fn required(self, at_rest: f32, t: &Thresholds) -> f32 {
        match self {
            Self::Smile => at_rest + t.smile_share * (1.0 - at_rest),
            Self::Open => at_rest + t.mouth_opening,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face;

    fn passes(lips: Lips, values: &[f32]) -> bool {
        let (mut seen, mut rest, t) = (
            LipsMovement::default(),
            Rest::default(),
            Thresholds::default(),
        );
        values.iter().any(|value| {
            let mut face = face();
            match lips {
                Lips::Smile => face.mouth.smile = *value,
                Lips::Open => face.mouth.opening = *value,
            }
            rest.learn(&face, &t);
            seen.see(lips, &face, &rest, &t).is_whole
        })
    }

    #[test]
    fn an_expression_begins_at_rest() {
        for (lips, values, whole) in [
            (Lips::Smile, &[0.05, 0.8][..], true),
            (Lips::Smile, &[0.3, 0.7], true),
            (Lips::Smile, &[0.05, 0.4], false),
            (Lips::Smile, &[0.8, 0.8, 0.9], false),
            (Lips::Smile, &[0.8, 0.1], false),
            (Lips::Open, &[0.02, 0.45], true),
            // A person who talks.
            (Lips::Open, &[0.02, 0.3, 0.1, 0.34], false),
            (Lips::Open, &[0.5, 0.5, 0.6], false),
        ] {
            assert_eq!(passes(lips, values), whole, "{lips:?} {values:?}");
        }
    }
}
