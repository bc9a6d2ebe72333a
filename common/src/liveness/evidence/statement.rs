//! What one kind of evidence says of a capture.

use serde::{Deserialize, Serialize};

/// A number that was measured, held against what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// What was looked at.
    pub kind: Kind,
    /// What was found, in the kind's unit.
    pub measured: f32,
    /// The least or the most that it takes, in the same unit.
    pub required: f32,
    /// Position in the capture of the frame that says it most clearly, where one does.
    pub frame: Option<usize>,
}

/// What evidence looks at, the anti-spoof models and the actions aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Frames that show a second face of comparable size; so many may.
    SecondFace,
    /// Likeness of the two faces least alike of those that can be compared directly, a cosine; at
    /// least so much.
    LeastLikeness,
    /// Frames that hold a picture which was there before the head moved; so many may.
    RepeatedPictures,
    /// How far a raster stands out of the face's spectrum, natural logarithm of power; at most so
    /// much.
    Raster,
    /// Share of the outline of a rectangle around the face that runs along straight edges, 0 to 1;
    /// at most so much.
    Border,
    /// Speed at which the head turned, degrees a second; at most so much.
    HeadSpeed,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::SecondFace,
        Self::LeastLikeness,
        Self::RepeatedPictures,
        Self::Raster,
        Self::Border,
        Self::HeadSpeed,
    ];

    /// The kind's public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondFace => "second_face_frames",
            Self::LeastLikeness => "least_likeness",
            Self::RepeatedPictures => "repeated_pictures",
            Self::Raster => "screen_raster",
            Self::Border => "screen_border",
            Self::HeadSpeed => "head_speed",
        }
    }

    /// Whether what it says against a capture is that it shows more than one person; otherwise it is
    /// an attack presentation.
    pub fn is_about_persons(self) -> bool {
        match self {
            Self::SecondFace | Self::LeastLikeness => true,
            Self::RepeatedPictures | Self::Raster | Self::Border | Self::HeadSpeed => false,
        }
    }
}

impl Statement {
    /// Whether it speaks against the capture.
    pub fn is_against(&self) -> bool {
        match self.kind {
            Kind::LeastLikeness => self.measured < self.required,
            Kind::SecondFace
            | Kind::RepeatedPictures
            | Kind::Raster
            | Kind::Border
            | Kind::HeadSpeed => self.measured > self.required,
        }
    }
}

/// Those of the statements that speak against the capture, about its persons or about its
/// presentation.
pub fn against(statements: &[Statement], about_persons: bool) -> Vec<Statement> {
    let of_concern = |s: &&Statement| s.is_against() && s.kind.is_about_persons() == about_persons;
    statements.iter().filter(of_concern).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_held_against_a_least_or_a_most() {
        let say = |kind, measured, required| Statement {
            kind,
            measured,
            required,
            frame: None,
        };
        let all = [
            say(Kind::LeastLikeness, 0.1, 0.2),
            say(Kind::LeastLikeness, 0.2, 0.2),
            say(Kind::Raster, 3.1, 3.0),
            say(Kind::Raster, 3.0, 3.0),
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
