//! Bodies of the server-to-server API's answers.
//!
//! Scores are rounded to four decimals: further digits would be noise.

use livegate_liveness::decision::{Findings, Proof, Rejection};
use poem_openapi::{Object, Union};
use serde::Serialize;

use super::vocabulary::Mode;
use crate::contract::actions::ActionName;
use crate::contract::details::{Actions, RejectionDetails};
use crate::contract::evidence::Evidence;
use crate::contract::media::{MAX_IMAGES, MAX_VIDEO_SIZE_MB, MIN_IMAGES};
use crate::contract::nullable::Nullable;
use crate::contract::numbers::rounded;
use crate::contract::reason::ReasonCode;
use crate::contract::reference::{self, ReferenceField, ReferenceMatch};
use crate::contract::retry_hint::RetryHint;
use crate::receipts::claims::sha256;
use livegate_liveness::judge::Undecodable;
use livegate_liveness::reference::Comparison;

/// A new session.
#[derive(Clone, Debug, Serialize, Object)]
pub struct SessionCreated {
    /// Id of the session, for the call to verify: `live_` and 32 hexadecimal digits. A session is
    /// verified once.
    #[oai(validator(pattern = "^live_[0-9a-f]{32}$"))]
    pub session_id: String,
    /// The actions to guide the subject through, in this order.
    pub challenge: Vec<ActionName>,
    /// When the session expires unless it is verified before: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
    /// The limits of a capture.
    pub config: CaptureLimits,
}

/// The limits of a capture.
#[derive(Clone, Debug, Serialize, Object)]
pub struct CaptureLimits {
    /// Fewest frames of a capture in images mode.
    pub min_images: usize,
    /// Most frames of a capture in images mode.
    pub max_images: usize,
    /// Largest clip in video mode once decoded from base64, in units of 1,048,576 bytes.
    pub max_video_size_mb: u32,
    /// The modes that verify accepts in this version.
    pub accepted_modes: Vec<Mode>,
}

impl Default for CaptureLimits {
    /// The limits in effect.
    fn default() -> Self {
        Self {
            min_images: MIN_IMAGES,
            max_images: MAX_IMAGES,
            max_video_size_mb: MAX_VIDEO_SIZE_MB,
            accepted_modes: Mode::ALL.to_vec(),
        }
    }
}

/// The verdict on a capture.
#[derive(Clone, Debug, Serialize, Union)]
#[serde(untagged)]
#[oai(rename = "Verdict", one_of)]
pub enum VerdictBody {
    /// A live person who performed the challenge.
    Verified(Box<Verified>),
    /// At least one check failed.
    Rejected(Box<Rejected>),
}

/// The verdict on a capture that passed every check. Scores are rounded to four decimals.
#[derive(Clone, Serialize, Object)]
pub struct Verified {
    /// Always true.
    pub verified: bool,
    /// Combined confidence of anti-spoof, identity and quality, 0 to 1. Meant for additional risk
    /// logic; the gate is `verified`.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub confidence: f64,
    /// Mean anti-spoof score across the frames, 0 to 1; higher is more likely a live person.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: f64,
    /// Consistency of all frames with one person, 0 to 1.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: f64,
    /// Whether every action was detected; always true.
    pub challenge_passed: bool,
    /// The actions that were detected: all of them.
    pub challenge_details: ChallengeDetails,
    /// Face embedding (ArcFace): 512 numbers from -1 to 1, a vector of unit length. Compare two
    /// embeddings by their dot product. It is yours; the service keeps no copy.
    #[oai(validator(min_items = 512, max_items = 512))]
    pub embedding: Vec<f32>,
    /// The sharpest frontal frame, upright, in the size in which it was sent, as JPEG in base64. It is encoded
    /// anew: pixels only, without EXIF, comments or colour profile.
    pub best_frame_b64: String,
    /// The `index` of that frame, from 0; in video mode its position among the sampled frames, of
    /// which there are at most 15 a second.
    pub best_frame_index: usize,
    /// Always `liveness_passed`, `challenge_completed`, `no_spoof_detected`.
    pub reason_codes: Vec<ReasonCode>,
    /// The server's own time from the body's arrival to the verdict, milliseconds.
    pub processing_time_ms: u64,
    /// Number of frames that show a face.
    pub frames_analyzed: usize,
    /// How like the reference the captured face is; absent where none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_match: Option<ReferenceMatch>,
    /// The verdict, signed: a compact JWS that can be verified offline with the keys of `/.well-known/jwks.json`. Absent
    /// where the service has no key to sign with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub receipt: Option<String>,
    /// SHA-256 of the best frame's JPEG, hexadecimal. For the receipt.
    #[serde(skip)]
    #[oai(skip)]
    pub best_frame_sha256: String,
}

/// Prints no biometric data.
impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("confidence", &self.confidence)
            .finish_non_exhaustive()
    }
}

