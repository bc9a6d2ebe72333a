//! The words of the API's bodies: closed sets, so that a document lists them and a typo cannot
//! happen.

use livegate_liveness::challenge::Action;
use livegate_liveness::decision::Rejection;
use livegate_liveness::movement::{Unit, Why};
use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

/// An action of a challenge; left and right are the subject's own.
///
/// - `turn_left`: turn the head to the left; negative yaw.
/// - `turn_right`: turn the head to the right; positive yaw.
/// - `turn_up`: look up, with the whole head; negative pitch.
/// - `turn_down`: look down, with the whole head; positive pitch.
/// - `blink`: close both eyes and open them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "Action", rename_all = "snake_case")]
pub enum ActionName {
    /// Turn the head to the subject's own left.
    TurnLeft,
    /// Turn the head to the subject's own right.
    TurnRight,
    /// Look up.
    TurnUp,
    /// Look down.
    TurnDown,
    /// Close both eyes and open them again.
    Blink,
}

impl From<Action> for ActionName {
    fn from(action: Action) -> Self {
        match action {
            Action::TurnLeft => Self::TurnLeft,
            Action::TurnRight => Self::TurnRight,
            Action::TurnUp => Self::TurnUp,
            Action::TurnDown => Self::TurnDown,
            Action::Blink => Self::Blink,
        }
    }
}

impl ActionName {
    /// The names of several actions, in their order.
    pub fn all(actions: &[Action]) -> Vec<Self> {
        actions.iter().copied().map(Self::from).collect()
    }
}

/// How a capture is sent.
///
/// - `images`: as tagged frames, in `frames`.
/// - `video`: as a short clip, in `video_b64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum Mode {
    /// As tagged frames.
    Images,
    /// As a short clip, mp4 or webm.
    Video,
}

impl Mode {
    /// Every mode, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Images, Self::Video];

    /// The mode's public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Video => "video",
        }
    }
}

/// What has become of a session.
///
/// - `pending`: it waits to be verified.
/// - `processing`: a verify is at work.
/// - `verified`: the capture passed every check.
/// - `rejected`: the capture failed at least one check.
/// - `failed`: processing failed; create a new session and retry.
/// - `expired`: it was not verified in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum SessionState {
    /// Not used yet.
    Pending,
    /// A verify is at work.
    Processing,
    /// The capture was verified.
    Verified,
    /// The capture was rejected.
    Rejected,
    /// Processing failed.
    Failed,
    /// It was not used in time.
    Expired,
}

/// Why a capture was verified or rejected. More may be added.
///
/// - `liveness_passed`: all checks passed.
/// - `challenge_completed`: every requested action was detected.
/// - `no_spoof_detected`: every part of the capture cleared its anti-spoof threshold.
/// - `invalid_input`: at least one frame, or the clip, cannot be decoded or is grey, or the clip is not as one may
///   be; nothing was measured.
/// - `insufficient_face_detections`: a face that can be judged (40 pixels wide or more, sharp, not lost in noise,
///   not so close that it fills the picture) is visible in fewer than 70% of the frames.
/// - `different_persons_detected`: more than one face, or not the same person throughout.
/// - `spoof_detected`: a photo, a screen replay, a mask: `rejection_details.evidence` says what speaks for it.
/// - `challenge_failed`: at least one action was not detected; `failed_actions` says which and why.
/// - `internal_error`: processing failed; only in a session's status. Retry with a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum ReasonCode {
    /// All checks passed.
    LivenessPassed,
    /// Every requested action was detected.
    ChallengeCompleted,
    /// The anti-spoof threshold was cleared.
    NoSpoofDetected,
    /// The medium cannot be decoded.
    InvalidInput,
    /// A face in too few frames.
    InsufficientFaceDetections,
    /// More than one person.
    DifferentPersonsDetected,
    /// Below the anti-spoof threshold, or other evidence of an attack presentation.
    SpoofDetected,
    /// At least one action was not detected.
    ChallengeFailed,
    /// Processing failed; only in a session's status.
    InternalError,
}

impl ReasonCode {
    /// The codes of a verified capture.
    pub const VERIFIED: [Self; 3] = [
        Self::LivenessPassed,
        Self::ChallengeCompleted,
        Self::NoSpoofDetected,
    ];
}

impl From<&Rejection> for ReasonCode {
    fn from(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::InsufficientFaceDetections { .. } => Self::InsufficientFaceDetections,
            Rejection::DifferentPersons { .. } => Self::DifferentPersonsDetected,
            Rejection::SpoofDetected { .. } => Self::SpoofDetected,
            Rejection::ChallengeFailed => Self::ChallengeFailed,
        }
    }
}

/// Why an action does not count. More may be added.
///
/// - `no_frames`: no frame, or too few, that could show it: none tagged for it, or no face in them.
/// - `not_reached`: the angle was not reached, or the eyes did not close.
/// - `not_reopened`: the eyes closed and were not seen open again.
/// - `no_neutral_before`: the turn was reached, and no frame before it faces the camera or points the
///   other way.
/// - `out_of_order`: it was shown, but not after the action that comes before it.
/// - `no_movement`: it is a state, not a movement: the eyes are always like that, or a clip shows no
///   pose on the way there.
/// - `not_comparable`: its frames show a face, but none that can be compared with the portrait: turned too
///   far, or another person's. Send the frame at which the angle is reached, and one on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum FailureReason {
    /// No frame, or too few, that could show it.
    NoFrames,
    /// The angle or the closing was not reached.
    NotReached,
    /// The eyes closed and were not seen open again.
    NotReopened,
    /// No neutral face before it.
    NoNeutralBefore,
    /// It was shown before the action that comes first.
    OutOfOrder,
    /// A state, not a movement.
    NoMovement,
    /// No face of its own that can be compared with the portrait.
    NotComparable,
}

impl From<Why> for FailureReason {
    fn from(why: Why) -> Self {
        match why {
            Why::NoFrames => Self::NoFrames,
            Why::NotReached => Self::NotReached,
            Why::NotReopened => Self::NotReopened,
            Why::NoNeutralBefore => Self::NoNeutralBefore,
            Why::OutOfOrder => Self::OutOfOrder,
            Why::NoMovement => Self::NoMovement,
            Why::NotComparable => Self::NotComparable,
        }
    }
}

/// The unit of a measured number.
///
/// - `degrees`: an angle, signed as the action is: negative for `turn_left` and `turn_up`.
/// - `eye_aspect_ratio`: height of the eye's opening by its width, of the wider eye; about 0.17 to 0.4 when
///   open.
/// - `smile_score`: 0 to 1, of the expression model; 0 to 0.4 at rest.
/// - `mouth_opening`: gap between the inner lips by the mouth's width; below 0.1 at rest.
/// - `frames`: a number of frames.
/// - `frame_index`: a position in the capture, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum MeasureUnit {
    /// Angle.
    Degrees,
    /// Eye aspect ratio.
    EyeAspectRatio,
    /// Smile score.
    SmileScore,
    /// Opening of the mouth.
    MouthOpening,
    /// A number of frames.
    Frames,
    /// A position in the capture, from 0.
    FrameIndex,
}

impl From<Unit> for MeasureUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Degrees => Self::Degrees,
            Unit::EyeAspectRatio => Self::EyeAspectRatio,
            Unit::SmileScore => Self::SmileScore,
            Unit::MouthOpening => Self::MouthOpening,
            Unit::Frames => Self::Frames,
            Unit::FrameIndex => Self::FrameIndex,
        }
    }
}
