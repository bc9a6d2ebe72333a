//! What a session's frames say about who is there and whether they are live: numbers only, of a size
//! that does not grow with the session.

use serde::{Deserialize, Serialize};

use crate::liveness::decision::{Rejection, different_persons, shortfall, spoof_detected};
use crate::liveness::evidence::copies::{self, Pictures};
use crate::liveness::evidence::identity::{Direct, Linkage};
use crate::liveness::evidence::{Kind, Statement, presence, presentation};
use crate::liveness::measurement::{Face, FrameMeasurement};
use crate::liveness::thresholds::Thresholds;

/// Most pictures that are kept, 2 kB each: those of frames on which the verdict rests.
const MOST_PICTURES: usize = 8;
/// Most values that a median is taken over.
const MOST_VALUES: usize = 32;
/// Frames in which the head must have been elsewhere before a picture comes again: a client with
/// several frames on their way, faster than its camera, may send one twice and have the next overtake.
const AWAY_FRAMES: u32 = 2;

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
    /// How far rasters stand out.
    raster: Latest,
    /// How much of a border there is.
    border: Largest,
    /// Who they show.
    people: Linkage,
    /// The same, face by face.
    direct: Direct,
    /// Which pictures they are.
    pictures: Pictures,
}

/// The latest of values that were measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Latest(Vec<f32>);

impl Latest {
    fn add(&mut self, value: f32) {
        if self.0.len() >= MOST_VALUES {
            self.0.remove(0);
        }
        self.0.push(value);
    }
}

/// The largest of values that were measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Largest(Vec<f32>);

impl Largest {
    fn add(&mut self, value: f32) {
        self.0.push(value);
        self.0.sort_by(|a, b| b.total_cmp(a));
        self.0.truncate(presentation::BORDERS);
    }
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
            self.add_face(face, decides, t);
        }
    }

    /// Counts a frame whose face says nothing.
    pub fn pass_over(&mut self, frame: &FrameMeasurement, t: &Thresholds) {
        self.frames += 1;
        self.frames_with_face += usize::from(frame.face.is_some());
        self.second_subject += usize::from(presence::has_second_subject(frame, t));
    }

    fn add_face(&mut self, face: &Face, decides: bool, t: &Thresholds) {
        if let Some(score) = face.bona_fide_score() {
            let scores = if decides {
                &mut self.deciding
            } else {
                &mut self.others
            };
            scores.add(score);
        }
        if let Some(cues) = face.cues {
            cues.periodicity
                .into_iter()
                .for_each(|p| self.raster.add(p));
            cues.border.into_iter().for_each(|b| self.border.add(b));
        }
        self.people.add(face, t);
        self.direct.add(face, t);
        self.pictures.see(face, AWAY_FRAMES, t);
        if decides {
            self.pictures.keep(face, MOST_PICTURES);
        }
    }

    /// Combined anti-spoof score, 0 (attack) to 1 (bona fide); `None` when no model looked.
    ///
    /// The frames that decide weigh as much as all others together: of the others a client can send
    /// as many as it likes, its best one again and again.
    pub fn anti_spoof(&self, t: &Thresholds) -> Option<f32> {
        let (deciding, others) = (self.deciding.mean(), self.others.mean());
        presentation::combined(deciding, others, t.anti_spoof_scale)
    }

    /// Identity consistency, 0 to 1; `None` with fewer than two faces that can be compared.
    pub fn same_person(&self) -> Option<f32> {
        self.people.consistency()
    }

    /// Whether there is so clearly more than one person that the session need not go on: another
    /// face beside the first, or faces that no pictures of one person would be. Two single faces that are
    /// unlike wait for the end: one of them may be blurred.
    pub fn shows_two_people(&self, t: &Thresholds) -> bool {
        let clearly_unlike = |c: f32| c < t.other_person;
        self.second_subject >= t.second_face_frames
            || self
                .people
                .reliable_consistency()
                .is_some_and(clearly_unlike)
    }

    /// The checks that fail, actions aside, in the order of the documentation.
    pub fn rejections(&self, t: &Thresholds) -> Vec<Rejection> {
        let said = self.statements(t);
        let persons = different_persons(shortfall(self.likeness(t), t.same_person), &said);
        let spoof = spoof_detected(shortfall(self.anti_spoof(t), t.anti_spoof), &said);
        persons.into_iter().chain(spoof).collect()
    }

    /// What the evidence says that is neither a score nor an action.
    fn statements(&self, t: &Thresholds) -> Vec<Statement> {
        let seconds = presence::state_second_subjects(self.second_subject, t.second_face_frames);
        let likeness = self.direct.least.map(|measured| Statement {
            kind: Kind::LeastLikeness,
            measured,
            required: t.least_likeness,
            frame: None,
        });
        let mut said = vec![seconds, copies::state(self.pictures.copies, 0, None)];
        said.extend(likeness);
        said.extend(presentation::state(&self.raster.0, &self.border.0, t));
        said
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
        (self.deciding.number + self.others.number > 0) && self.same_person().is_some()
    }

    /// The rejection where it was not: the share of frames whose face was looked at.
    pub fn too_little(&self, t: &Thresholds) -> Rejection {
        Rejection::InsufficientFaceDetections {
            measured: presence::share(self.deciding.number + self.others.number, self.frames),
            required: t.face_ratio,
        }
    }
}
