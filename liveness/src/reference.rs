//! Reference match: whether the face of a capture is that of a picture or embedding that the caller has.
//!
//! It is a separate answer. No verdict rests on it, and it says nothing about liveness: a photo of the right person
//! matches.

use serde::{Deserialize, Serialize};

use crate::decision::Rejection;
use crate::embedding::Embedding;
use crate::evidence::clarity::{Noise, worst_noise};
use crate::evidence::identity::turn;
use crate::evidence::poor::{BRIGHT, DARK};
use crate::evidence::presence;
use crate::measurement::{Face, FrameMeasurement, Quality};
use crate::thresholds::Thresholds;

/// Variance of the Laplacian below which a face has no detail of its own, grey levels squared.
///
/// Measured on three people, blurred and then compressed: with a sigma of 8 pixels or more across faces of 130 pixels, it is
/// at most 4.1 and their likeness to themselves 0.12 or less. With less blur it is 5 or more. `face_detail_px` sees nearly
/// all such pictures, and this the rest.
const FEATURELESS: f32 = 6.0;

/// How like a reference the face of a capture is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceMatch {
    /// Cosine similarity of the two embeddings, negative values as 0: 0 to 1.
    pub score: f32,
    /// The least score of one person, 0 to 1.
    pub threshold: f32,
}

impl ReferenceMatch {
    /// Compares the face of a capture with a reference. Which is which does not matter.
    pub fn of(reference: &Embedding, face: &Embedding, t: &Thresholds) -> Self {
        Self {
            score: reference.cosine(face).clamp(0.0, 1.0),
            threshold: t.reference_match,
        }
    }

    /// Whether both are of one person.
    pub fn is_matched(self) -> bool {
        self.score >= self.threshold
    }
}

/// The result of comparing a capture with a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Comparison {
    /// There is no reference.
    #[default]
    NoReference,
    /// The capture does not show the face of one person.
    NoFace,
    /// Both were compared.
    Made(ReferenceMatch),
}

impl Comparison {
    /// The result for a capture of which no face was measured.
    pub fn without_face(has_reference: bool) -> Self {
        if has_reference {
            Self::NoFace
        } else {
            Self::NoReference
        }
    }

    /// Compares a capture, rejected for these reasons, with its reference. `portrait` is the face that the capture is
    /// compared with; `None` if no face could be judged.
    ///
    /// A capture that shows more than one person is not compared: which of them matched would be unknown.
    pub fn of(
        reference: Option<&Embedding>,
        portrait: Option<&Embedding>,
        rejections: &[Rejection],
        t: &Thresholds,
    ) -> Self {
        let Some(reference) = reference else {
            return Self::NoReference;
        };
        let several = |r: &Rejection| matches!(r, Rejection::DifferentPersons { .. });
        match portrait.filter(|_| !rejections.iter().any(several)) {
            Some(portrait) => Self::Made(ReferenceMatch::of(reference, portrait, t)),
            None => Self::NoFace,
        }
    }
}

/// Why a picture cannot be a reference. Numbers are as measured and as required.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// No face was found.
    NoFace,
    /// A second face is of comparable size. Holds the number of faces.
    SeveralFaces(usize),
    /// Too few pixels across the face; at least `required`.
    Narrow {
        /// Width of the face, pixels.
        measured: f32,
        /// Least width, pixels.
        required: f32,
    },
    /// Tilted in the picture's plane; at most `required`.
    Tilted {
        /// Tilt, degrees, 0 or more.
        measured: f32,
        /// Largest tilt, degrees.
        required: f32,
    },
    /// Turned away from the camera; at most `required`.
    Turned {
        /// Turn, degrees of yaw, with pitch weighted.
        measured: f32,
        /// Largest turn.
        required: f32,
    },
    /// Too little detail; at least `required`.
    Blurred {
        /// Pixels across the face that carry detail.
        measured: f32,
        /// Least number of such pixels.
        required: f32,
    },
    /// Blurred so much that no detail is left but that of the compression.
    Featureless,
    /// Too dark; at least `required`.
    Dark {
        /// Mean grey level of the face, 0 to 255.
        measured: f32,
        /// Least mean grey level.
        required: f32,
    },
    /// Overexposed: colours are cut off at white.
    Glare,
    /// Too bright; at most `required`.
    Bright {
        /// Mean grey level of the face, 0 to 255.
        measured: f32,
        /// Largest mean grey level.
        required: f32,
    },
}

/// The embedding of a picture's only clear face. The picture must have been measured in full; it may be grey.
///
/// Limits are those of a capture's faces where likeness suffers beyond them. Noise, colour, and room around the face
/// matter to anti-spoof models, which do not judge a reference. A second face counts if it could be a second subject
/// of a capture: identity documents show the face once more, small.
///
/// # Errors
/// [`Unfit`] if there is no such face.
pub fn clear_face(picture: FrameMeasurement, t: &Thresholds) -> Result<Embedding, Unfit> {
    if presence::has_second_subject(&picture, t) {
        return Err(Unfit::SeveralFaces(picture.faces.len()));
    }
    let face = picture.face.ok_or(Unfit::NoFace)?;
    match unfit(&face, t) {
        Some(unfit) => Err(unfit),
        None => face.embedding.ok_or(Unfit::NoFace),
    }
}

fn unfit(face: &Face, t: &Thresholds) -> Option<Unfit> {
    let (roll, turn, level) = (
        face.pose.roll.abs(),
        turn(face.pose, t),
        face.quality.brightness,
    );
    if face.bounds.width < t.face_px {
        Some(Unfit::Narrow {
            measured: face.bounds.width,
            required: t.face_px,
        })
    } else if roll > t.upright_deg {
        Some(Unfit::Tilted {
            measured: roll,
            required: t.upright_deg,
        })
    } else if turn > t.reliable_turn_deg {
        Some(Unfit::Turned {
            measured: turn,
            required: t.reliable_turn_deg,
        })
    } else if face.quality.detail_px < t.face_detail_px {
        Some(Unfit::Blurred {
            measured: face.quality.detail_px,
            required: t.face_detail_px,
        })
    } else if face.quality.sharpness < FEATURELESS {
        Some(Unfit::Featureless)
    } else if level < DARK {
        Some(Unfit::Dark {
            measured: level,
            required: DARK,
        })
    } else if has_glare(&face.quality, t) {
        Some(Unfit::Glare)
    } else if level > BRIGHT {
        Some(Unfit::Bright {
            measured: level,
            required: BRIGHT,
        })
    } else {
        None
    }
}

fn has_glare(quality: &Quality, t: &Thresholds) -> bool {
    let (noise, measured, most) = worst_noise(quality, t);
    noise == Noise::Glare && measured > most
}

#[cfg(test)]
mod tests;
