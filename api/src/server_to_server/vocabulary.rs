//! The words of the API's bodies: closed sets, so that a document lists them and a typo cannot
//! happen.

use livegate_common::liveness::challenge::Action;
use livegate_common::liveness::decision::Rejection;
use livegate_common::liveness::evidence::{Unit, Why};
use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

/// An action of a challenge.
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

/// Why a capture was verified or rejected.
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
    /// Below the anti-spoof threshold.
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
            Rejection::SpoofDetected(_) => Self::SpoofDetected,
            Rejection::ChallengeFailed => Self::ChallengeFailed,
        }
    }
}

/// Why an action does not count.
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
        }
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum MeasureUnit {
    /// Angle.
    Degrees,
    /// Eye aspect ratio.
    EyeAspectRatio,
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
            Unit::Frames => Self::Frames,
            Unit::FrameIndex => Self::FrameIndex,
        }
    }
}
