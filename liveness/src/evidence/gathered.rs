//! All evidence of a capture, gathered frame by frame.
//!
//! A verification gathers the frames of its capture; a live session gathers them as they arrive. Both use
//! the same rules. The size of the evidence does not grow with the number of frames.

use serde::{Deserialize, Serialize};

use super::fades::Fades;
use super::identity::{Identity, Likeness, is_comparable};
use super::pictures::{Picture, Pictures};
use super::poor::{Lack, Poor, PoorFrames};
use super::presentation::Presentation;
use super::scene::SceneSteps;
use super::speed::Speed;
use super::statement::{self, Kind, Statement};
use super::{clarity, presence};
use crate::decision::{Rejection, Shortfall};
use crate::measurement::{Face, FrameMeasurement};
use crate::retry::Visibility;
use crate::sampling::Sampling;
use crate::thresholds::Thresholds;

/// Least number of different pictures among frames that a caller chose, of which anti-spoof models scored the face.
///
/// A capture has eight frames at least. Two of them may be pictures that were there before: somebody who faces the camera
/// without moving.
const LEAST_PICTURES: usize = 6;

/// Rules for gathering evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// Most pictures that later ones are compared with. Each takes 2 kB.
    pub most_pictures: usize,
    /// Number of frames in which the head must be elsewhere before a picture counts as one that comes
    /// again.
    pub away_frames: u32,
    /// Number of copies that are accepted as accidents: many frames form many pairs.
    pub copies: usize,
    /// Largest error of a frame's time, earlier or later, seconds.
    pub jitter_s: f32,
    /// Most frames with a second subject, whatever the number of frames; `None` for a share of the frames.
    pub second_subjects: Option<usize>,
}

/// A frame as input for the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The frame's measurement.
    pub frame: &'a FrameMeasurement,
    /// The frame's position, from 0.
    pub position: u32,
    /// Time at which the frame was taken or arrived, seconds on any clock; `None` if only the caller gives
    /// times.
    pub seconds: Option<f32>,
    /// Whether a movement rests on the frame.
    pub supports: bool,
    /// Whether later pictures are compared with this frame's picture.
    pub keep: bool,
}

/// The evidence gathered so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    plan: Plan,
    /// Number of frames.
    pub frames: usize,
    /// Number of frames that show a clear face.
    pub frames_with_face: usize,
    /// Number of frames that show a second subject, and the position of the first of them.
    second_subjects: usize,
    first_second: Option<u32>,
    poor: Poor,
    identity: Identity,
    presentation: Presentation,
    pictures: Pictures,
    fades: Fades,
    scene: SceneSteps,
    speed: Speed,
}

impl Evidence {
    /// Evidence without frames. `identity` may have a portrait.
    pub fn new(plan: Plan, identity: Identity, t: &Thresholds) -> Self {
        Self {
            plan,
            frames: 0,
            frames_with_face: 0,
            second_subjects: 0,
            first_second: None,
            poor: Poor::default(),
            identity,
            presentation: Presentation::new(plan.sampling, t),
            pictures: Pictures::new(
                plan.sampling,
                plan.most_pictures,
                plan.away_frames,
                plan.copies,
            ),
            fades: Fades::default(),
            scene: SceneSteps::default(),
            speed: Speed::default(),
        }
    }

