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
    /// Frames that anti-spoof models and embedder looked at.
    looked_at: usize,
    /// Sum of their anti-spoof scores.
    bona_fide: f32,
    /// Who they show.
    people: Linkage,
}

impl Evidence {
    /// Takes a frame into account.
    pub fn add(&mut self, frame: &FrameMeasurement, t: &Thresholds) {
        self.frames += 1;
        self.second_subject += usize::from(presence::has_second_subject(frame, t));
        if let Some(face) = &frame.face {
            self.frames_with_face += 1;
            self.add_face(face);
        }
    }

    fn add_face(&mut self, face: &Face) {
        if let Some(score) = face.bona_fide_score() {
            self.looked_at += 1;
            self.bona_fide += score;
        }
        self.people.add(face);
    }

    /// Mean anti-spoof score, 0 (attack) to 1 (bona fide); `None` when no model looked.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a session has a few thousand frames"
    )]
    pub fn anti_spoof(&self) -> Option<f32> {
        (self.looked_at > 0).then(|| self.bona_fide / self.looked_at as f32)
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
            measured: presence::share(self.looked_at, self.frames),
            required: t.face_ratio,
        }
    }

    fn second_subject(&self, t: &Thresholds) -> Option<SecondSubject> {
        let limit = presence::second_subject_limit(self.frames, t);
        (self.second_subject >= limit).then_some(SecondSubject {
            frames: self.second_subject,
            limit,
        })
    }
}
