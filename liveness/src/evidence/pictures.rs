//! Pictures that come again.
//!
//! A head that moved away and came back differs from before by more than a fraction of a pixel. Its face
//! has moved too, and the sensor's noise is new. If the same picture comes again, it was copied and not
//! taken: stills shown alternately, a loop, frames used twice. A turned head does not hold still either; a
//! held still does. While they face the camera, people and webcams do repeat a picture. Such a repeat is
//! harmless and counts as one picture.
//!
//! Neither does a face look as before once its eyes have closed or its mouth has moved, even if the head stays where it
//! is. Pictures before and after are then more alike than after a movement of the head, so more likeness is asked for,
//! and no accident is allowed: a blink may end with its first open frame.
//!
//! [`crate::sketch`] has the comparison of two pictures, and what was measured of it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::parts::Part;
use super::statement::{Kind, Statement};
use crate::measurement::Face;
use crate::pose::Pose;
use crate::sampling::Sampling;
use crate::sketch::Sketch;
use crate::thresholds::Thresholds;

/// Distance, in turned frames, between two dense frames that are compared to find held pictures.
const HELD_BEFORE: usize = 6;
/// Number of turned frames among which held ones are counted, for dense frames.
const HELD_WINDOW: usize = 16;
/// Number of latest pictures that a frame is compared with if the head did not move.
const LATEST: usize = 2;
/// Number of pictures, nearest in pose, that a frame is compared with if the head did move.
const NEAREST: usize = 6;
/// Largest differences between two measurements of one picture: aspect ratio of the eyes, opening of the
/// mouth, smile score. Each is several times what noise and compression cause.
const EYES_NEAR: f32 = 0.06;
const OPENING_NEAR: f32 = 0.08;
const SMILE_NEAR: f32 = 0.25;
/// Of dense frames, one in this many is kept while the head does not move.
const KEPT_ONE_IN: u32 = 3;
/// Change of pose from which another picture is kept, degrees.
const ANOTHER_POSE_DEG: f32 = 3.0;

/// The pictures so far; only the latest if there are many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pictures {
    sampling: Sampling,
    most: usize,
    /// Number of copies that are accepted as accidents.
    by_chance: usize,
    /// Number of frames in which the head must be elsewhere, or the expression another one, before a picture counts as
    /// one that comes again.
    away_frames: u32,
    seen: Vec<Seen>,
    next: u32,
    /// Number of frames since a picture was kept.
    since_kept: u32,
    /// Number of frames with a picture that was there before the head moved, and the position of the first
    /// of them.
    copies: usize,
    first_copy: Option<u32>,
    /// Whether one of them was there before the expression changed, and is alike enough to be a copy though the head
    /// stayed. None of those is accepted as an accident.
    has_unmoved_copy: bool,
    /// The latest turned pictures, for dense frames.
    turned: VecDeque<Sketch>,
    /// For each of the latest turned frames, whether it holds the picture of the frame `HELD_BEFORE` places
    /// before.
    held: VecDeque<bool>,
    /// For dense frames, the most held frames in any window of turned ones; for chosen frames, the number
    /// of all that repeat the picture before.
    most_held: usize,
    /// Number of turned frames.
    turned_frames: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    picture: u32,
    pose: Pose,
    look: Expression,
    sketch: Sketch,
    /// Number of later frames in which the head was elsewhere.
    away: u32,
    /// Number of later frames in which the expression was another one.
    acted: u32,
}

/// Three numbers that describe a face. Within one picture they hardly differ, and comparing them is cheap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Expression {
    eyes: f32,
    opening: f32,
    smile: f32,
}

impl Expression {
    fn of(face: &Face) -> Self {
        Self {
            eyes: face.eyes.wider(),
            opening: face.mouth.opening,
            smile: face.mouth.smile,
        }
    }

    fn is_near(self, other: Self) -> bool {
        (self.eyes - other.eyes).abs() < EYES_NEAR
            && (self.opening - other.opening).abs() < OPENING_NEAR
            && (self.smile - other.smile).abs() < SMILE_NEAR
    }
}

/// The picture that a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The picture's number, the same for all frames that hold this picture.
    pub number: u32,
    /// Whether no frame before held this picture.
    pub is_new: bool,
}

impl Pictures {
    /// Keeps at most `most` pictures. A picture that comes again is a copy if the head was elsewhere in
    /// `away_frames` frames between. `by_chance` copies are accepted.
    pub fn new(sampling: Sampling, most: usize, away_frames: u32, by_chance: usize) -> Self {
        Self {
            sampling,
            most,
            by_chance,
            away_frames,
            seen: Vec::new(),
            next: 0,
            since_kept: 0,
            copies: 0,
            first_copy: None,
            has_unmoved_copy: false,
            turned: VecDeque::new(),
            held: VecDeque::new(),
            most_held: 0,
            turned_frames: 0,
        }
    }

