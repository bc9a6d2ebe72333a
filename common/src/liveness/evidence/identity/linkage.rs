//! Faces joined into groups, the two most alike first.

use serde::{Deserialize, Serialize};

use super::{is_reliable, is_usable};
use crate::liveness::embedding::Embedding;
use crate::liveness::measurement::Face;
use crate::liveness::thresholds::Thresholds;

/// Most groups that a [`Linkage`] keeps, 2 kB each: more poses than a session goes through, and
/// faces in one pose are joined first.
const MOST_GROUPS: usize = 16;

/// Faces taken to be one person's so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Direction of the sum of their embeddings.
    mean: Embedding,
    /// Length of that sum.
    length: f32,
    /// What its likeness to others may lack: nothing where one of them is in a pose in which embeddings of
    /// one person and of two do not overlap.
    allowance: f32,
}

impl Group {
    /// A group of one face; `None` for one that was only glanced at.
    pub fn of(face: &Face, t: &Thresholds) -> Option<Self> {
        Some(Self {
            mean: face.embedding.clone()?,
            length: 1.0,
            allowance: if is_reliable(face.pose, t) {
                0.0
            } else {
                t.likeness_allowance
            },
        })
    }

    /// Both groups as one; `None` when they cancel out.
    fn join(&self, other: &Self) -> Option<Self> {
        let (mean, length) = self.mean.plus(self.length, &other.mean, other.length)?;
        Some(Self {
            mean,
            length,
            allowance: self.allowance.min(other.allowance),
        })
    }

    fn likeness(&self, other: &Self) -> f32 {
        self.mean.cosine(&other.mean) + self.allowance.max(other.allowance)
    }
}

/// How strongly groups hang together, 0 to 1; `None` with fewer than two.
pub fn consistency(groups: Vec<Group>) -> Option<f32> {
    let mut table = Table::of(groups);
    table.join_down_to(1);
    table.weakest.map(|w| w.clamp(0.0, 1.0))
}

/// Groups, how alike any two of them are (kept, since a clip has hundreds of frames), and the least
/// likeness at which any were joined.
struct Table {
    groups: Vec<Group>,
    likeness: Vec<Vec<f32>>,
    weakest: Option<f32>,
}

impl Table {
    fn of(groups: Vec<Group>) -> Self {
        let row = |a: &Group| groups.iter().map(|b| a.likeness(b)).collect();
        let likeness = groups.iter().map(row).collect();
        Self {
            groups,
            likeness,
            weakest: None,
        }
    }

    /// Joins the two groups most alike, again and again, until so many are left.
    fn join_down_to(&mut self, left: usize) {
        while self.groups.len() > left {
            let Some((likeness, a, b)) = self.closest() else {
                return;
            };
            // Embeddings that cancel out exactly have no mean; nothing could be more unlike.
            let likeness = self.join(a, b).map_or(0.0, |()| likeness);
            self.weakest = Some(self.weakest.map_or(likeness, |w| w.min(likeness)));
        }
    }

    /// The two groups most alike, as likeness and positions `a < b`.
    fn closest(&self) -> Option<(f32, usize, usize)> {
        let pairs = (0..self.groups.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        pairs
            .map(|(a, b)| (self.likeness[a][b], a, b))
            .max_by(|x, y| x.0.total_cmp(&y.0))
    }

    /// Makes one group of those at `a < b`, at `a`; `None`, and only the first is left, when they have
    /// no mean.
    fn join(&mut self, a: usize, b: usize) -> Option<()> {
        let other = self.groups.swap_remove(b);
        self.likeness.swap_remove(b);
        for row in &mut self.likeness {
            row.swap_remove(b);
        }
        self.groups[a] = self.groups[a].join(&other)?;
        for i in 0..self.groups.len() {
            let likeness = self.groups[i].likeness(&self.groups[a]);
            self.likeness[i][a] = likeness;
            self.likeness[a][i] = likeness;
        }
        Some(())
    }
}

/// The same for faces that come one after another, of a size that does not grow with their number:
/// beyond a number of groups the two most alike are joined at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linkage {
    groups: Vec<Group>,
    /// The least likeness at which any were joined so far.
    weakest: Option<f32>,
}

