//! The person's face at rest, which movements are compared with.
//!
//! Faces at rest differ more from each other than many faces change between rest and action. Measured on
//! ten clips of ten people: open eyes have aspect ratios from 0.17 to 0.41, closed ones up to 0.13. A head
//! that faces the camera has a measured pitch from 5 degrees up to 8 degrees down, depending on the shape
//! of the face and the height of the camera.

use serde::{Deserialize, Serialize};

use crate::measurement::Face;
use crate::pose::Pose;
use crate::thresholds::Thresholds;

/// Share of the difference by which a level follows each new frame at rest, 0 to 1.
const FOLLOW: f32 = 0.1;
/// The same share for eyes wider than the level: a session may begin in the middle of a blink.
const FOLLOW_WIDER: f32 = 0.5;

/// Number of frames after which eyes that are narrower than their level, and still open, are at rest: somebody may begin
/// with eyes wide open. A blink has fewer half-closed frames in a row.
const NARROW_FRAMES: u8 = 6;

/// Levels at rest. Each is `None` until it was first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// Smallest (most raised) and greatest (most lowered) pitch of a head that faces the camera, degrees.
    /// The pitch of a head at rest depends on the shape of the face and the height of the camera.
    pub pitch: Option<(f32, f32)>,
    /// Aspect ratio of the wider eye while open.
    pub eyes: Option<f32>,
    /// Blink score of the expression model while the eyes are open, 0 to 1.
    pub blink: Option<f32>,
    /// The lowest smile score, 0 to 1.
    pub smile: Option<f32>,
    /// The smallest opening of the mouth, as a share of its width.
    pub opening: Option<f32>,
    /// Number of the latest frames whose eyes are much narrower than their level, and still open.
    narrow: u8,
}

impl Rest {
    /// Learns from a face. Returns whether a level was seen for the first time.
    pub fn learn(&mut self, face: &Face, t: &Thresholds) -> bool {
        let known = self.known();
        if face.pose.is_within(t.neutral_deg) {
            let seen = face.pose.pitch;
            let (least, most) = self.pitch.unwrap_or((seen, seen));
            self.pitch = Some((least.min(seen), most.max(seen)));
        }
        if !can_read(face.pose, t) {
            self.narrow = 0;
        } else {
            self.learn_eyes(face, t);
            if face.mouth.smile <= t.rest_smile {
                self.smile = Some(least(self.smile, face.mouth.smile));
            }
            if face.mouth.opening <= t.rest_opening {
                self.opening = Some(least(self.opening, face.mouth.opening));
            }
        }
        self.known() != known
    }

    fn learn_eyes(&mut self, face: &Face, t: &Thresholds) {
        let ratio = face.eyes.wider();
        if ratio < t.eyes_open_ratio || face.eyes.blink() >= t.eyes_shut_score {
            self.narrow = 0;
            return;
        }
        let share = match self.eyes {
            Some(level) if ratio < t.blink_open_share * level => {
                self.narrow = self.narrow.saturating_add(1);
                // Eyes that are closing or opening are not at rest.
                if self.narrow < NARROW_FRAMES {
                    return;
                }
                FOLLOW
            }
            Some(level) if ratio > level => FOLLOW_WIDER,
            Some(_) | None => FOLLOW,
        };
        if self
            .eyes
            .is_none_or(|level| ratio >= t.blink_open_share * level)
        {
            self.narrow = 0;
        }
        self.eyes = Some(follow(self.eyes, ratio, share));
        self.blink = Some(follow(self.blink, face.eyes.blink(), share));
    }

    fn known(&self) -> [bool; 4] {
        [
            self.pitch.is_some(),
            self.eyes.is_some(),
            self.smile.is_some(),
            self.opening.is_some(),
        ]
    }
}

/// Whether eyes and mouth of a face in this pose can be compared with those of other frames.
///
/// Beyond such a pose, foreshortening changes them as much as a movement does.
pub fn can_read(pose: Pose, t: &Thresholds) -> bool {
    pose.yaw.abs() <= t.eyes_yaw_deg && pose.pitch.abs() <= t.eyes_pitch_deg
}

fn follow(level: Option<f32>, seen: f32, share: f32) -> f32 {
    level.map_or(seen, |level| level + share * (seen - level))
}

fn least(level: Option<f32>, seen: f32) -> f32 {
    level.map_or(seen, |level| level.min(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face;

    fn learned(change: impl Fn(&mut Face)) -> Rest {
        let (mut rest, mut face) = (Rest::default(), face());
        change(&mut face);
        rest.learn(&face, &Thresholds::default());
        rest
    }

    #[test]
    fn levels_are_learned_from_a_face_at_rest_only() {
        let neutral = learned(|_| {});
        assert!(neutral.known() == [true; 4], "{neutral:?}");
        let closed = learned(|f| (f.eyes.left_ratio, f.eyes.right_ratio) = (0.05, 0.05));
        assert_eq!(closed.eyes, None);
        assert_eq!(learned(|f| f.mouth.smile = 0.8).smile, None);
        assert_eq!(learned(|f| f.mouth.opening = 0.5).opening, None);
        assert_eq!(learned(|f| f.pose.yaw = 35.0), Rest::default());
    }

    #[test]
    fn closing_eyes_do_not_lower_their_level_and_wider_ones_raise_it() {
        let (mut rest, mut face) = (Rest::default(), face());
        let t = Thresholds::default();
        for ratio in [0.16, 0.30, 0.30, 0.30, 0.30, 0.15, 0.05, 0.15, 0.30] {
            (face.eyes.left_ratio, face.eyes.right_ratio) = (ratio, ratio);
            rest.learn(&face, &t);
        }
        assert!((rest.eyes.unwrap() - 0.30).abs() < 0.01, "{rest:?}");
    }

    #[test]
    fn eyes_that_were_wide_open_at_first_come_to_rest() {
        let (mut rest, mut face) = (Rest::default(), face());
        let t = Thresholds::default();
        let wide = [0.40; 5];
        for ratio in wide.into_iter().chain([0.26; 20]) {
            (face.eyes.left_ratio, face.eyes.right_ratio) = (ratio, ratio);
            rest.learn(&face, &t);
        }
        assert!(rest.eyes.unwrap() * t.blink_open_share < 0.26, "{rest:?}");
    }
}
