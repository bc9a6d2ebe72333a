//! The bodies that the server answers with, as documented.
//!
//! Scores are rounded to four decimals: more would be noise.

use livegate_common::liveness::decision::{Findings, Proof, Rejection, SecondSubject};
use livegate_common::liveness::evidence::{FailedAction, Unit, Why};
use poem_openapi::{Enum, Object, Union};
use serde::Serialize;

use super::reason::ReasonCode;
use crate::http::nullable::Nullable;
use crate::judge::UndecodableFrame;

/// A new session.
#[derive(Clone, Debug, Serialize, Object)]
pub struct SessionCreated {
    /// The session: `live_` and 32 hexadecimal digits. Single-use.
    pub session_id: String,
    /// The actions to guide the subject through, in this order.
    pub challenge: Vec<String>,
    /// When the session expires unless it is verified before: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
    /// The limits of a capture.
    pub config: CaptureLimits,
}

/// The limits of a capture.
#[derive(Clone, Debug, Serialize, Object)]
pub struct CaptureLimits {
    /// Fewest frames in images mode.
    pub min_images: usize,
    /// Most frames in images mode.
    pub max_images: usize,
    /// Largest clip once decoded from base64, units of 1,048,576 bytes.
    pub max_video_size_mb: u32,
    /// The modes that verify takes.
    pub accepted_modes: Vec<String>,
}

/// The verdict on a capture.
#[derive(Clone, Debug, Serialize, Union)]
#[serde(untagged)]
pub enum Verdict {
    /// A real, live person who did what was asked.
    Verified(Box<Verified>),
    /// At least one check failed.
    Rejected(Box<Rejected>),
}

/// The verdict on a capture that passed every check.
#[derive(Clone, Serialize, Object)]
pub struct Verified {
    /// Always true.
    pub verified: bool,
    /// Combined confidence, 0 to 1: anti-spoof, identity and quality.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub confidence: f64,
    /// Mean anti-spoof score across the frames, 0 to 1; higher is more likely real.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: f64,
    /// Consistency with one person throughout, 0 to 1.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: f64,
    /// Whether every action was detected.
    pub challenge_passed: bool,
    /// The actions detected.
    pub challenge_details: ChallengeDetails,
    /// Face embedding: 512 numbers, unit length.
    pub embedding: Vec<f32>,
    /// The sharpest frontal frame, upright, as JPEG in base64.
    pub best_frame_b64: String,
    /// The index of that frame.
    pub best_frame_index: usize,
    /// Always `liveness_passed`, `challenge_completed`, `no_spoof_detected`.
    pub reason_codes: Vec<ReasonCode>,
    /// The server's own time, milliseconds.
    pub processing_time_ms: u64,
    /// Frames that show a face.
    pub frames_analyzed: usize,
}

/// Prints no biometric data.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("confidence", &self.confidence)
            .finish_non_exhaustive()
    }
}

/// The verdict on a capture that failed at least one check.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Rejected {
    /// Always false.
    pub verified: bool,
    /// Mean anti-spoof score across the frames, 0 to 1; null where nothing was measured.
    pub anti_spoof_avg_score: Nullable<f64>,
    /// Consistency with one person throughout, 0 to 1; null where nothing was measured.
    pub same_person_score: Nullable<f64>,
    /// Whether every action was detected.
    pub challenge_passed: bool,
    /// The actions detected.
    pub challenge_details: ChallengeDetails,
    /// Every check that failed.
    pub reason_codes: Vec<ReasonCode>,
    /// What was measured and what it takes, for each check that failed.
    pub rejection_details: RejectionDetails,
    /// The server's own time, milliseconds.
    pub processing_time_ms: u64,
    /// Frames that show a face.
    pub frames_analyzed: usize,
}

/// The actions of a capture.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ChallengeDetails {
    /// Whether every action was detected.
    pub passed: bool,
    /// The actions detected, in the order asked.
    pub completed_actions: Vec<String>,
}

/// What was measured and what it takes; only the fields of checks that failed are there.
#[derive(Clone, Debug, Default, Serialize, Object)]
pub struct RejectionDetails {
    /// `spoof_detected`: the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_spoof_avg_score: Option<f64>,
    /// `spoof_detected`: the score that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// `different_persons_detected`: the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_person_score: Option<f64>,
    /// `different_persons_detected`: the score that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_person_threshold: Option<f64>,
    /// `insufficient_face_detections`: share of the frames that show a face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_detection_ratio: Option<f64>,
    /// `insufficient_face_detections`: the share that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_ratio: Option<f64>,
    /// `challenge_failed`: the actions that were detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_actions: Option<Vec<String>>,
    /// `challenge_failed`: the actions that were not, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_actions: Option<Vec<FailedActionDetails>>,
    /// Whatever else spoke against the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<Evidence>>,
}

/// An action that was not detected.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FailedActionDetails {
    /// The action.
    pub action: String,
    /// What is missing.
    pub why: FailureReason,
    /// The nearest that was measured, in `unit`; null where there was nothing to measure.
    pub measured: Nullable<f64>,
    /// What it takes, in `unit`.
    pub required: f64,
    /// The unit of both numbers.
    pub unit: MeasureUnit,
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

/// A finding that has no field of its own.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Evidence {
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub measured: Nullable<f64>,
    /// What it takes, where a number says it.
    pub required: Nullable<f64>,
    /// The same in words.
    pub text: String,
}

