//! Identity: one person throughout, compared with one portrait.
//!
//! The portrait is the face that the verdict vouches for. It is the mean of a frontal face (the best frame
//! of a verification, the first frontal face of a session) and of all near-frontal faces like it. Each
//! other face must be as like the portrait as faces of one person are in its pose.
//!
//! Likeness falls as a head turns, so the least likeness that is accepted falls too, linearly. Measured
//! with ten people's turns and 39 other people (540 captures of frames, 146 clips, 3,678 composed swaps):
//! no capture of one person is refused. Faces turned beyond the end of that line are not compared, and
//! support no action.
//!
//! A morph of two people is like both of them. So faces in near poses are also compared with each other.

use serde::{Deserialize, Serialize};

use super::extremes::Lowest;
use crate::embedding::Embedding;
use crate::measurement::Face;
use crate::pose::Pose;
use crate::sampling::Sampling;
use crate::thresholds::Thresholds;

/// Most faces that wait for a portrait. Each takes 2 kB.
const MOST_WAITING: usize = 8;
/// Most faces that others are compared with directly. Each takes 2 kB.
const MOST_REFERENCES: usize = 8;
/// Difference from which two poses count as different, degrees on the scale of [`turn`]. One face of each
/// is kept.
const SAME_POSE_DEG: f32 = 15.0;

/// How far a head is turned away, degrees of yaw, 0 or more.
///
/// Pitch is weighted by how much faster likeness falls with it.
pub fn turn(pose: Pose, t: &Thresholds) -> f32 {
    pose.yaw.hypot(weighted_pitch(pose, t))
}

fn weighted_pitch(pose: Pose, t: &Thresholds) -> f32 {
    let weight = if pose.pitch < 0.0 {
        t.up_weight
    } else {
        t.down_weight
    };
    weight * pose.pitch
}

/// Difference between two poses, degrees on the scale of [`turn`], 0 or more.
fn apart(a: Pose, b: Pose, t: &Thresholds) -> f32 {
    (a.yaw - b.yaw).hypot(weighted_pitch(a, t) - weighted_pitch(b, t))
}

/// Whether a face in this pose can be compared with the portrait.
pub fn is_comparable(pose: Pose, t: &Thresholds) -> bool {
    let is_oblique = pose.yaw.abs() > t.oblique_deg && pose.pitch.abs() > t.oblique_deg;
    turn(pose, t) <= t.comparable_turn_deg && !is_oblique
}

/// The least likeness to the portrait that is accepted for a face in this pose, a cosine.
fn demanded(pose: Pose, t: &Thresholds) -> f32 {
    let turn = turn(pose, t);
    let far = if pose.pitch > 0.0 && weighted_pitch(pose, t) > pose.yaw.abs() {
        t.far_likeness_down
    } else {
        t.far_likeness
    };
    let span = t.comparable_turn_deg - t.reliable_turn_deg;
    let share = ((turn - t.reliable_turn_deg) / span).clamp(0.0, 1.0);
    t.same_person + share * (far - t.same_person)
}

/// The face that a verdict vouches for: the mean of several embeddings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// Direction of the sum of the embeddings.
    mean: Embedding,
    /// Length of the sum of the embeddings.
    length: f32,
}

impl Portrait {
    /// A portrait of one face.
    fn of(face: &Embedding) -> Self {
        Self {
            mean: face.clone(),
            length: 1.0,
        }
    }

    /// Adds a near-frontal face that is like the portrait.
    fn learn(&mut self, face: &Face, t: &Thresholds) {
        let Some(embedding) = face.embedding.as_ref() else {
            return;
        };
        let is_near = turn(face.pose, t) <= t.portrait_deg;
        if is_near
            && self.mean.cosine(embedding) >= t.same_person
            && let Some((mean, length)) = self.mean.plus(self.length, embedding, 1.0)
        {
            (self.mean, self.length) = (mean, length);
        }
    }

    /// The portrait as an embedding, unit length.
    pub fn embedding(&self) -> &Embedding {
        &self.mean
    }
}

/// Result of comparing a face with the portrait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The face is like the portrait.
    Same,
    /// The face is not like the portrait.
    Other,
    /// The face cannot be compared: it has no embedding, is turned too far, or there is no portrait yet.
    Unknown,
}

/// A face that waits for a portrait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    picture: u32,
    pose: Pose,
    embedding: Embedding,
    supports: bool,
}

/// All evidence about the person's identity. Its size does not grow with the number of faces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    portrait: Option<Portrait>,
    /// Faces that came before there was a portrait.
    waiting: Vec<Waiting>,
    /// Number of faces compared with the portrait.
    compared: usize,
    /// The lowest likenesses. Each is adjusted to that of a frontal face: what its pose lacks is added.
    weakest: Lowest,
    /// The lowest likeness of a face that a movement rests on, adjusted in the same way.
    support: Option<f32>,
    references: Vec<(Pose, Embedding)>,
    /// The lowest likeness of two faces in near poses, and the position of the later face.
    least_pair: Option<(f32, u32)>,
}