    /// The face of a frame, if it can be judged: it is clear, and in a pose that can be compared.
    pub fn judged<'a>(frame: &'a FrameMeasurement, t: &Thresholds) -> Option<&'a Face> {
        let face = clear(frame, t)?;
        is_comparable(face.pose, t).then_some(face)
    }

    /// Whether movements may rest on a face that can be judged: it is not unlike the portrait, or may become it.
    ///
    /// Before there is a portrait, a face that is turned away could be anybody's.
    pub fn counts(&self, face: &Face, t: &Thresholds) -> bool {
        match self.identity.portrait() {
            Some(_) => self.identity.likeness(face, t) != Likeness::Other,
            None => face.pose.is_within(t.portrait_deg),
        }
    }

    /// Whether a turned face is in the same picture as the turned face before it.
    pub fn stands_still(&self, face: &Face, t: &Thresholds) -> bool {
        self.pictures.stands_still(face, t)
    }

    /// Adds a frame. Returns its picture, if its face can be judged.
    pub fn add(&mut self, seen: Sighting<'_>, t: &Thresholds) -> Option<Picture> {
        self.count(seen, t);
        if let Some(lack) = Lack::of(seen.frame, t) {
            self.poor.add(lack, seen.position);
        }
        let clear = clear(seen.frame, t)?;
        self.frames_with_face += 1;
        if let Some(seconds) = seen.seconds {
            let (pose, jitter) = (clear.pose, self.plan.jitter_s);
            self.speed.add(pose, seconds, seen.position, jitter, t);
        }
        let face = Self::judged(seen.frame, t)?;
        let picture = self.pictures.add(face, seen.position, seen.keep, t);
        self.fades.add(face, picture.number);
        let counts = self.counts(face, t);
        self.identity
            .add(face, picture.number, seen.position, seen.supports, t);
        if counts {
            self.identity.learn(face, t);
        }
        self.presentation
            .add(face, picture.number, picture.is_new, t);
        Some(picture)
    }

    /// Adds the surroundings of a face, whether or not the face can be judged.
    fn count(&mut self, seen: Sighting<'_>, t: &Thresholds) {
        self.frames += 1;
        if presence::has_second_subject(seen.frame, t) {
            self.second_subjects += 1;
            self.first_second = self.first_second.or(Some(seen.position));
        }
        let seconds = match self.plan.sampling {
            // The slowest rate that was measured, since the times of chosen frames are the caller's own:
            // one frame a second.
            #[expect(clippy::cast_precision_loss, reason = "twenty at most")]
            Sampling::Chosen => Some(seen.position as f32),
            Sampling::Dense => seen.seconds,
        };
        if let (Some(scene), Some(seconds)) = (&seen.frame.scene, seconds) {
            self.scene.add(scene, seconds, seen.position, t);
        }
    }

    /// The evidence about the person's identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Average anti-spoof score of all pictures, 0 (attack) to 1 (bona fide); `None` if none was scored.
    pub fn anti_spoof(&self, t: &Thresholds) -> Option<f32> {
        self.presentation.average(t)
    }

    /// Consistency with one person, 0 to 1; `None` if fewer than two faces could be compared.
    pub fn same_person(&self) -> Option<f32> {
        self.identity.consistency()
    }

    /// Number of frames with a second subject from which the capture shows more than one person.
    fn second_subject_limit(&self, t: &Thresholds) -> usize {
        self.plan
            .second_subjects
            .unwrap_or_else(|| presence::second_subject_limit(self.frames, t))
    }

    /// Whether more than one person is so clearly seen that a session can end at once: another face beside
    /// the first, or more faces unlike the portrait than an accident explains.
    pub fn shows_two_people(&self, t: &Thresholds) -> bool {
        let clearly_unlike = |c: f32| c < t.other_person;
        self.second_subjects >= self.second_subject_limit(t)
            || self.identity.weakest().is_some_and(clearly_unlike)
    }

    /// How well the faces of the frames could be seen, with the poor frames of [`Self::poor`].
    pub fn visibility<'a>(&self, poor: &'a [PoorFrames], t: &Thresholds) -> Visibility<'a> {
        Visibility {
            frames: self.frames,
            frames_with_face: self.frames_with_face,
            second_face: self.second_subjects >= self.second_subject_limit(t),
            poor,
        }
    }

    /// A statement for each kind of evidence that could be measured.
    pub fn statements(&self, t: &Thresholds) -> Vec<Statement> {
        let limit = self.second_subject_limit(t);
        let first = self.first_second.and_then(|f| usize::try_from(f).ok());
        let mut all = vec![presence::second_subjects(
            self.second_subjects,
            limit,
            first,
        )];
        all.extend(
            self.identity
                .least_pair()
                .map(|(measured, position)| Statement {
                    frame: usize::try_from(position).ok(),
                    ..Statement::new(Kind::LeastLikeness, measured, t.least_likeness)
                }),
        );
        all.extend(self.presentation.weakest(t).map(|weakest| Statement {
            part: weakest.part,
            ..Statement::new(Kind::WeakestPart, weakest.score, weakest.required)
        }));
        all.extend(self.pictures.state(t));
        all.extend(self.fades.state(t));
        all.extend(self.presentation.signs(t));
        all.extend(self.speed.state(t));
        match self.plan.sampling {
            Sampling::Chosen => {}
            Sampling::Dense => all.extend(self.scene.state()),
        }
        all
    }

    /// The checks that fail, except actions and presence, in the order of the documentation. `more`:
    /// statements from other sources.
    pub fn rejections(&self, more: &[Statement], t: &Thresholds) -> Vec<Rejection> {
        let mut all = self.statements(t);
        all.extend_from_slice(more);
        let consistency = self
            .same_person()
            .filter(|c| *c < t.same_person)
            .map(|measured| Shortfall {
                measured,
                required: t.same_person,
            });
        let persons = statement::against(&all, true);
        let spoof = statement::against(&all, false);
        let different = consistency.is_some() || !persons.is_empty();
        let different = different.then_some(Rejection::DifferentPersons {
            consistency,
            evidence: persons,
        });
        let spoofed = (!spoof.is_empty()).then(|| Rejection::SpoofDetected {
            average: self.anti_spoof(t),
            required: t.pad.threshold(self.plan.sampling),
            evidence: spoof,
        });
        different.into_iter().chain(spoofed).collect()
    }

    /// Factor for a capture's confidence, 0.5 to 1. For chosen frames a change of place lowers the
    /// confidence; clips and sessions are rejected for it.
    pub fn scene_weight(&self) -> f32 {
        match self.plan.sampling {
            Sampling::Chosen => self.scene.weight(),
            Sampling::Dense => 1.0,
        }
    }

    /// Whether enough was measured to conclude that one live person made the capture.
    ///
    /// Of frames that a caller chose, those that are one picture count once: the capture as a whole is judged by its
    /// weakest pictures, and where they are few, by less.
    pub fn suffices(&self) -> bool {
        let least = match self.plan.sampling {
            Sampling::Chosen => LEAST_PICTURES,
            Sampling::Dense => 1,
        };
        self.presentation.scored() >= least && self.same_person().is_some()
    }

    /// Frames without a clear face, or whose light is too dark or too bright, by reason. If too little was
    /// judged, they include frames whose face was turned too far.
    pub fn poor(&self) -> Vec<PoorFrames> {
        self.poor.by_reason(!self.suffices())
    }

    /// The rejection for too little evidence: the share of frames whose face was measured and judged in
    /// full.
    pub fn too_little(&self, t: &Thresholds) -> Rejection {
        let judged = self.presentation.scored().min(self.identity.compared());
        Rejection::InsufficientFaceDetections {
            measured: presence::share(judged, self.frames),
            required: t.face_ratio,
        }
    }
}

fn clear<'a>(frame: &'a FrameMeasurement, t: &Thresholds) -> Option<&'a Face> {
    let face = frame.face.as_ref()?;
    clarity::unclear(face, t).is_none().then_some(face)
}
