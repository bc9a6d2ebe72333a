//! The movement that the current task asks for.

use serde::{Deserialize, Serialize};

use super::blink::Blink;
use super::expression::{Expression, Lips};
use super::rest::Rest;
use super::seen::Seen;
use super::task::Task;
use super::turn::{Turn, required};
use crate::liveness::challenge::{Angles, HeadMove};
use crate::liveness::evidence::Why;
use crate::liveness::measurement::Face;
use crate::liveness::thresholds::Thresholds;

/// How far the current task's movement has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Movement {
    /// A turn of the head.
    Turn(HeadMove, Turn),
    /// A blink.
    Blink(Blink),
    /// A smile or an open mouth.
    Lips(Lips, Expression),
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
pub enum Unit {
    /// Angle, degrees, with the sign of its axis.
    Degrees,
    /// Aspect ratio of the wider eye.
    EyeAspectRatio,
    /// Score of the expression model, 0 to 1.
    SmileScore,
    /// Gap between the inner lips over the mouth's width.
    MouthOpening,
}

impl Movement {
    /// Nothing seen yet.
    pub fn of(task: Task) -> Self {
        match (task, task.head_move()) {
            (_, Some(head_move)) => Self::Turn(head_move, Turn::default()),
            (Task::Smile, None) => Self::Lips(Lips::Smile, Expression::default()),
            (Task::OpenMouth, None) => Self::Lips(Lips::Open, Expression::default()),
            (
                Task::TurnLeft | Task::TurnRight | Task::LookUp | Task::LookDown | Task::Blink,
                None,
            ) => Self::Blink(Blink::default()),
        }
    }

    /// Takes a face into account.
    pub fn see(&mut self, face: &Face, rest: &Rest, angles: &Angles, t: &Thresholds) -> Seen {
        match self {
            Self::Turn(head_move, turn) => turn.see(*head_move, face, rest, angles, t),
            Self::Blink(blink) => blink.see(face, rest, angles.blink_ear, t),
            Self::Lips(lips, expression) => expression.see(*lips, face, rest, t),
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
            Self::Blink(blink) => {
                let level = rest.eyes.unwrap_or_default();
                let (why, required) = match (rest.eyes, blink.is_closed()) {
                    (None, _) => (Why::NoNeutralBefore, angles.blink_ear),
                    (Some(_), true) => (Why::NotReopened, t.blink_open_share * level),
                    (Some(_), false) => (
                        Why::NotReached,
                        angles.blink_ear.min(t.blink_closed_share * level),
                    ),
                };
                Missing {
                    why,
                    measured: blink.least(),
                    required,
                    unit: Unit::EyeAspectRatio,
                }
            }
            Self::Lips(lips, expression) => {
                let level = match lips {
                    Lips::Smile => rest.smile,
                    Lips::Open => rest.opening,
                };
                Missing {
                    why: level.map_or(Why::NoNeutralBefore, |_| Why::NotReached),
                    measured: expression.most(),
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
