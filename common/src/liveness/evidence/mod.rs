//! What follows from a sequence of measurements, one question a file.

pub mod clarity;
pub mod colour;
mod extremes;
mod fades;
mod gathered;
pub mod identity;
mod parts;
mod pictures;
pub mod poor;
pub mod presence;
mod presentation;
mod scene;
mod speed;
mod statement;
mod timing;

use serde::{Deserialize, Serialize};

pub use self::gathered::{Evidence, Plan, Sighting};
pub use self::parts::Part;
pub use self::pictures::Picture;
pub use self::statement::{Kind, Statement, against};
pub use self::timing::Timing;
use super::challenge::{Action, Phase};
use super::measurement::{Face, FrameMeasurement};
pub use super::movement::Unit;

/// One frame of a capture: the client's claim and what the pixels show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaggedFrame {
    /// What the client says the frame belongs to.
    pub phase: Phase,
    /// What it shows.
    pub measurement: FrameMeasurement,
    /// When it was taken, seconds from the beginning of its clip; `None` where only the client says
    /// when.
    pub seconds: Option<f32>,
    /// Whether its picture is at hand, so that it can be the best frame: of a clip's frames only a
    /// few are kept.
    pub has_picture: bool,
}

impl TaggedFrame {
    /// The main face, if there is one.
    pub fn face(&self) -> Option<&Face> {
        self.measurement.face.as_ref()
    }
}

/// An action that was not shown, and what was instead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedAction {
    /// The action.
    pub action: Action,
    /// What is missing.
    pub why: Why,
    /// The nearest that was measured, in `unit`; `None` when there was nothing to measure.
    pub measured: Option<f32>,
    /// What it takes, in `unit`.
    pub required: f32,
    /// The unit of both numbers.
    pub unit: Unit,
}

/// Why an action does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No frame, or too few, that could show it: none tagged for it, or none with a face.
    NoFrames,
    /// The angle or the closing was not reached.
    NotReached,
    /// The eyes closed and were not seen open again.
    NotReopened,
    /// The end of the movement was seen without its beginning: no neutral face before it.
    NoNeutralBefore,
    /// It was shown, but before the action that comes first.
    OutOfOrder,
    /// It was shown as a state, not as a movement: the eyes are always like that, or the poses on the
    /// way there are missing.
    NoMovement,
    /// Its frames show a face, but none that can be compared with the portrait: turned too far, or
    /// another person's.
    NotComparable,
}

#[cfg(test)]
pub(crate) mod testing {
    //! Measurements for tests: one person, facing the camera, eyes open.

    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::liveness::embedding::Embedding;
    use crate::liveness::eyes::Eyes;
    use crate::liveness::measurement::{Bounds, Cues, DetectedFace, Quality};
    use crate::liveness::sketch::{SIDE, Sketch};

    pub(crate) fn detected(width: f32) -> DetectedFace {
        DetectedFace {
            bounds: Bounds {
                x: 100.0,
                y: 100.0,
                width,
                height: width * 1.3,
            },
            score: 0.9,
        }
    }

    /// An embedding at `degrees` from the one that [`frame`] gives.
    pub(crate) fn person(degrees: f32) -> Embedding {
        Embedding::from_raw(vec![
            degrees.to_radians().cos(),
            degrees.to_radians().sin(),
            0.0,
        ])
        .unwrap()
    }

    /// A picture of its own for each number; no two are alike.
    pub(crate) fn picture(number: u64) -> Sketch {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            // Xorshift (Marsaglia 2003).
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 56) as i8
        };
        Sketch::new((0..SIDE * SIDE).map(|_| next()).collect()).unwrap()
    }

    /// A picture that was never there before.
    fn new_picture() -> Sketch {
        static TAKEN: AtomicU64 = AtomicU64::new(1 << 32);
        picture(TAKEN.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn face() -> Face {
        Face {
            bounds: detected(200.0).bounds,
            pose: Default::default(),
            eyes: Eyes {
                left_ratio: 0.3,
                right_ratio: 0.3,
                left_blink: 0.05,
                right_blink: 0.05,
            },
            mouth: Default::default(),
            margins: vec![Some(3.0)],
            embedding: Some(person(0.0)),
            quality: Quality {
                sharpness: 100.0,
                brightness: 120.0,
                noise: 1.0,
                detail_px: 100.0,
                colour: 8.0,
                ..Quality::default()
            },
            sketch: new_picture(),
            thumbnail: None,
            cues: Some(Cues::default()),
        }
    }

    pub(crate) fn frame(phase: Phase, change: impl FnOnce(&mut Face)) -> TaggedFrame {
        let mut face = face();
        change(&mut face);
        let faces = vec![detected(face.bounds.width)];
        let measurement = FrameMeasurement {
            width: 1280,
            height: 720,
            faces,
            face: Some(face),
            scene: None,
        };
        TaggedFrame {
            phase,
            measurement,
            seconds: None,
            has_picture: true,
        }
    }

    pub(crate) fn no_face(phase: Phase) -> TaggedFrame {
        let measurement = FrameMeasurement {
            width: 1280,
            height: 720,
            faces: Vec::new(),
            face: None,
            scene: None,
        };
        TaggedFrame {
            phase,
            measurement,
            seconds: None,
            has_picture: true,
        }
    }
}
