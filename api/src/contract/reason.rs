//! Reason codes: why a capture or a session was verified or rejected.

use livegate_liveness::decision::Rejection;
use serde::Deserialize;

use super::public_enum::public_enum;

public_enum! {
    /// Why a capture was verified or rejected. More may be added.
    ///
    /// - `liveness_passed`: all checks passed.
    /// - `challenge_completed`: every requested action was detected.
    /// - `no_spoof_detected`: every part of the capture reached its anti-spoof threshold.
    /// - `invalid_input`: at least one frame, or the clip, cannot be decoded or is grey, or the clip is
    ///   not within the limits; nothing was measured.
    /// - `insufficient_face_detections`: a face that can be judged (40 pixels wide or more, sharp, not
    ///   lost in noise, not so close that it fills the picture) is visible in fewer than 70% of the
    ///   frames; or, in images mode, fewer than six different pictures could be compared and scored.
    /// - `different_persons_detected`: more than one face, or not the same person throughout.
    /// - `spoof_detected`: a photo, a screen replay or a mask; `rejection_details.evidence` names the
    ///   findings.
    /// - `challenge_failed`: at least one action was not detected; `failed_actions` says which and why.
    /// - `internal_error`: processing failed; only in a session's status. Retry with a new session.
    #[derive(Deserialize)]
    pub enum ReasonCode {
        /// All checks passed.
        LivenessPassed = "liveness_passed",
        /// Every requested action was detected.
        ChallengeCompleted = "challenge_completed",
        /// Every part of the capture reached its anti-spoof threshold.
        NoSpoofDetected = "no_spoof_detected",
        /// The medium cannot be decoded or is not accepted.
        InvalidInput = "invalid_input",
        /// Too few frames show a face that can be judged.
        InsufficientFaceDetections = "insufficient_face_detections",
        /// More than one face, or not the same person throughout.
        DifferentPersonsDetected = "different_persons_detected",
        /// A part is below its anti-spoof threshold, or there is other evidence of an attack
        /// presentation.
        SpoofDetected = "spoof_detected",
        /// At least one action was not detected.
        ChallengeFailed = "challenge_failed",
        /// Processing failed; only in a session's status.
        InternalError = "internal_error",
    }
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