/// The verdict on a capture that failed at least one check. No embedding, no best frame. Scores are
/// rounded to four decimals.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Rejected {
    /// Always false.
    pub verified: bool,
    /// Mean anti-spoof score across the frames, 0 to 1; higher is more likely a live person; null
    /// where nothing was measured.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Nullable<f64>,
    /// Consistency of all frames with one person, 0 to 1; null where nothing was measured.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Nullable<f64>,
    /// Whether every action was detected.
    pub challenge_passed: bool,
    /// The actions that were detected.
    pub challenge_details: ChallengeDetails,
    /// Every check that failed, in this order: `invalid_input`, `insufficient_face_detections`,
    /// `different_persons_detected`, `spoof_detected`, `challenge_failed`.
    pub reason_codes: Vec<ReasonCode>,
    /// What was measured and what is required, for each check that failed.
    pub rejection_details: RejectionDetails<ActionName>,
    /// The server's own time from the body's arrival to the verdict, milliseconds.
    pub processing_time_ms: u64,
    /// Number of frames that show a face.
    pub frames_analyzed: usize,
    /// What the person should do differently in the next try, the most useful first; empty where nothing that may be shown
    /// to the person helps. It may be shown: it follows from the quality of the pictures and from missed actions alone.
    #[oai(validator(max_items = 3))]
    pub retry_hints: Vec<RetryHint>,
    /// How like the reference the captured face is; absent where none was sent, null where the capture does not show the
    /// face of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_match: ReferenceField,
    /// The verdict, signed: a compact JWS that can be verified offline with the keys of `/.well-known/jwks.json`. Absent
    /// where the service has no key to sign with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub receipt: Option<String>,
}

/// Which actions of the challenge were detected.
#[derive(Clone, Debug, Serialize, Object)]
pub struct ChallengeDetails {
    /// Whether every action was detected.
    pub passed: bool,
    /// The actions that were detected, in the order of the challenge.
    pub completed_actions: Vec<ActionName>,
}

/// The best frame's picture, as it is sent.
pub struct BestFrame {
    /// The JPEG in base64.
    pub b64: String,
    /// SHA-256 of the JPEG, hexadecimal.
    pub sha256: String,
}

impl BestFrame {
    /// For this JPEG. Takes milliseconds: do not call it on an async thread.
    pub fn of(jpeg: &[u8]) -> Self {
        Self {
            b64: base64_simd::STANDARD.encode_to_string(jpeg),
            sha256: sha256(jpeg),
        }
    }
}

impl VerdictBody {
    /// The same verdict with the comparison with the caller's reference.
    #[must_use]
    pub fn with_reference(mut self, compared: Comparison) -> Self {
        let field = reference::field_of(compared);
        match &mut self {
            Self::Verified(verified) => verified.reference_match = field.and_then(|f| f.0),
            Self::Rejected(rejected) => rejected.reference_match = field,
        }
        self
    }

    /// The same body with its receipt.
    #[must_use]
    pub fn with_receipt(mut self, receipt: Option<String>) -> Self {
        match &mut self {
            Self::Verified(verified) => verified.receipt = receipt,
            Self::Rejected(rejected) => rejected.receipt = receipt,
        }
        self
    }

    /// The reasons, in the documented order.
    pub fn reason_codes(&self) -> &[ReasonCode] {
        match self {
            Self::Verified(verified) => &verified.reason_codes,
            Self::Rejected(rejected) => &rejected.reason_codes,
        }
    }
}

impl Verified {
    /// The body for a verified capture.
    pub fn new(findings: &Findings, proof: Proof, best: BestFrame, elapsed_ms: u64) -> Self {
        Self {
            verified: true,
            confidence: rounded(proof.confidence),
            anti_spoof_avg_score: findings.anti_spoof.map_or(0.0, rounded),
            same_person_score: findings.same_person.map_or(0.0, rounded),
            challenge_passed: findings.challenge_passed(),
            challenge_details: ChallengeDetails::of(findings),
            embedding: proof.embedding.as_slice().to_vec(),
            best_frame_b64: best.b64,
            best_frame_index: proof.best_frame,
            reason_codes: ReasonCode::VERIFIED.to_vec(),
            processing_time_ms: elapsed_ms,
            frames_analyzed: findings.frames_with_face,
            reference_match: None,
            receipt: None,
            best_frame_sha256: best.sha256,
        }
    }
}

impl Rejected {
    /// The body for a rejected capture: its findings, and the checks that failed.
    pub fn new(findings: &Findings, rejections: &[Rejection], elapsed_ms: u64) -> Self {
        Self {
            verified: false,
            anti_spoof_avg_score: Nullable(findings.anti_spoof.map(rounded)),
            same_person_score: Nullable(findings.same_person.map(rounded)),
            challenge_passed: findings.challenge_passed(),
            challenge_details: ChallengeDetails::of(findings),
            reason_codes: rejections.iter().map(ReasonCode::from).collect(),
            rejection_details: RejectionDetails::of(rejections, &findings.poor, actions(findings)),
            processing_time_ms: elapsed_ms,
            frames_analyzed: findings.frames_with_face,
            retry_hints: RetryHint::all(&findings.retry_hints),
            reference_match: None,
            receipt: None,
        }
    }

    /// The body for media that cannot be decoded: nothing was measured.
    pub fn undecodable(media: &[Undecodable], elapsed_ms: u64) -> Self {
        let evidence = media.iter().map(Evidence::undecodable).collect();
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
                ..RejectionDetails::none()
            },
            processing_time_ms: elapsed_ms,
            frames_analyzed: 0,
            retry_hints: Vec::new(),
            reference_match: None,
            receipt: None,
        }
    }
}

/// The actions of a capture, for the details of its rejection.
fn actions(findings: &Findings) -> Actions<ActionName> {
    let failed = findings.failed.iter();
    Actions {
        completed: ActionName::all(&findings.completed),
        failed: failed.map(|f| (f.action.into(), f.missing)).collect(),
        other_side: findings.other_side,
    }
}

impl ChallengeDetails {
    fn of(findings: &Findings) -> Self {
        Self {
            passed: findings.challenge_passed(),
            completed_actions: ActionName::all(&findings.completed),
        }
    }
}
