//! What a session's frames say about who is there and whether they are live: numbers only, of a size
//! that does not grow with the session.

use serde::{Deserialize, Serialize};

use crate::liveness::decision::{Rejection, SecondSubject, Shortfall};
use crate::liveness::evidence::{identity::Linkage, presence};
use crate::liveness::measurement::{Face, FrameMeasurement};
use crate::liveness::thresholds::Thresholds;

/// Gathered so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Frames.
    pub frames: usize,
    /// Frames that show a face.
    pub frames_with_face: usize,
    /// Frames that show a second subject.
    second_subject: usize,
    /// What anti-spoof models say of the frames on which the verdict rests.
    deciding: Scores,
    /// What they say of the others that they looked at.
    others: Scores,
    /// Who they show.
    people: Linkage,
}

/// The mean of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Scores {
    number: usize,
    sum: f32,
}

impl Scores {
    fn add(&mut self, score: f32) {
        self.number += 1;
        self.sum += score;
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a session has a few thousand frames"
    )]
    fn mean(self) -> Option<f32> {
        (self.number > 0).then(|| self.sum / self.number as f32)
    }
}

impl Evidence {
    /// Takes a frame into account; `decides`: the verdict may rest on it.
    pub fn add(&mut self, frame: &FrameMeasurement, decides: bool, t: &Thresholds) {
        self.pass_over(frame, t);
        if let Some(face) = &frame.face {
            self.add_face(face, decides);
        }
    }

    /// Counts a frame whose face says nothing.
    pub fn pass_over(&mut self, frame: &FrameMeasurement, t: &Thresholds) {
        self.frames += 1;
        self.frames_with_face += usize::from(frame.face.is_some());
        self.second_subject += usize::from(presence::has_second_subject(frame, t));
    }

    fn add_face(&mut self, face: &Face, decides: bool) {
        if let Some(score) = face.bona_fide_score() {
            let scores = if decides {
                &mut self.deciding
            } else {
                &mut self.others
            };
            scores.add(score);
        }
        self.people.add(face);
    }

    /// Mean anti-spoof score, 0 (attack) to 1 (bona fide); `None` when no model looked.
    ///
    /// The frames that decide weigh as much as all others together: of the others a client can send
    /// as many as it likes, its best one again and again.
    pub fn anti_spoof(&self) -> Option<f32> {
        match (self.deciding.mean(), self.others.mean()) {
            (Some(deciding), Some(others)) => Some(f32::midpoint(deciding, others)),
            (deciding, others) => deciding.or(others),
        }
    }

    /// Identity consistency, 0 to 1; `None` with fewer than two faces that can be compared.
    pub fn same_person(&self) -> Option<f32> {
        self.people.consistency()
    }

    /// Whether there is so clearly more than one person that the session need not go on: another
    /// face beside the first, or faces that no two pictures of one person would be.
    pub fn shows_two_people(&self, t: &Thresholds) -> bool {
        self.second_subject(t).is_some()
            || self
                .people
                .reliable_consistency()
                .is_some_and(|c| c < t.other_person)
    }

    /// The checks that fail, actions aside, in the order of the documentation.
    pub fn rejections(&self, t: &Thresholds) -> Vec<Rejection> {
        let below = |score: Option<f32>, required| {
            score
                .filter(|s| *s < required)
                .map(|measured| Shortfall { measured, required })
        };
        let consistency = below(self.likeness(t), t.same_person);
        let second_subject = self.second_subject(t);
        let different = (consistency.is_some() || second_subject.is_some()).then_some(
            Rejection::DifferentPersons {
                consistency,
                second_subject,
            },
        );
        let spoof = below(self.anti_spoof(), t.anti_spoof).map(Rejection::SpoofDetected);
        different.into_iter().chain(spoof).collect()
    }

    /// The consistency that is held against the threshold: that of reliable poses where it is so low
    /// that nothing else matters.
    fn likeness(&self, t: &Thresholds) -> Option<f32> {
        let reliable = self.people.reliable_consistency();
        reliable
            .filter(|c| *c < t.other_person)
            .or(self.same_person())
    }

    /// Whether enough was seen to say that one live person did it.
    pub fn suffices(&self) -> bool {
        self.anti_spoof().is_some() && self.same_person().is_some()
    }

    /// The rejection where it was not: the share of frames whose face was looked at.
    pub fn too_little(&self, t: &Thresholds) -> Rejection {
        Rejection::InsufficientFaceDetections {
            measured: presence::share(self.deciding.number + self.others.number, self.frames),
            required: t.face_ratio,
        }
    }

    fn second_subject(&self, t: &Thresholds) -> Option<SecondSubject> {
        let limit = t.second_face_frames;
        (self.second_subject >= limit).then_some(SecondSubject {
            frames: self.second_subject,
            limit,
        })
    }
}
