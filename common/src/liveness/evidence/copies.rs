//! Pictures that come again.
//!
//! A head that moved away and came back is not where it was to a fraction of a pixel, its face has
//! moved too, and a sensor's noise is new. Where the same picture comes again all the same, it was
//! not taken but copied: stills in turn, a loop, frames used twice.
//!
//! Measured on about 12,000 pairs of frames of seven people, a movement of 6 degrees between them and
//! poses within 4: correlations up to 0.9941, and one of 0.9973. Of 24 frames and their copies with
//! other compression (JPEG quality 60 to 95) or brightness: 0.9982 or more; with noise of 2 grey levels
//! 0.9965 or more. Of copies that were also moved, turned or scaled half are above 0.999, and some far
//! below: these are not all found.
//! Frames between which the head did not move are left alone: a still subject, a slow camera, or a
//! client that sends one picture of a preview twice gives the same there.

use serde::{Deserialize, Serialize};

use super::TaggedFrame;
use super::statement::{Kind, Statement};
use crate::liveness::measurement::Face;
use crate::liveness::pose::Pose;
use crate::liveness::sketch::Sketch;
use crate::liveness::thresholds::Thresholds;

/// The pictures so far, the latest of them where there are many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pictures {
    seen: Vec<Seen>,
    /// Frames that hold a picture which was there before.
    pub copies: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    pose: Pose,
    sketch: Sketch,
    /// Frames since in which the head was elsewhere.
    away: u32,
}

impl Pictures {
    /// Holds a face against those before it; whether it is a copy of one, the head having been
    /// elsewhere in so many frames between.
    pub fn see(&mut self, face: &Face, away: u32, t: &Thresholds) -> bool {
        let is_copy = self.seen.iter().any(|before| {
            before.away >= away
                && before.pose.differs_by(face.pose) < t.copy_pose_deg
                && before.sketch.likeness(&face.sketch) >= t.copy_likeness
        });
        for before in &mut self.seen {
            before.away += u32::from(before.pose.differs_by(face.pose) >= t.copy_away_deg);
        }
        self.copies += usize::from(is_copy);
        is_copy
    }

    /// Keeps a face, so that later ones are held against it, and no more than `most` in all.
    pub fn keep(&mut self, face: &Face, most: usize) {
        if self.seen.len() >= most {
            self.seen.remove(0);
        }
        self.seen.push(Seen {
            pose: face.pose,
            sketch: face.sketch.clone(),
            away: 0,
        });
    }
}

/// Whether pictures come again in a capture.
pub fn find(frames: &[TaggedFrame], t: &Thresholds) -> Statement {
    let (mut pictures, mut first) = (Pictures::default(), None);
    for (index, frame) in frames.iter().enumerate() {
        if let Some(face) = frame.face() {
            if pictures.see(face, 1, t) {
                first = first.or(Some(index));
            }
            pictures.keep(face, frames.len());
        }
    }
    // The more pairs, the more of them are alike by chance.
    let by_chance = frames.len().saturating_sub(1) / t.copy_one_in.max(1);
    state(pictures.copies, by_chance, first)
}

/// The statement for so many copies, of which the first is at `frame`, where so many may be there by
/// chance.
#[expect(clippy::cast_precision_loss, reason = "a few hundred frames")]
pub fn state(copies: usize, by_chance: usize, frame: Option<usize>) -> Statement {
    Statement {
        kind: Kind::RepeatedPictures,
        measured: copies as f32,
        required: by_chance as f32,
        frame,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::{frame, no_face, picture};

    /// A picture with this number, of a head with this yaw.
    fn shot(number: u64, yaw: f32) -> TaggedFrame {
        frame(Phase::Center, |f| {
            f.sketch = picture(number);
            f.pose.yaw = yaw;
        })
    }

    fn copies(frames: &[TaggedFrame]) -> (f32, Option<usize>) {
        let said = find(frames, &Thresholds::default());
        (said.measured, said.frame)
    }

    #[test]
    fn stills_in_turn_are_copies_from_the_first_that_comes_again() {
        let in_turn = [shot(1, 0.0), shot(2, 30.0), shot(1, 0.5), shot(2, 29.0)];
        assert_eq!(copies(&in_turn), (2.0, Some(2)));
        let gone_between = [
            shot(1, 0.0),
            shot(2, 30.0),
            no_face(Phase::Center),
            shot(1, 0.0),
        ];
        assert_eq!(copies(&gone_between), (1.0, Some(3)));
    }

    #[test]
    fn a_preview_that_is_sent_twice_is_none() {
        let twice = [
            shot(1, 0.0),
            shot(1, 0.0),
            shot(2, 3.0),
            shot(1, 0.0),
            shot(3, 30.0),
        ];
        assert_eq!(copies(&twice), (0.0, None));
    }

    #[test]
    fn only_so_many_are_kept() {
        let (mut pictures, t) = (Pictures::default(), Thresholds::default());
        for number in 0..20 {
            let shot = shot(number, number as f32 * 10.0);
            pictures.see(shot.face().unwrap(), 1, &t);
            pictures.keep(shot.face().unwrap(), 8);
        }
        assert_eq!(pictures.seen.len(), 8);
        assert_eq!(pictures.copies, 0);
    }

    #[test]
    fn a_clip_may_hold_some_by_chance_and_a_loop_holds_more() {
        let t = Thresholds::default();
        let swaying = |n: u64| if n % 10 < 5 { 0.0 } else { 20.0 };
        let once: Vec<_> = (0..75)
            .map(|n| shot(if n == 60 { 10 } else { n }, swaying(n)))
            .collect();
        assert!(!find(&once, &t).is_against());
        let looped: Vec<_> = (0..75).map(|n| shot(n % 30, swaying(n))).collect();
        assert!(find(&looped, &t).is_against());
        // Twenty frames at most are no clip.
        assert!(find(&[&once[10..18], &once[60..62]].concat(), &t).is_against());
    }

    proptest! {
        #[test]
        fn new_pictures_are_never_copies(yaws in prop::collection::vec(-60.0_f32..60.0, 0..40)) {
            let frames: Vec<_> = (0..).zip(&yaws).map(|(n, yaw)| shot(n, *yaw)).collect();
            prop_assert_eq!(copies(&frames), (0.0, None));
        }
    }
}