impl Verdict {
    /// The reasons, in the documented order.
    pub fn reason_codes(&self) -> &[ReasonCode] {
        match self {
            Self::Verified(verified) => &verified.reason_codes,
            Self::Rejected(rejected) => &rejected.reason_codes,
        }
    }
}

impl Verified {
    /// The body for `proof`, with the best frame as base64 of a JPEG.
    pub fn new(findings: &Findings, proof: Proof, best_frame_b64: String, elapsed_ms: u64) -> Self {
        Self {
            verified: true,
            confidence: rounded(proof.confidence),
            anti_spoof_avg_score: findings.anti_spoof.map_or(0.0, rounded),
            same_person_score: findings.same_person.map_or(0.0, rounded),
            challenge_passed: findings.challenge_passed(),
            challenge_details: ChallengeDetails::of(findings),
            embedding: proof.embedding.as_slice().to_vec(),
            best_frame_b64,
            best_frame_index: proof.best_frame,
            reason_codes: ReasonCode::VERIFIED.to_vec(),
            processing_time_ms: elapsed_ms,
            frames_analyzed: findings.frames_with_face,
        }
    }
}

impl Rejected {
    /// The body for what was found and what of it failed.
    pub fn new(findings: &Findings, rejections: &[Rejection], elapsed_ms: u64) -> Self {
        Self {
            verified: false,
            anti_spoof_avg_score: Nullable(findings.anti_spoof.map(rounded)),
            same_person_score: Nullable(findings.same_person.map(rounded)),
            challenge_passed: findings.challenge_passed(),
            challenge_details: ChallengeDetails::of(findings),
            reason_codes: rejections.iter().map(ReasonCode::from).collect(),
            rejection_details: RejectionDetails::of(findings, rejections),
            processing_time_ms: elapsed_ms,
            frames_analyzed: findings.frames_with_face,
        }
    }

    /// The body for frames that cannot be decoded: nothing was measured.
    pub fn undecodable(frames: &[UndecodableFrame], elapsed_ms: u64) -> Self {
        let evidence = frames.iter().map(Evidence::undecodable).collect();
        Self {
            verified: false,
            anti_spoof_avg_score: Nullable(None),
            same_person_score: Nullable(None),
            challenge_passed: false,
            challenge_details: ChallengeDetails {
                passed: false,
                completed_actions: Vec::new(),
            },
            reason_codes: vec![ReasonCode::InvalidInput],
            rejection_details: RejectionDetails {
                evidence: Some(evidence),
                ..RejectionDetails::default()
            },
            processing_time_ms: elapsed_ms,
            frames_analyzed: 0,
        }
    }
}

impl ChallengeDetails {
    fn of(findings: &Findings) -> Self {
        Self {
            passed: findings.challenge_passed(),
            completed_actions: completed(findings),
        }
    }
}

impl RejectionDetails {
    fn of(findings: &Findings, rejections: &[Rejection]) -> Self {
        let mut details = Self::default();
        for rejection in rejections {
            match rejection {
                Rejection::InsufficientFaceDetections { measured, required } => {
                    details.face_detection_ratio = Some(rounded(*measured));
                    details.required_ratio = Some(rounded(*required));
                }
                Rejection::DifferentPersons {
                    consistency,
                    second_subject,
                } => {
                    details.same_person_score = consistency.map(|s| rounded(s.measured));
                    details.same_person_threshold = consistency.map(|s| rounded(s.required));
                    details.evidence = second_subject.map(|s| vec![Evidence::second_subject(s)]);
                }
                Rejection::SpoofDetected(shortfall) => {
                    details.anti_spoof_avg_score = Some(rounded(shortfall.measured));
                    details.threshold = Some(rounded(shortfall.required));
                }
                Rejection::ChallengeFailed => {
                    let failed = findings.failed.iter().map(FailedActionDetails::from);
                    details.completed_actions = Some(completed(findings));
                    details.failed_actions = Some(failed.collect());
                }
            }
        }
        details
    }
}

impl Evidence {
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    fn undecodable(frame: &UndecodableFrame) -> Self {
        Self {
            name: "undecodable_frame".to_owned(),
            measured: Nullable(Some(frame.index as f64)),
            required: Nullable(None),
            text: format!("Frame {} cannot be decoded: {}.", frame.index, frame.cause),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    fn second_subject(second: SecondSubject) -> Self {
        let allowed = second.limit.saturating_sub(1);
        Self {
            name: "second_face_frames".to_owned(),
            measured: Nullable(Some(second.frames as f64)),
            required: Nullable(Some(allowed as f64)),
            text: format!(
                "{} frames show a second face of comparable size; at most {allowed} may.",
                second.frames
            ),
        }
    }
}

impl From<&FailedAction> for FailedActionDetails {
    fn from(failed: &FailedAction) -> Self {
        Self {
            action: failed.action.name().to_owned(),
            why: failed.why.into(),
            measured: Nullable(failed.measured.map(rounded)),
            required: rounded(failed.required),
            unit: failed.unit.into(),
        }
    }
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

fn completed(findings: &Findings) -> Vec<String> {
    findings
        .completed
        .iter()
        .map(|a| a.name().to_owned())
        .collect()
}

/// Four decimals. A measured score is rounded like its threshold, so one just below it may print
/// as equal to it.
pub fn rounded(value: f32) -> f64 {
    (f64::from(value) * 10_000.0).round() / 10_000.0
}
