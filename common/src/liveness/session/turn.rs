//! A turn of the head, frame by frame: from the camera, through poses in between, to its angle.

use serde::{Deserialize, Serialize};

use super::rest::Rest;
use super::seen::Seen;
use crate::liveness::challenge::{Angles, Axis, HeadMove};
use crate::liveness::evidence::head;
use crate::liveness::measurement::Face;
use crate::liveness::thresholds::Thresholds;

/// How far a turn has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Where it starts, degrees towards the turn, 0 or more: the frame nearest to the camera's
    /// direction of the latest that face it. `None` until one did, or pointed the other way.
    start: Option<f32>,
    /// The pose between start and peak: the first that was seen clearly beyond the start, or one on
    /// the way back where that was too near to the peak.
    between: Option<f32>,
    /// The furthest pose since the head left the start.
    peak: Option<f32>,
    /// The furthest that was ever seen.
    furthest: Option<f32>,
}

impl Turn {
    /// Takes a face into account.
    ///
    /// A turn is whole when its angle was reached and, on the way there or back, a pose was seen that
    /// is clearly beyond its start and clearly short of its peak. Two stills in turn have none,
    /// however often they are sent.
    pub fn see(
        &mut self,
        head_move: HeadMove,
        face: &Face,
        rest: &Rest,
        angles: &Angles,
        t: &Thresholds,
    ) -> Seen {
        let required = required(head_move, rest, angles, t);
        let extent = head_move.extent(face.pose);
        let faces_camera =
            face.pose.is_within(t.neutral_deg) && extent <= required - t.movement_deg;
        let Some(start) = self.start else {
            let begins = faces_camera || extent <= -t.neutral_deg;
            self.start = begins.then_some(extent.max(0.0));
            return Seen {
                is_turning_point: begins,
                ..Seen::nothing(!begins)
            };
        };
        let margin = (t.between_share * (required - start)).max(t.between_deg);
        if extent <= start + margin {
            *self = Self {
                start: Some(extent.clamp(0.0, start)),
                furthest: self.furthest,
                ..Self::default()
            };
            // The other way is where nobody was asked to look.
            return Seen::nothing(extent <= -t.neutral_deg);
        }
        if !head::shows_most(head_move, face.pose, angles, t) {
            let aside = match head_move.axis {
                Axis::Yaw => face.pose.pitch,
                Axis::Pitch => face.pose.yaw,
            };
            return Seen::nothing(aside.abs() > t.neutral_deg);
        }
        let had_reached = self.peak.is_some_and(|p| p >= required);
        let peak = self.peak.map_or(extent, |p| p.max(extent));
        // Only a pose that makes a difference is taken, since it must be looked at closely: the first
        // on the way, and a lower one where that was too near to the peak.
        let is_between = self
            .between
            .is_none_or(|b| b > peak - margin && extent <= peak - margin);
        if is_between {
            self.between = Some(extent);
        }
        self.peak = Some(peak);
        self.furthest = Some(self.furthest.map_or(peak, |f| f.max(peak)));
        let is_reached = peak >= required;
        let is_whole = is_reached && self.between.is_some_and(|b| b <= peak - margin);
        let come = if is_whole { peak } else { extent };
        Seen {
            share: (come - start) / (required - start),
            is_turning_point: is_between || (is_reached && !had_reached),
            is_whole,
            is_readable: true,
        }
    }

    /// The furthest that the head went, degrees with the sign of its axis.
    pub fn furthest(&self, head_move: HeadMove) -> Option<f32> {
        self.furthest.map(|f| head_move.sign * f)
    }

    /// Whether a start was seen.
    pub fn has_begun(&self) -> bool {
        self.start.is_some()
    }
}

/// The angle that a turn takes, degrees towards it.
///
/// Up and down, zero is not where people look: a face at rest reads as lowered by up to 8 degrees,
/// and more with a camera below it. The way back from there counts, as long as the head leaves the
/// range in which it faces the camera.
pub fn required(head_move: HeadMove, rest: &Rest, angles: &Angles, t: &Thresholds) -> f32 {
    let asked = angles.required(head_move);
    let lean = match (head_move.axis, rest.pitch) {
        (Axis::Pitch, Some(pitch)) => (-head_move.sign * pitch).max(0.0),
        (Axis::Pitch, None) | (Axis::Yaw, _) => 0.0,
    };
    (asked - lean).max(asked.min(t.neutral_deg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::challenge::Action;
    use crate::liveness::evidence::testing::face;

    /// Whether a session that sees these angles, yaw or pitch as asked, has seen the whole turn.
    fn passes(action: Action, extents: &[f32]) -> bool {
        let head_move = action.head_move().unwrap();
        let (mut turn, mut rest, t) = (Turn::default(), Rest::default(), Thresholds::default());
        extents.iter().any(|extent| {
            let mut face = face();
            match head_move.axis {
                Axis::Yaw => face.pose.yaw = head_move.sign * extent,
                Axis::Pitch => face.pose.pitch = head_move.sign * extent,
            }
            rest.learn(&face, &t);
            let seen = turn.see(head_move, &face, &rest, &Angles::default(), &t);
            seen.is_whole
        })
    }

    #[test]
    fn a_turn_goes_from_the_camera_through_poses_in_between_to_its_angle() {
        for (extents, whole) in [
            (&[0.0, 8.0, 17.0, 26.0][..], true),
            (&[3.0, 2.0, 14.0, 31.0], true),
            (&[-30.0, -14.0, 9.0, 20.0, 27.0], true),
            // The pose in between is on the way back.
            (&[0.0, 30.0, 31.0, 18.0], true),
            // It is beyond the angle, and the head goes on.
            (&[1.0, 26.0, 38.0], true),
            (&[0.0, 10.0, 20.0, 24.9], false),
            // Two stills in turn.
            (&[0.0, 30.0, 0.0, 30.5, 0.2, 29.6], false),
            (&[11.5, 26.0, 11.0, 26.5, 12.0, 26.2], false),
            (&[-40.0, 40.0, -40.0, 40.0], false),
            // Never near the camera's direction.
            (&[14.0, 20.0, 30.0], false),
            (&[30.0, 30.0, 30.0], false),
            (&[30.0, 20.0, 13.0], false),
        ] {
            assert_eq!(passes(Action::TurnLeft, extents), whole, "{extents:?}");
            assert_eq!(passes(Action::TurnRight, extents), whole, "{extents:?}");
        }
    }

    #[test]
    fn a_slow_turn_is_one_too() {
        let slow: Vec<f32> = (0..80).map(|i| i as f32 * 0.4).collect();
        assert!(passes(Action::TurnLeft, &slow));
    }

    #[test]
    fn looking_up_is_measured_from_a_face_that_reads_as_lowered() {
        // Lowered by 7 at rest: 13 degrees up are 20 in all.
        let from = |rest: f32, then: &[f32]| [&[rest; 20][..], then].concat();
        assert!(passes(Action::TurnUp, &from(-7.0, &[5.0, 14.0])));
        assert!(!passes(Action::TurnUp, &from(-7.0, &[5.0, 12.0])));
        assert!(!passes(Action::TurnUp, &from(0.0, &[6.0, 14.0])));
        // Looking down has no longer way for it.
        assert!(passes(Action::TurnDown, &from(7.0, &[14.0, 20.5])));
    }
}