impl Identity {
    /// Without a portrait. The first frontal face will become it.
    pub fn new(sampling: Sampling, t: &Thresholds) -> Self {
        // Of the few frames that a caller chose, not one may show a stranger. Of hundreds of frames, a hand
        // before the face may make one look like a stranger.
        let strangers = match sampling {
            Sampling::Chosen => 1,
            Sampling::Dense => t.strangers_dense,
        };
        Self {
            portrait: None,
            waiting: Vec::new(),
            compared: 0,
            weakest: Lowest::new(strangers),
            support: None,
            references: Vec::new(),
            least_pair: None,
        }
    }

    /// With a portrait of these faces. `best`, the face of the best frame, comes first.
    pub fn with_portrait<'a>(
        sampling: Sampling,
        best: &Embedding,
        faces: impl IntoIterator<Item = &'a Face>,
        t: &Thresholds,
    ) -> Self {
        let mut portrait = Portrait::of(best);
        faces.into_iter().for_each(|f| portrait.learn(f, t));
        Self {
            portrait: Some(portrait),
            ..Self::new(sampling, t)
        }
    }

    /// Compares a face with the portrait so far.
    pub fn likeness(&self, face: &Face, t: &Thresholds) -> Likeness {
        match (&self.portrait, &face.embedding) {
            (Some(portrait), Some(embedding)) if is_comparable(face.pose, t) => {
                if portrait.mean.cosine(embedding) >= demanded(face.pose, t) {
                    Likeness::Same
                } else {
                    Likeness::Other
                }
            }
            _ => Likeness::Unknown,
        }
    }

    /// Adds a face. `picture` is the number of its picture, `position` that of its frame. `supports`: a
    /// movement rests on the face, so that no accident excuses a stranger's face.
    pub fn add(
        &mut self,
        face: &Face,
        picture: u32,
        position: u32,
        supports: bool,
        t: &Thresholds,
    ) {
        let Some(embedding) = face.embedding.as_ref() else {
            return;
        };
        if !is_comparable(face.pose, t) {
            return;
        }
        self.compare_directly(face.pose, embedding, position, t);
        let new = Waiting {
            picture,
            pose: face.pose,
            embedding: embedding.clone(),
            supports,
        };
        if self.portrait.is_none() && face.pose.is_within(t.portrait_deg) {
            self.portrait = Some(Portrait::of(embedding));
            for waiting in std::mem::take(&mut self.waiting) {
                self.compare(&waiting, t);
            }
        }
        if self.portrait.is_some() {
            self.compare(&new, t);
        } else if self.waiting.len() < MOST_WAITING {
            self.waiting.push(new);
        }
    }

    /// Adds a face that counts to the portrait of a session.
    pub fn learn(&mut self, face: &Face, t: &Thresholds) {
        if let Some(portrait) = &mut self.portrait {
            portrait.learn(face, t);
        }
    }

    fn compare(&mut self, face: &Waiting, t: &Thresholds) {
        let Some(portrait) = &self.portrait else {
            return;
        };
        let lacks = t.same_person - demanded(face.pose, t);
        let likeness = portrait.mean.cosine(&face.embedding) + lacks;
        self.weakest.add(face.picture, likeness);
        if face.supports {
            self.support = Some(self.support.map_or(likeness, |s| s.min(likeness)));
        }
        self.compared += 1;
    }

    fn compare_directly(
        &mut self,
        pose: Pose,
        embedding: &Embedding,
        position: u32,
        t: &Thresholds,
    ) {
        if turn(pose, t) > t.pair_turn_deg {
            return;
        }
        let near = self
            .references
            .iter()
            .filter(|(p, _)| apart(*p, pose, t) <= t.pair_turn_deg);
        let least = near.map(|(_, e)| e.cosine(embedding)).reduce(f32::min);
        if let Some(least) = least
            && self.least_pair.is_none_or(|(known, _)| least < known)
        {
            self.least_pair = Some((least, position));
        }
        let is_known = |(p, _): &(Pose, Embedding)| apart(*p, pose, t) < SAME_POSE_DEG;
        if self.references.len() < MOST_REFERENCES && !self.references.iter().any(is_known) {
            self.references.push((pose, embedding.clone()));
        }
    }

    /// The face that the verdict vouches for; `None` before there is one.
    pub fn portrait(&self) -> Option<&Portrait> {
        self.portrait.as_ref()
    }

    /// Number of faces compared with the portrait.
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// Consistency with one person, 0 to 1: the lowest likeness to the portrait, each adjusted to that of a
    /// frontal face. `None` if fewer than two faces could be compared.
    ///
    /// For dense frames, one or two low values may be accidents, so the next higher one counts, unless a
    /// movement rests on one of them.
    pub fn consistency(&self) -> Option<f32> {
        let weakest = self.weakest.last().or_else(|| self.weakest.highest())?;
        let least = self.support.map_or(weakest, |s| s.min(weakest));
        (self.compared >= 2).then_some(least.clamp(0.0, 1.0))
    }

    /// The lowest likeness that cannot be an accident: more faces have it or less than an accident
    /// explains. `None` while there are fewer faces.
    pub fn weakest(&self) -> Option<f32> {
        self.weakest.last()
    }

    /// The lowest likeness of two faces in near poses, a cosine, and the position of the later face; `None`
    /// if no two faces are in near poses.
    pub fn least_pair(&self) -> Option<(f32, u32)> {
        self.least_pair
    }
}

#[cfg(test)]
mod tests;
