//! Faces compared one with one.
//!
//! Groups can be bridged: a morph of two people is like both, and joins them. So any two faces in
//! poses where embeddings can be relied on, and not far from each other, are compared directly too.
//! Of one person the least alike of such pairs measured 0.28 and more over nine people's clips
//! (about 130,000 pairs, up to 40 degrees apart; a replay off a screen: 0.25); of two people, 90% are
//! below 0.2 and half below 0.06. One pair of two people may well be above it, not all of them.

use serde::{Deserialize, Serialize};

use super::is_reliable;
use crate::liveness::embedding::Embedding;
use crate::liveness::evidence::TaggedFrame;
use crate::liveness::measurement::Face;
use crate::liveness::pose::Pose;
use crate::liveness::thresholds::Thresholds;

/// Difference from which a pose is another one, degrees: a session keeps one face of each.
const SAME_POSE_DEG: f32 = 15.0;
/// Most faces that a session keeps, 2 kB each.
const MOST: usize = 8;

/// The least likeness of two faces of a capture that can be compared directly, -1 to 1, and the
/// position of the later one; `None` where no two can.
pub fn least(frames: &[TaggedFrame], t: &Thresholds) -> Option<(f32, usize)> {
    let faces: Vec<(usize, Reference)> = frames
        .iter()
        .enumerate()
        .filter_map(|(index, frame)| Some((index, Reference::of(frame.face()?, t)?)))
        .collect();
    let pairs = faces.iter().enumerate().flat_map(|(n, (index, later))| {
        let before = faces[..n].iter();
        before.filter_map(move |(_, earlier)| Some((earlier.likeness(later, t)?, *index)))
    });
    pairs.min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The same for faces that come one after another, of a size that does not grow with their number:
/// each is compared with the first ones in their poses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Direct {
    references: Vec<Reference>,
    /// The least likeness so far.
    pub least: Option<f32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reference {
    pose: Pose,
    embedding: Embedding,
}

impl Reference {
    /// `None` where it cannot be relied on.
    fn of(face: &Face, t: &Thresholds) -> Option<Self> {
        let embedding = face
            .embedding
            .clone()
            .filter(|_| is_reliable(face.pose, t))?;
        let pose = face.pose;
        Some(Self { pose, embedding })
    }

    fn likeness(&self, other: &Self, t: &Thresholds) -> Option<f32> {
        (self.pose.differs_by(other.pose) <= t.comparable_deg)
            .then(|| self.embedding.cosine(&other.embedding))
    }
}

impl Direct {
    /// Adds a face, if it can be compared.
    pub fn add(&mut self, face: &Face, t: &Thresholds) {
        let Some(new) = Reference::of(face, t) else {
            return;
        };
        let likenesses = self.references.iter().filter_map(|r| r.likeness(&new, t));
        self.least = likenesses.chain(self.least).reduce(f32::min);
        let is_known = |r: &Reference| r.pose.differs_by(new.pose) < SAME_POSE_DEG;
        if self.references.len() < MOST && !self.references.iter().any(is_known) {
            self.references.push(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::identity::consistency;
    use crate::liveness::evidence::testing::{frame, person};

    fn seen(degrees: f32, yaw: f32) -> TaggedFrame {
        frame(Phase::Center, |f| {
            f.embedding = Some(person(degrees));
            f.pose.yaw = yaw;
        })
    }

    fn least_of(frames: &[TaggedFrame]) -> Option<(f32, usize)> {
        least(frames, &Thresholds::default())
    }

    fn least_one_by_one(frames: &[TaggedFrame]) -> Option<f32> {
        let mut direct = Direct::default();
        frames
            .iter()
            .filter_map(TaggedFrame::face)
            .for_each(|f| direct.add(f, &Thresholds::default()));
        direct.least
    }

    #[test]
    fn a_morph_that_joins_two_people_hides_neither() {
        let bridged = [seen(0.0, 0.0), seen(42.0, 15.0), seen(84.0, 30.0)];
        assert!(
            consistency(&bridged, &Thresholds::default()).unwrap() > 0.4,
            "the groups are joined"
        );
        let (likeness, index) = least_of(&bridged).unwrap();
        assert!((likeness - 84.0_f32.to_radians().cos()).abs() < 1e-5);
        assert_eq!(index, 2);
        assert!((least_one_by_one(&bridged).unwrap() - likeness).abs() < 1e-6);
    }

    #[test]
    fn faces_far_from_each_other_or_turned_far_away_are_not_compared() {
        assert_eq!(least_of(&[seen(0.0, -25.0), seen(90.0, 25.0)]), None);
        assert_eq!(least_of(&[seen(0.0, 30.0), seen(90.0, 55.0)]), None);
        assert_eq!(least_of(&[seen(0.0, 0.0)]), None);
        assert_eq!(least_of(&[]), None);
    }

    proptest! {
        #[test]
        fn a_stranger_shows_whenever_it_comes(
            yaws in prop::collection::vec(-40.0_f32..40.0, 1..60), at in 0_usize..60, stranger in -20.0_f32..20.0,
        ) {
            let mut frames: Vec<_> = yaws.iter().map(|y| seen(0.0, *y / 2.0)).collect();
            frames.insert(at % (frames.len() + 1), seen(85.0, stranger));
            prop_assert!(least_of(&frames).unwrap().0 < 0.1);
            prop_assert!(least_one_by_one(&frames).unwrap() < 0.1);
        }

        #[test]
        fn what_is_kept_does_not_grow(yaws in prop::collection::vec((-40.0_f32..40.0, -35.0_f32..35.0), 1..90)) {
            let mut direct = Direct::default();
            for (yaw, pitch) in yaws {
                let seen = frame(Phase::Center, |f| (f.pose.yaw, f.pose.pitch) = (yaw, pitch));
                direct.add(seen.face().unwrap(), &Thresholds::default());
            }
            prop_assert!(direct.references.len() <= MOST);
        }
    }
}
