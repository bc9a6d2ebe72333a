//! A turn of the head, frame by frame: from the camera, through poses in between, to the required angle.

use serde::{Deserialize, Serialize};

use super::rest::Rest;
use super::seen::Seen;
use super::watch::Watch;
use crate::challenge::{Angles, Axis, HeadMove};
use crate::measurement::Face;
use crate::movement::Task;
use crate::pose::Pose;
use crate::sampling::Sampling;
use crate::thresholds::Thresholds;

/// Number of frames from which a picture is held.
///
/// A camera that takes fewer pictures than a clip or a session has frames shows each of them twice: 7.5 a second in a clip
/// of 15.
const STILL_FRAMES: u8 = 3;

/// Progress of a turn. All angles are degrees towards the turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Start of the turn, 0 or more: of the latest frames that face the camera, the one nearest to the
    /// camera's direction. `None` until a frame faced the camera or pointed the other way.
    start: Option<f32>,
    /// A pose between start and peak: the first one clearly beyond the start, or one on the way back if the
    /// first was too near to the peak.
    between: Option<f32>,
    /// The furthest pose since the head left the start.
    peak: Option<f32>,
    /// The furthest pose so far.
    furthest: Option<f32>,
    /// Number of frames that show the picture of the pose `between`, if the latest frame is one of them.
    held: Option<u8>,
}

impl Turn {
    /// Updates the turn with the face of the next frame.
    ///
    /// A turn starts at a face towards the camera, or towards the other side, and must reach its angle. For
    /// dense frames it also needs a pose, on the way there or back, that is clearly beyond the start and
    /// clearly short of the peak. Two stills that are shown alternately have no such pose, however often
    /// they are sent. Frames that a caller chose need not contain such a pose, since the caller leaves out
    /// what lies between them.
    pub fn see(
        &mut self,
        head_move: HeadMove,
        face: &Face,
        rest: &Rest,
        watch: &Watch<'_>,
        t: &Thresholds,
    ) -> Seen {
        let required = required(head_move, rest, watch.angles, t);
        let extent = head_move.extent(face.pose);
        let faces_camera =
            face.pose.is_within(t.neutral_deg) && extent <= required - t.movement_deg;
        let begins = faces_camera || extent <= -t.neutral_deg;
        match watch.sampling {
            Sampling::Chosen => {
                let reaches = extent >= required && shows_most(head_move, face.pose, watch.angles);
                self.see_chosen(watch.counts, extent, required, begins, reaches)
            }
            Sampling::Dense => {
                let moves = shows_most(head_move, face.pose, watch.angles);
                if moves {
                    self.furthest = Some(self.furthest.map_or(extent, |f| f.max(extent)));
                }
                if watch.stands_still {
                    if let Some(held) = &mut self.held {
                        *held += 1;
                        // The pose belongs to a still, and not to a movement.
                        if *held == STILL_FRAMES {
                            (self.between, self.held) = (None, None);
                        }
                    }
                    return Seen::nothing(false);
                }
                let seen = self.see_dense(head_move, face, required, begins, moves, t);
                self.held = (self.between == Some(extent)).then_some(1);
                seen
            }
        }
    }

    fn see_chosen(
        &mut self,
        counts: bool,
        extent: f32,
        required: f32,
        begins: bool,
        reaches: bool,
    ) -> Seen {
        if counts {
            self.furthest = Some(self.furthest.map_or(extent, |f| f.max(extent)));
        }
        let start = self.start;
        if begins {
            self.start = Some(extent.max(0.0));
        }
        let reached = counts && reaches;
        if reached {
            self.peak = Some(self.peak.map_or(extent, |p| p.max(extent)));
        }
        Seen {
            share: start.map_or(0.0, |start| (extent - start) / (required - start)),
            is_turning_point: begins || reached,
            is_whole: start.is_some() && reached,
            is_readable: true,
        }
    }

