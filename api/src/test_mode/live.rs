//! The script of an interactive test session: three frames pass a challenge.

use livegate_liveness::sampling::Sampling;
use livegate_liveness::session::{Cue, Finale, Hint};
use livegate_liveness::thresholds::Thresholds;

use super::findings::Numbers;
use crate::contract::reason::ReasonCode;

/// Frames that pass a challenge.
const FRAMES: usize = 3;
/// Confidence of a frame on the way.
const ON_THE_WAY: f32 = 0.3;

/// The hints that frames get in turn, so that a page can show them all.
const HINTS: [Hint; 10] = [
    Hint::KeepGoing,
    Hint::LookStraight,
    Hint::FaceTooSmall,
    Hint::FaceOutOfFrame,
    Hint::TooDark,
    Hint::TooBright,
    Hint::Blurred,
    Hint::EyesNotVisible,
    Hint::NoFace,
    Hint::MultipleFaces,
];

/// What a frame of a session of `tasks` tasks shows that ends for `reasons`; live where there are none. `before` is the
/// number of frames before it, `passed` the number of tasks passed.
pub fn cue(
    reasons: &[ReasonCode],
    tasks: usize,
    before: usize,
    passed: usize,
    t: &Thresholds,
) -> Cue {
    let of_task = before.saturating_sub(passed * FRAMES);
    let stay = |confidence, hint| Cue::Stay { confidence, hint };
    let in_turn = |position: usize| HINTS[position % HINTS.len()];
    let is_last = passed + 1 == tasks;
    let fails = |reason| reasons.contains(&reason);
    if fails(ReasonCode::ChallengeFailed) && is_last {
        // Until its time is over.
        return stay(ON_THE_WAY, in_turn(of_task));
    }
    match of_task {
        0 => stay(0.0, Hint::KeepGoing),
        1 if fails(ReasonCode::InsufficientFaceDetections) => stay(0.0, Hint::NoFace),
        1 if fails(ReasonCode::DifferentPersonsDetected) => stay(0.0, Hint::MultipleFaces),
        1 => stay(ON_THE_WAY, in_turn(passed)),
        _ if fails(ReasonCode::DifferentPersonsDetected) => {
            Cue::Fail(finale(reasons, before + 1, t))
        }
        _ => Cue::Pass(finale(reasons, before + 1, t)),
    }
}

fn finale(reasons: &[ReasonCode], frames: usize, t: &Thresholds) -> Finale {
    let numbers = Numbers::new(reasons, frames, Sampling::Dense, t);
    Finale {
        rejections: numbers.rejections,
        anti_spoof: Some(numbers.anti_spoof),
        same_person: Some(numbers.same_person),
        poor: numbers.poor,
    }
}
