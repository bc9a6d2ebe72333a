//! Retry hints: what the person should do differently in the next try.
//!
//! They may be shown to the person in front of the camera, who may be an attacker. So they rest on two things only: how
//! well the face could be seen, and which actions the poses, eyes and mouths show. Anti-spoof scores, likeness, copies,
//! mixtures, surroundings and times have no part in them. A hint that followed from those would tell an attacker which
//! evidence to work on, one try after the other.
//!
//! So actions are recognised once more for the hints, without regard to identity and copies ([`missed`], [`Shown`]). If an
//! action counts there and not in the verdict, it has no hint.

mod shown;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::shown::{Shown, missed};
use crate::evidence::clarity::Noise;
use crate::evidence::poor::{self, PoorFrames};
use crate::evidence::presence;
use crate::movement::{Missing, Task, Unit, Why};
use crate::thresholds::Thresholds;

/// Most hints of one try. A person follows few at once.
pub const MOST_HINTS: usize = 3;

/// A lack of quality is worth a hint where at least one frame in this many has it. Single frames are blurred or cut off
/// in good captures, too.
const ONE_FRAME_IN: u32 = 10;

/// One thing to do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RetryHint {
    /// Keep the whole face in the picture.
    KeepFaceInFrame,
    /// Be alone in the picture.
    OnePersonOnly,
    /// Hold head and device upright.
    HoldUpright,
    /// Come closer.
    ComeCloser,
    /// Move back.
    MoveBack,
    /// Use more light.
    MoreLight,
    /// Use less light.
    LessLight,
    /// Remove the light that shines straight on the face.
    RemoveGlare,
    /// Hold still.
    HoldStill,
    /// Face the camera before each movement.
    LookStraight,
    /// Turn further to the person's own left.
    TurnFurtherLeft,
    /// Turn further to the person's own right.
    TurnFurtherRight,
    /// Look further up.
    LookFurtherUp,
    /// Look further down.
    LookFurtherDown,
    /// Turn less far.
    TurnLessFar,
    /// Move slower.
    MoveSlower,
    /// Keep the order of the actions.
    FollowOrder,
    /// Close both eyes fully, and for longer.
    BlinkLonger,
    /// Open the eyes, before a blink and after it.
    OpenEyes,
    /// Smile wider.
    SmileWider,
    /// Open the mouth wider.
    OpenMouthWider,
    /// Relax the face before the movement.
    RelaxFace,
}

impl RetryHint {
    /// The hint that asks for the opposite.
    fn opposite(self) -> Option<Self> {
        match self {
            Self::ComeCloser => Some(Self::MoveBack),
            Self::MoveBack => Some(Self::ComeCloser),
            Self::MoreLight => Some(Self::LessLight),
            Self::LessLight => Some(Self::MoreLight),
            Self::KeepFaceInFrame
            | Self::OnePersonOnly
            | Self::HoldUpright
            | Self::RemoveGlare
            | Self::HoldStill
            | Self::LookStraight
            | Self::TurnFurtherLeft
            | Self::TurnFurtherRight
            | Self::LookFurtherUp
            | Self::LookFurtherDown
            | Self::TurnLessFar
            | Self::MoveSlower
            | Self::FollowOrder
            | Self::BlinkLonger
            | Self::OpenEyes
            | Self::SmileWider
            | Self::OpenMouthWider
            | Self::RelaxFace => None,
        }
    }
}

/// How well the faces of one try could be seen.
#[derive(Clone, Copy, Debug)]
pub struct Visibility<'a> {
    /// Number of frames.
    pub frames: usize,
    /// Number of frames that show a clear face.
    pub frames_with_face: usize,
    /// Whether too many frames show a second face of comparable size. It is counted by the detector: who it is does not
    /// matter.
    pub second_face: bool,
    /// The poor frames, by reason.
    pub poor: &'a [PoorFrames],
}

/// The hints for a try, the most useful first; at most [`MOST_HINTS`], each once. `missed` are the actions that were not
/// shown, by [`missed`] or [`Shown::missing`].
///
/// A second face comes first, because nothing else helps while it is there. Then come the missed actions, in the order
/// of the challenge; before them the lacks of quality, if too few frames show a clear face. Lacks are ordered by the
/// number of their frames.
pub fn hints(seen: &Visibility<'_>, missed: &[(Task, Missing)], t: &Thresholds) -> Vec<RetryHint> {
    let too_few = presence::share(seen.frames_with_face, seen.frames) < t.face_ratio;
    let quality = of_quality(seen, too_few);
    let actions = missed
        .iter()
        .map(|(task, missing)| of_action(*task, *missing));
    let ordered: Vec<RetryHint> = if too_few {
        quality.into_iter().chain(actions).collect()
    } else {
        actions.chain(quality).collect()
    };
    let alone = seen.second_face.then_some(RetryHint::OnePersonOnly);
    let mut hints: Vec<RetryHint> = Vec::new();
    for hint in alone.into_iter().chain(ordered) {
        let is_refuted = hint.opposite().is_some_and(|other| hints.contains(&other));
        if !is_refuted && !hints.contains(&hint) && hints.len() < MOST_HINTS {
            hints.push(hint);
        }
    }
    hints
}