    fn see_dense(
        &mut self,
        head_move: HeadMove,
        face: &Face,
        required: f32,
        begins: bool,
        moves: bool,
        t: &Thresholds,
    ) -> Seen {
        let extent = head_move.extent(face.pose);
        let Some(start) = self.start else {
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
            // The head turns the other way, which the challenge does not ask for.
            return Seen::nothing(extent <= -t.neutral_deg);
        }
        if !moves {
            let aside = match head_move.axis {
                Axis::Yaw => face.pose.pitch,
                Axis::Pitch => face.pose.yaw,
            };
            return Seen::nothing(aside.abs() > t.neutral_deg);
        }
        let had_reached = self.peak.is_some_and(|p| p >= required);
        let peak = self.peak.map_or(extent, |p| p.max(extent));
        // The margin is a share of the whole way: near either end of a far turn, a few degrees are no
        // movement.
        let whole_way = peak.max(required) - start;
        let share = (t.between_share * whole_way).max(t.between_deg);
        let is_on_way = |pose: f32| pose >= start + share && pose <= peak - share;
        // A frame with a pose in between must be measured in full, so only useful poses are taken. These
        // are the first on the way; one further on, if the first is too near to the start for a far turn;
        // and one on the way back, if the first is too near to either end.
        let further = start + 2.0 * margin..=required - margin;
        let is_between = self.between.is_none_or(|b| {
            let goes_on = b < *further.start() && further.contains(&extent);
            goes_on || (!is_on_way(b) && (is_on_way(extent) || extent < b.min(peak - share)))
        });
        if is_between {
            self.between = Some(extent);
        }
        self.peak = Some(peak);
        let is_reached = peak >= required;
        let is_whole = is_reached && self.between.is_some_and(is_on_way);
        let come = if is_whole { peak } else { extent };
        Seen {
            share: (come - start) / (required - start),
            is_turning_point: is_between || (is_reached && !had_reached),
            is_whole,
            is_readable: true,
        }
    }

    /// The furthest pose, degrees with the sign of its axis; `None` before any frame counted.
    pub fn furthest(&self, head_move: HeadMove) -> Option<f32> {
        self.furthest.map(|f| head_move.sign * f)
    }

    /// Whether the start of the turn was seen.
    pub fn has_begun(&self) -> bool {
        self.start.is_some()
    }
}

/// Whether this head movement is, relative to its own required angle, the largest one of the pose.
///
/// The pitch of a head that is turned far to the side is estimated poorly. Without this check it would pass
/// for a look up or down.
pub fn shows_most(head_move: HeadMove, pose: Pose, angles: &Angles) -> bool {
    let share = |m: HeadMove| m.extent(pose) / angles.required(m);
    let own = share(head_move);
    let mut moves = Task::ALL.into_iter().filter_map(Task::head_move);
    moves.all(|other| share(other) <= own)
}

