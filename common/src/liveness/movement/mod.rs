//! Movements, recognised frame by frame: one set of machines for frames, clips and live sessions.
//!
//! A verification folds its frames through them ([`find`]), a live session steps them as frames come.
//! Tags only filter: they say which frames may show an action, never that one does.

mod blink;
mod capture;
mod lips;
mod rest;
mod seen;
mod task;
mod turn;

use serde::{Deserialize, Serialize};

use self::blink::{Blink, Lids};
pub use self::capture::{Standing, find};
use self::lips::{Lips, LipsMovement};
pub use self::rest::{Rest, can_read};
pub use self::seen::Seen;
pub use self::task::Task;
use self::turn::{Turn, required};
use super::challenge::{Angles, HeadMove};
use super::evidence::Why;
use super::measurement::Face;
use super::sampling::Sampling;
use super::thresholds::Thresholds;

/// How far one movement has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Movement {
    /// A turn of the head.
    Turn(HeadMove, Turn),
    /// A blink.
    Blink(Blink),
    /// A smile or an open mouth.
    Lips(Lips, LipsMovement),
}

/// What a movement is recognised by, beside the face.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// How far is far enough.
    pub angles: &'a Angles,
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// Whether this frame may show the movement. One that may not can still show its beginning, or the
    /// open eyes around a blink.
    pub counts: bool,
    /// Whether it holds the very picture of the turned frame before it: a still that is held, no way.
    pub stands_still: bool,
}

/// What is missing of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// What.
    pub why: Why,
    /// The nearest that was measured, in `unit`; `None` when there was nothing to measure.
    pub measured: Option<f32>,
    /// What it takes, in `unit`.
    pub required: f32,
    /// The unit of both numbers.
    pub unit: Unit,
}

/// What the number of a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Angle, degrees, with the sign of its axis.
    Degrees,
    /// Aspect ratio of the wider eye.
    EyeAspectRatio,
    /// Score of the expression model, 0 to 1.
    SmileScore,
    /// Gap between the inner lips over the mouth's width.
    MouthOpening,
    /// A number of frames.
    Frames,
    /// A position in the capture, from 0.
    FrameIndex,
}

impl Movement {
    /// Nothing seen yet.
    pub fn of(task: Task) -> Self {
        match (task, task.head_move()) {
            (_, Some(head_move)) => Self::Turn(head_move, Turn::default()),
            (Task::Smile, None) => Self::Lips(Lips::Smile, LipsMovement::default()),
            (Task::OpenMouth, None) => Self::Lips(Lips::Open, LipsMovement::default()),
            (
                Task::TurnLeft | Task::TurnRight | Task::LookUp | Task::LookDown | Task::Blink,
                None,
            ) => Self::Blink(Blink::default()),
        }
    }

    /// Takes a face into account. `rest` has learned from it already.
    pub fn see(&mut self, face: &Face, rest: &Rest, watch: &Watch<'_>, t: &Thresholds) -> Seen {
        match self {
            Self::Turn(head_move, turn) => turn.see(*head_move, face, rest, watch, t),
            Self::Blink(blink) => blink.see(face, rest, watch, t),
            Self::Lips(lips, movement) => movement.see(*lips, face, rest, t),
        }
    }

    /// What is missing where it was not seen as a whole.
    pub fn missing(&self, rest: &Rest, angles: &Angles, t: &Thresholds) -> Missing {
        match self {
            Self::Turn(head_move, turn) => {
                let required = required(*head_move, rest, angles, t);
                let measured = turn.furthest(*head_move);
                let has_reached = measured.is_some_and(|m| head_move.sign * m >= required);
                let why = match (turn.has_begun(), has_reached) {
                    (false, _) => Why::NoNeutralBefore,
                    (true, true) => Why::NoMovement,
                    (true, false) => Why::NotReached,
                };
                let required = head_move.sign * required;
                Missing {
                    why,
                    measured,
                    required,
                    unit: Unit::Degrees,
                }
            }
            Self::Blink(blink) => missing_of_blink(*blink, rest, angles, t),
            Self::Lips(lips, movement) => {
                let level = match lips {
                    Lips::Smile => rest.smile,
                    Lips::Open => rest.opening,
                };
                Missing {
                    why: level.map_or(Why::NoNeutralBefore, |_| Why::NotReached),
                    measured: movement.most(),
                    required: lips.required(level.unwrap_or_default(), t),
                    unit: match lips {
                        Lips::Smile => Unit::SmileScore,
                        Lips::Open => Unit::MouthOpening,
                    },
                }
            }
        }
    }
}

fn missing_of_blink(blink: Blink, rest: &Rest, angles: &Angles, t: &Thresholds) -> Missing {
    #[expect(
        clippy::cast_precision_loss,
        reason = "captures hold a few hundred frames"
    )]
    if blink.is_closed() && blink.visible() < t.blink_frames {
        return Missing {
            why: Why::NoFrames,
            measured: Some(blink.visible() as f32),
            required: t.blink_frames as f32,
            unit: Unit::Frames,
        };
    }
    let lids = rest.eyes.map(|level| Lids::of(level, angles.blink_ear, t));
    let (why, required) = match (lids, blink.is_closed()) {
        (None, _) => (Why::NoNeutralBefore, angles.blink_ear),
        (Some(lids), true) => (Why::NotReopened, lids.open_above),
        (Some(lids), false) if blink.least().is_some_and(|l| l < lids.closed_below) => {
            (Why::NoMovement, lids.closed_below)
        }
        (Some(lids), false) => (Why::NotReached, lids.closed_below),
    };
    let measured = if why == Why::NotReopened {
        blink.since_closed()
    } else {
        blink.least()
    };
    Missing {
        why,
        measured,
        required,
        unit: Unit::EyeAspectRatio,
    }
}
