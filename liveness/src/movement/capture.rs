//! Finds the actions of a capture: runs its frames, in order, through one state machine for each action.

use super::machine::Movement;
use super::missing::{FailedAction, Missing, Unit, Why};
use super::rest::Rest;
use super::task::Task;
use super::turn::shows_most;
use super::watch::Watch;
use crate::challenge::{Action, Angles, Phase};
use crate::measurement::Face;
use crate::sampling::Sampling;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// Whether a movement may rest on a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The face is clear and like the portrait.
    Counts,
    /// The face is clear, but turned too far to be compared with the portrait, or unlike it.
    NotComparable,
    /// The frame shows no face that can be judged.
    NotSeen,
}

/// Finds each action, in the order of the challenge, and gives the position, from 0, of the frame that
/// completes it.
///
/// `standings` has one entry for each frame. `still` tells for each frame whether the head stands still
/// while turned. The frame that completes a head action must come after the one that completes the head
/// action before it. A blink may come anywhere.
pub fn find(
    actions: &[Action],
    frames: &[TaggedFrame],
    standings: &[Standing],
    still: &[bool],
    angles: &Angles,
    sampling: Sampling,
    t: &Thresholds,
) -> Vec<(Action, Result<usize, FailedAction>)> {
    let mut watched: Vec<Watched> = actions.iter().map(|a| Watched::new(*a)).collect();
    let mut rest = Rest::default();
    if sampling == Sampling::Chosen {
        // For frames that a caller chose, the levels at rest come from all frames: the first frame alone
        // may show the face least at rest.
        let counted = frames.iter().zip(standings);
        let counted = counted.filter(|(_, standing)| **standing == Standing::Counts);
        let faces = counted.filter_map(|(frame, _)| frame.face());
        faces.for_each(|face| {
            rest.learn(face, t);
        });
    }
    let all = frames.iter().zip(standings).zip(still);
    for (index, ((frame, standing), stands_still)) in all.enumerate() {
        let Some(face) = frame.face() else { continue };
        match standing {
            Standing::Counts => {}
            Standing::NotComparable => {
                for watched in &mut watched {
                    watched.pass_over(frame, face, angles);
                }
                continue;
            }
            Standing::NotSeen => continue,
        }
        rest.learn(face, t);
        for watched in &mut watched {
            let watch = Watch {
                angles,
                sampling,
                counts: frame.phase.may_show(watched.action),
                stands_still: *stands_still,
            };
            watched.saw |= watch.counts;
            let seen = watched.movement.see(face, &rest, &watch, t);
            if seen.is_whole && watched.whole.is_none() {
                watched.whole = Some(index);
            }
        }
    }
    let mut latest = None;
    watched
        .iter()
        .map(|w| {
            let found = w.found(&rest, angles, t);
            (
                w.action,
                found.and_then(|index| w.in_order(index, &mut latest)),
            )
        })
        .collect()
}

/// One action and its progress.
struct Watched {
    action: Action,
    movement: Movement,
    /// Whether a frame that may show the action counted.
    saw: bool,
    /// Whether a frame that may show the action has a face that cannot be compared.
    passed_over: bool,
    /// Position of the frame that completes the action.
    whole: Option<usize>,
}

impl Watched {
    fn new(action: Action) -> Self {
        Self {
            action,
            movement: Movement::of(Task::from(action)),
            saw: false,
            passed_over: false,
            whole: None,
        }
    }

    fn pass_over(&mut self, frame: &TaggedFrame, face: &Face, angles: &Angles) {
        let shows = match (frame.phase, self.action.head_move()) {
            // An untagged frame may show any action. It shows this one if it reaches the required angle.
            (Phase::Untagged, Some(head_move)) => {
                shows_most(head_move, face.pose, angles)
                    && head_move.extent(face.pose) >= angles.required(head_move)
            }
            (Phase::Untagged, None) => false,
            (phase, _) => phase.may_show(self.action),
        };
        self.passed_over |= shows;
    }

    fn found(&self, rest: &Rest, angles: &Angles, t: &Thresholds) -> Result<usize, FailedAction> {
        if let Some(index) = self.whole {
            return Ok(index);
        }
        let missing = self.movement.missing(rest, angles, t);
        let why = match (self.saw, self.passed_over, missing.why) {
            // The action's frames show a face, but none that could be compared.
            (false, true, _) | (true, true, Why::NotReached) => Why::NotComparable,
            (false, false, _) => Why::NoFrames,
            (true, _, why) => why,
        };
        Err(FailedAction {
            action: self.action,
            missing: Missing { why, ..missing },
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "captures hold a few hundred frames"
    )]
    fn in_order(&self, index: usize, latest: &mut Option<usize>) -> Result<usize, FailedAction> {
        if self.action.head_move().is_none() {
            return Ok(index);
        }
        if let Some(before) = latest.filter(|before| index <= *before) {
            return Err(FailedAction {
                action: self.action,
                missing: Missing {
                    why: Why::OutOfOrder,
                    measured: Some(index as f32),
                    required: before as f32 + 1.0,
                    unit: Unit::FrameIndex,
                },
            });
        }
        *latest = Some(index);
        Ok(index)
    }
}
