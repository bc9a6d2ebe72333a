//! Turns to the wrong side: a hint for integrators whose frames are mirror images.

use super::Capture;
use crate::challenge::{Action, Axis, Challenge};
use crate::movement::FailedAction;
use crate::movement::{self, Standing};
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// Number of turns to a side in the challenge, if some action failed and every turn is shown, in order, by
/// the mirror image of the capture; else 0.
///
/// `standings` and `still` are those of the frames. They are the same for mirror images.
pub fn turns(
    failed: &[FailedAction],
    challenge: &Challenge,
    capture: &Capture<'_>,
    standings: &[Standing],
    still: &[bool],
    t: &Thresholds,
) -> usize {
    if !failed.iter().any(|f| is_to_a_side(f.action)) {
        return 0;
    }
    let mirrored = |frame: &TaggedFrame| TaggedFrame {
        measurement: frame.measurement.clone().unmirrored(),
        ..frame.clone()
    };
    let frames: Vec<TaggedFrame> = capture.frames.iter().map(mirrored).collect();
    let (actions, angles) = (&challenge.actions, &challenge.angles);
    let found = movement::find(
        actions,
        &frames,
        standings,
        still,
        angles,
        capture.sampling,
        t,
    );
    let mut turns = found.iter().filter(|(action, _)| is_to_a_side(*action));
    if turns.clone().all(|(_, found)| found.is_ok()) {
        turns.by_ref().count()
    } else {
        0
    }
}

fn is_to_a_side(action: Action) -> bool {
    action.head_move().is_some_and(|m| m.axis == Axis::Yaw)
}
