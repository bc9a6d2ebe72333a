//! State machine of one movement, stepped by one face at a time.

use serde::{Deserialize, Serialize};

use super::blink::{Blink, Lids};
use super::lips::{Lips, LipsMovement};
use super::missing::{Missing, Unit, Why};
use super::rest::Rest;
use super::seen::Seen;
use super::task::Task;
use super::turn::{Turn, required};
use super::watch::Watch;
use crate::challenge::{Angles, HeadMove};
use crate::measurement::Face;
use crate::thresholds::Thresholds;

/// Progress of one movement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Movement {
    /// A turn of the head in a direction.
    Turn(HeadMove, Turn),
    /// A blink.
    Blink(Blink),
    /// A smile or an open mouth.
    Lips(Lips, LipsMovement),
}

impl Movement {
    /// A movement of which nothing was seen yet.
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

    /// Updates the movement with the face of the next frame. `rest` must have learned from that face
    /// before.
    pub fn see(&mut self, face: &Face, rest: &Rest, watch: &Watch<'_>, t: &Thresholds) -> Seen {
        match self {
            Self::Turn(head_move, turn) => turn.see(*head_move, face, rest, watch, t),
            Self::Blink(blink) => blink.see(face, rest, watch, t),
            Self::Lips(lips, movement) => movement.see(*lips, face, rest, t),
        }
    }

    /// What the movement lacks, if it is not complete.
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