    /// Compares a face with those before it. `keep`: later faces are compared with this one, if it adds
    /// something to those that are kept.
    pub fn add(&mut self, face: &Face, position: u32, keep: bool, t: &Thresholds) -> Picture {
        let look = Expression::of(face);
        let is_near =
            |s: &&Seen| s.pose.differs_by(face.pose) < t.copy_pose_deg && s.look.is_near(look);
        let is_same = |before: &&Seen| is_same(&before.sketch, &face.sketch, t);
        // While a person faces the camera, the latest pictures may be alike.
        let latest = self.seen.iter().rev().filter(|s| s.away == 0);
        let mut latest = latest.take(LATEST).filter(is_near);
        let repeated = latest.find(is_same).map(|s| s.picture);
        let nearest = |may_return: &dyn Fn(&Seen) -> bool| {
            let before = self.seen.iter().filter(|s| may_return(s));
            let mut before: Vec<&Seen> = before.filter(is_near).collect();
            before.sort_by(|a, b| {
                let off = |s: &Seen| s.pose.differs_by(face.pose);
                off(a).total_cmp(&off(b))
            });
            before.truncate(NEAREST);
            before.into_iter()
        };
        // Each kind has its own candidates, so that neither crowds out the other.
        let unmoved = nearest(&|s| s.acted >= self.away_frames)
            .find(|s| s.sketch.same_picture(&face.sketch) >= t.copy_unmoved_likeness);
        let copied = unmoved.or_else(|| nearest(&|s| s.away >= self.away_frames).find(is_same));
        let (copied, is_unmoved) = (copied.map(|s| s.picture), unmoved.is_some());
        for before in &mut self.seen {
            before.away += u32::from(before.pose.differs_by(face.pose) >= t.copy_away_deg);
            before.acted += u32::from(!before.look.is_near(look));
        }
        self.has_unmoved_copy |= is_unmoved;
        if copied.is_some() {
            self.copies += 1;
            self.first_copy = self.first_copy.or(Some(position));
        }
        if Part::of(face.pose, t) != Part::Frontal {
            self.add_turned(face, repeated.is_some(), t);
        }
        let known = copied.or(repeated);
        let number = known.unwrap_or(self.next);
        self.next += u32::from(known.is_none());
        self.since_kept += 1;
        if keep && self.adds_something(face) {
            self.since_kept = 0;
            if self.seen.len() >= self.most {
                self.make_room(t);
            }
            self.seen.push(Seen {
                picture: number,
                pose: face.pose,
                look,
                sketch: face.sketch.clone(),
                away: 0,
                acted: 0,
            });
        }
        Picture {
            number,
            is_new: known.is_none(),
        }
    }

    /// Removes the oldest picture of the part that has most: a long turn must not push out the few frontal
    /// pictures.
    fn make_room(&mut self, t: &Thresholds) {
        let part = |s: &Seen| Part::of(s.pose, t);
        let number = |of: &Part| self.seen.iter().filter(|s| part(s) == *of).count();
        let most = Part::ALL.into_iter().max_by_key(number);
        let oldest = self.seen.iter().position(|s| Some(part(s)) == most);
        if let Some(oldest) = oldest {
            self.seen.remove(oldest);
        }
    }

    /// Whether a picture is worth keeping. Of dense frames, one of each pose and expression and one in a few is enough: an
    /// attacker who replays pictures replays some of these too, and comparisons take time.
    fn adds_something(&self, face: &Face) -> bool {
        let moved = |last: &Seen| {
            last.pose.differs_by(face.pose) >= ANOTHER_POSE_DEG
                || !last.look.is_near(Expression::of(face))
        };
        match self.sampling {
            Sampling::Chosen => true,
            Sampling::Dense => self.since_kept >= KEPT_ONE_IN || self.seen.last().is_none_or(moved),
        }
    }

    /// Whether a turned face is in the same picture as the turned face before it, for dense frames. A head
    /// that turns does not stand still.
    pub fn stands_still(&self, face: &Face, t: &Thresholds) -> bool {
        let before = self.turned.back();
        Part::of(face.pose, t) != Part::Frontal
            && before.is_some_and(|b| is_same(b, &face.sketch, t))
    }

    fn add_turned(&mut self, face: &Face, repeats: bool, t: &Thresholds) {
        self.turned_frames += 1;
        match self.sampling {
            Sampling::Chosen => self.most_held += usize::from(repeats),
            Sampling::Dense => {
                if self.turned.len() == HELD_BEFORE {
                    let before = self.turned.pop_front();
                    let held = before.is_some_and(|b| is_same(&b, &face.sketch, t));
                    if self.held.len() == HELD_WINDOW {
                        self.held.pop_front();
                    }
                    self.held.push_back(held);
                    let now = self.held.iter().filter(|h| **h).count();
                    self.most_held = self.most_held.max(now);
                }
                self.turned.push_back(face.sketch.clone());
            }
        }
    }

    /// Statements about pictures that come again, and about pictures that are held while turned.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred frames")]
    pub fn state(&self, t: &Thresholds) -> [Statement; 2] {
        let held = match self.sampling {
            Sampling::Chosen => (self.turned_frames / t.held_chosen_one_in).max(1),
            Sampling::Dense => t.held_dense,
        };
        let by_chance = if self.has_unmoved_copy {
            0
        } else {
            self.by_chance
        };
        [
            Statement {
                frame: self.first_copy.and_then(|f| usize::try_from(f).ok()),
                ..Statement::new(Kind::RepeatedPictures, self.copies as f32, by_chance as f32)
            },
            Statement::new(Kind::HeldPictures, self.most_held as f32, held as f32),
        ]
    }
}

fn is_same(a: &Sketch, b: &Sketch, t: &Thresholds) -> bool {
    a.same_picture(b) >= t.copy_likeness
}

#[cfg(test)]
mod tests;