/// The hints for what is wrong with the pictures, that of most frames first. `too_few`: the capture fails by them, so
/// that the first one counts however few its frames are.
fn of_quality(seen: &Visibility<'_>, too_few: bool) -> Vec<RetryHint> {
    let mut counts: Vec<(RetryHint, u32)> = Vec::new();
    for (hint, frames) in seen
        .poor
        .iter()
        .filter_map(|p| Some((of_poor(p.why)?, p.frames)))
    {
        match counts.iter_mut().find(|(known, _)| *known == hint) {
            Some((_, count)) => *count += frames,
            None => counts.push((hint, frames)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let all = u32::try_from(seen.frames).unwrap_or(u32::MAX);
    let counts = counts.into_iter().enumerate();
    let worth = |(place, (_, count)): &(usize, (RetryHint, u32))| {
        (too_few && *place == 0) || count.saturating_mul(ONE_FRAME_IN) >= all
    };
    counts.filter(worth).map(|(_, (hint, _))| hint).collect()
}

/// The hint for a poor frame. A face that was turned too far is among them only where too little could be judged.
fn of_poor(why: poor::Why) -> Option<RetryHint> {
    match why {
        poor::Why::NoFace => Some(RetryHint::KeepFaceInFrame),
        poor::Why::Narrow => Some(RetryHint::ComeCloser),
        poor::Why::Tilted => Some(RetryHint::HoldUpright),
        poor::Why::Noisy(Noise::Glare) => Some(RetryHint::RemoveGlare),
        // A camera makes noise if it lacks light.
        poor::Why::Noisy(Noise::Fine | Noise::Coarse | Noise::Colour | Noise::Around)
        | poor::Why::Dark => Some(RetryHint::MoreLight),
        poor::Why::Bright => Some(RetryHint::LessLight),
        poor::Why::Blurred => Some(RetryHint::HoldStill),
        poor::Why::Close => Some(RetryHint::MoveBack),
        poor::Why::TurnedAway => Some(RetryHint::TurnLessFar),
    }
}

/// The hint for an action that was not shown.
fn of_action(task: Task, missing: Missing) -> RetryHint {
    match missing.why {
        // Too few frames in which the eyes could be read while they were closed.
        Why::NoFrames if missing.unit == Unit::Frames => RetryHint::BlinkLonger,
        Why::NoFrames => RetryHint::KeepFaceInFrame,
        Why::OutOfOrder => RetryHint::FollowOrder,
        Why::NotReached => more_of(task),
        Why::NotReopened => RetryHint::OpenEyes,
        Why::NoNeutralBefore => by_kind(
            task,
            RetryHint::LookStraight,
            RetryHint::OpenEyes,
            RetryHint::RelaxFace,
        ),
        Why::NoMovement => by_kind(
            task,
            RetryHint::MoveSlower,
            RetryHint::OpenEyes,
            RetryHint::RelaxFace,
        ),
        Why::NotComparable => by_kind(
            task,
            RetryHint::TurnLessFar,
            RetryHint::LookStraight,
            RetryHint::LookStraight,
        ),
    }
}

/// The hint of a turn of the head, of a blink, or of a movement of the lips.
fn by_kind(task: Task, turn: RetryHint, blink: RetryHint, lips: RetryHint) -> RetryHint {
    match task {
        Task::TurnLeft | Task::TurnRight | Task::LookUp | Task::LookDown => turn,
        Task::Blink => blink,
        Task::Smile | Task::OpenMouth => lips,
    }
}

/// The hint to do more of an action.
pub(crate) fn more_of(task: Task) -> RetryHint {
    match task {
        Task::TurnLeft => RetryHint::TurnFurtherLeft,
        Task::TurnRight => RetryHint::TurnFurtherRight,
        Task::LookUp => RetryHint::LookFurtherUp,
        Task::LookDown => RetryHint::LookFurtherDown,
        Task::Blink => RetryHint::BlinkLonger,
        Task::Smile => RetryHint::SmileWider,
        Task::OpenMouth => RetryHint::OpenMouthWider,
    }
}