/// The angle that a turn must reach, degrees towards it.
///
/// The pitch of a face at rest is rarely zero: it is measured as up to 5 degrees up or 8 degrees down,
/// depending on the shape of the face and the height of the camera. Coming back from there counts towards a
/// look up or down, by at most `lean_deg`. With a larger value, a sheet of paper that is tilted both ways
/// would pass.
pub fn required(head_move: HeadMove, rest: &Rest, angles: &Angles, t: &Thresholds) -> f32 {
    let asked = angles.required(head_move);
    let lean = match (head_move.axis, rest.pitch) {
        (Axis::Pitch, Some((least, most))) => {
            let away = (-head_move.sign * least).max(-head_move.sign * most);
            away.clamp(0.0, t.lean_deg)
        }
        (Axis::Pitch, None) | (Axis::Yaw, _) => 0.0,
    };
    (asked - lean).max(asked.min(t.neutral_deg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Action;
    use crate::testing::face;

    /// Whether these angles, yaw or pitch as the action needs, contain the whole turn.
    fn passes(action: Action, sampling: Sampling, extents: &[f32]) -> bool {
        let head_move = action.head_move().unwrap();
        let (mut turn, mut rest, t) = (Turn::default(), Rest::default(), Thresholds::default());
        let angles = Angles::default();
        let watch = Watch {
            angles: &angles,
            sampling,
            counts: true,
            stands_still: false,
        };
        extents.iter().any(|extent| {
            let mut face = face();
            match head_move.axis {
                Axis::Yaw => face.pose.yaw = head_move.sign * extent,
                Axis::Pitch => face.pose.pitch = head_move.sign * extent,
            }
            rest.learn(&face, &t);
            turn.see(head_move, &face, &rest, &watch, &t).is_whole
        })
    }

    #[test]
    fn a_turn_goes_from_the_camera_through_poses_in_between_to_its_angle() {
        for (extents, dense, chosen) in [
            (&[0.0, 8.0, 17.0, 26.0][..], true, true),
            (&[3.0, 2.0, 14.0, 31.0], true, true),
            (&[-30.0, -14.0, 9.0, 20.0, 27.0], true, true),
            // The pose in between is on the way back.
            (&[0.0, 30.0, 31.0, 18.0], true, true),
            // The pose in between is beyond the required angle, and the head goes on.
            (&[1.0, 26.0, 38.0], true, true),
            (&[0.0, 10.0, 20.0, 24.9], false, false),
            // Two alternating poses: of stills, or of a caller's chosen frames.
            (&[0.0, 30.0, 0.0, 30.5, 0.2, 29.6], false, true),
            (&[11.5, 26.0, 11.0, 26.5, 12.0, 26.2], false, true),
            (&[-40.0, 40.0, -40.0, 40.0], false, true),
            // Everything except start and peak was cut out.
            (&[0.0, 4.5, 7.8, 41.0, 43.4, 40.0, 7.0, 0.0], false, true),
            (&[0.0, 45.5, 50.0, 46.0, 2.0], false, true),
            (&[0.0, 6.0, 15.0, 24.0, 33.0, 45.0], true, true),
            // The head never faces the camera.
            (&[14.0, 20.0, 30.0], false, false),
            (&[30.0, 30.0, 30.0], false, false),
            (&[30.0, 20.0, 13.0], false, false),
        ] {
            for action in [Action::TurnLeft, Action::TurnRight] {
                assert_eq!(
                    passes(action, Sampling::Dense, extents),
                    dense,
                    "{extents:?}"
                );
                assert_eq!(
                    passes(action, Sampling::Chosen, extents),
                    chosen,
                    "{extents:?}"
                );
            }
        }
    }

    #[test]
    fn stills_that_are_held_are_no_way() {
        let head_move = Action::TurnLeft.head_move().unwrap();
        let (angles, t) = (Angles::default(), Thresholds::default());
        let passes = |held: usize| {
            let (mut turn, rest) = (Turn::default(), Rest::default());
            let run = |yaw: f32| (0..held).map(move |n| (yaw, n > 0 && yaw > 12.0));
            [0.0, 15.0, 32.0]
                .into_iter()
                .flat_map(run)
                .any(|(yaw, stands_still)| {
                    let mut face = face();
                    face.pose.yaw = -yaw;
                    let watch = Watch {
                        angles: &angles,
                        sampling: Sampling::Dense,
                        counts: true,
                        stands_still,
                    };
                    turn.see(head_move, &face, &rest, &watch, &t).is_whole
                })
        };
        assert!(passes(1) && passes(2) && !passes(3) && !passes(5));
    }

    #[test]
    fn a_slow_turn_is_one_too() {
        let slow: Vec<f32> = (0..80).map(|i| i as f32 * 0.4).collect();
        assert!(passes(Action::TurnLeft, Sampling::Dense, &slow));
    }

    #[test]
    fn looking_up_is_measured_from_a_face_that_reads_as_lowered() {
        // The head rests 3 degrees down, so that 17 degrees up are a way of 20.
        let from = |rest: f32, then: &[f32]| [&[rest; 20][..], then].concat();
        for sampling in [Sampling::Dense, Sampling::Chosen] {
            let passes = |action, extents: &[f32]| passes(action, sampling, extents);
            assert!(passes(Action::TurnUp, &from(-3.0, &[5.0, 17.5])));
            assert!(!passes(Action::TurnUp, &from(-3.0, &[5.0, 16.5])));
            assert!(!passes(Action::TurnUp, &from(0.0, &[6.0, 17.5])));
            // At most 4 degrees are credited, however low the head was.
            assert!(!passes(Action::TurnUp, &from(-11.9, &[5.0, 15.5])));
            // A head that rests low need not go further down for that.
            assert!(passes(Action::TurnDown, &from(7.0, &[14.0, 20.5])));
        }
    }
}