impl Linkage {
    /// Adds a face, if it can be compared.
    pub fn add(&mut self, face: &Face, t: &Thresholds) {
        let Some(group) = Group::of(face, t).filter(|_| is_usable(face.pose, t)) else {
            return;
        };
        self.groups.push(group);
        if self.groups.len() > MOST_GROUPS {
            let mut table = Table::of(std::mem::take(&mut self.groups));
            table.join_down_to(MOST_GROUPS);
            self.weakest = weaker(self.weakest, table.weakest);
            self.groups = table.groups;
        }
    }

    /// How strongly all of them hang together, 0 to 1; `None` with fewer than two.
    pub fn consistency(&self) -> Option<f32> {
        weaker(self.weakest, consistency(self.groups.clone()))
    }

    /// The same for those whose pose is one in which two people do not look alike.
    pub fn reliable_consistency(&self) -> Option<f32> {
        let reliable = self.groups.iter().filter(|g| g.allowance <= 0.0).cloned();
        consistency(reliable.collect())
    }
}

fn weaker(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::evidence::testing::{face, person};

    fn seen(degrees: f32) -> Face {
        let mut face = face();
        face.embedding = Some(person(degrees));
        face
    }

    #[test]
    fn one_face_has_nothing_to_be_compared_with() {
        let mut linkage = Linkage::default();
        assert_eq!(linkage.consistency(), None);
        linkage.add(&seen(0.0), &Thresholds::default());
        assert_eq!(linkage.consistency(), None);
        let mut turned_away = seen(90.0);
        turned_away.pose.yaw = 80.0;
        linkage.add(&turned_away, &Thresholds::default());
        assert_eq!(linkage.consistency(), None);
    }

    #[test]
    fn embeddings_that_cancel_out_are_nobody() {
        let opposite = [seen(0.0), seen(180.0)];
        let groups = opposite
            .iter()
            .filter_map(|f| Group::of(f, &Thresholds::default()))
            .collect();
        assert_eq!(consistency(groups), Some(0.0));
    }

    proptest! {
        #[test]
        fn one_at_a_time_gives_what_all_at_once_do(
            degrees in prop::collection::vec(0.0_f32..90.0, 2..MOST_GROUPS),
        ) {
            let faces: Vec<Face> = degrees.iter().map(|d| seen(*d)).collect();
            let mut linkage = Linkage::default();
            faces.iter().for_each(|f| linkage.add(f, &Thresholds::default()));
            prop_assert_eq!(
                linkage.consistency(),
                consistency(faces.iter().filter_map(|f| Group::of(f, &Thresholds::default())).collect())
            );
        }

        #[test]
        fn a_stranger_among_any_number_of_frames_shows(
            spread in prop::collection::vec(-20.0_f32..20.0, 1..60), at in 0_usize..60,
        ) {
            let mut linkage = Linkage::default();
            for (i, degrees) in spread.iter().enumerate() {
                linkage.add(&seen(*degrees), &Thresholds::default());
                if i == at % spread.len() {
                    linkage.add(&seen(85.0), &Thresholds::default());
                }
            }
            prop_assert!(linkage.groups.len() <= MOST_GROUPS);
            prop_assert!(linkage.consistency().unwrap() < 0.45);
            prop_assert!(linkage.reliable_consistency().unwrap() < 0.45);
        }

        #[test]
        fn one_person_in_any_number_of_frames_hangs_together(
            spread in prop::collection::vec(-20.0_f32..20.0, 2..60),
        ) {
            let mut linkage = Linkage::default();
            spread.iter().for_each(|d| linkage.add(&seen(*d), &Thresholds::default()));
            prop_assert!(linkage.consistency().unwrap() > 0.75);
        }
    }
}
