//! Statements: the measured and required values of one kind of evidence.

use serde::{Deserialize, Serialize};

use super::parts::Part;

/// A measured value and the value that is required.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The kind of evidence.
    pub kind: Kind,
    /// The measured value, in the kind's unit.
    pub measured: f32,
    /// The least or the largest value that is accepted, in the same unit.
    pub required: f32,
    /// Position, from 0, of the frame that shows it most clearly; `None` if no single frame does.
    pub frame: Option<usize>,
    /// The part of the capture that shows it; `None` if no single part does.
    pub part: Option<Part>,
}

/// Kinds of evidence, except the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Number of frames that show a second face of comparable size; at most `required`.
    SecondFace,
    /// Lowest likeness of two faces in near poses, a cosine; at least `required`.
    LeastLikeness,
    /// Anti-spoof score of the weakest part, 0 to 1; at least `required`.
    WeakestPart,
    /// Number of frames with a picture that was there before the head moved; at most `required`.
    RepeatedPictures,
    /// Number of turned frames with the picture of the frame some places before, or number of turns that
    /// consist of one picture; at most `required`.
    HeldPictures,
    /// Share of a picture's contrast that a mixture of two others does not explain, for pictures between
    /// two poses; at least `required`.
    CrossFade,
    /// Height of a peak of the face's spectrum, natural logarithm of power; at most `required`.
    Raster,
    /// Share of the outline of a rectangle around the face that runs along straight edges, 0 to 1; at
    /// most `required`.
    Border,
    /// Speed at which the head turned, degrees a second; at most `required`.
    HeadSpeed,
    /// Change of the colours around the face in one step, divided by the change that the step's duration
    /// allows; at most `required`.
    SceneChange,
    /// Duration that the capture claims, seconds; at most `required`, the time since its session was made.
    CapturedBeforeSession,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::SecondFace,
        Self::LeastLikeness,
        Self::WeakestPart,
        Self::RepeatedPictures,
        Self::HeldPictures,
        Self::CrossFade,
        Self::Raster,
        Self::Border,
        Self::HeadSpeed,
        Self::SceneChange,
        Self::CapturedBeforeSession,
    ];

    /// The kind's public name, as in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondFace => "second_face_frames",
            Self::LeastLikeness => "least_likeness",
            Self::WeakestPart => "weakest_part",
            Self::RepeatedPictures => "repeated_pictures",
            Self::HeldPictures => "held_pictures",
            Self::CrossFade => "cross_fade",
            Self::Raster => "screen_raster",
            Self::Border => "screen_border",
            Self::HeadSpeed => "head_speed",
            Self::SceneChange => "scene_change",
            Self::CapturedBeforeSession => "captured_before_session",
        }
    }

    /// Whether this kind is evidence of more than one person. Other kinds are evidence of an attack
    /// presentation.
    pub fn is_about_persons(self) -> bool {
        match self {
            Self::SecondFace | Self::LeastLikeness => true,
            Self::WeakestPart
            | Self::RepeatedPictures
            | Self::HeldPictures
            | Self::CrossFade
            | Self::Raster
            | Self::Border
            | Self::HeadSpeed
            | Self::SceneChange
            | Self::CapturedBeforeSession => false,
        }
    }
}

impl Statement {
    /// A statement about the whole capture, without frame and part.
    pub fn new(kind: Kind, measured: f32, required: f32) -> Self {
        Self {
            kind,
            measured,
            required,
            frame: None,
            part: None,
        }
    }

    /// Whether the capture fails by this statement.
    pub fn is_against(&self) -> bool {
        match self.kind {
            Kind::LeastLikeness | Kind::WeakestPart | Kind::CrossFade => {
                self.measured < self.required
            }
            Kind::SecondFace
            | Kind::RepeatedPictures
            | Kind::HeldPictures
            | Kind::Raster
            | Kind::Border
            | Kind::HeadSpeed
            | Kind::SceneChange
            | Kind::CapturedBeforeSession => self.measured > self.required,
        }
    }
}

/// The statements that a capture fails by: those about persons, or those about the presentation.
pub fn against(statements: &[Statement], about_persons: bool) -> Vec<Statement> {
    let of_concern = |s: &&Statement| s.is_against() && s.kind.is_about_persons() == about_persons;
    statements.iter().filter(of_concern).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_compared_with_a_least_or_a_most() {
        let all = [
            Statement::new(Kind::LeastLikeness, 0.1, 0.2),
            Statement::new(Kind::LeastLikeness, 0.2, 0.2),
            Statement::new(Kind::Raster, 3.1, 3.0),
            Statement::new(Kind::Raster, 3.0, 3.0),
        ];
        assert_eq!(all.map(|s| s.is_against()), [true, false, true, false]);
        assert_eq!(against(&all, true), [all[0]]);
        assert_eq!(against(&all, false), [all[2]]);
    }

    #[test]
    fn every_kind_has_its_own_name() {
        let mut names = Kind::ALL.map(Kind::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
