//! Left and right the wrong way round: a hint for integrators whose frames are mirror images.

use super::Capture;
use crate::challenge::{Action, Axis, Challenge};
use crate::movement::FailedAction;
use crate::movement::{self, Standing};
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// How many turns to a side the challenge asks for, where some failed and the mirror image of the capture
/// shows every one of them, in their order; else 0. `standings` and `still` are those of the frames: both
/// are the same for mirror images.
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
