//! The documented reason codes.

use livegate_common::liveness::decision::Rejection;
use poem_openapi::Enum;
use serde::{Deserialize, Serialize};

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
