//! Examples of requests and answers of the server-to-server API.

use livegate_liveness::evidence::clarity::Noise;
use livegate_liveness::evidence::{poor, presence};
use serde_json::{Value, json};

use super::{RECEIPT, as_sent, example};
use crate::contract::actions::ActionName;
use crate::contract::details::{FailedAction, RejectionDetails};
use crate::contract::evidence::Evidence;
use crate::contract::failure::{FailureReason, MeasureUnit};
use crate::contract::nullable::Nullable;
use crate::contract::poor_frames::PoorFrames;
use crate::contract::reason::ReasonCode;
use crate::contract::reference::ReferenceMatch;
use crate::contract::retry_hint::RetryHint;
use crate::verify::health::Health;
use crate::verify::response::{
    CaptureLimits, ChallengeDetails, Rejected, SessionCreated, Verified,
};
use crate::verify::session::SessionStatus;
use crate::verify::vocabulary::SessionState;

const SESSION_ID: &str = "live_a1b2c3d4e5f60718293a4b5c6d7e8f90";
const EXPIRES_AT: &str = "2026-05-25T14:35:00.000Z";
const CHALLENGE: [ActionName; 3] = [
    ActionName::TurnLeft,
    ActionName::Blink,
    ActionName::TurnRight,
];

/// Examples of an operation's requests: name and OpenAPI example object.
pub fn requests(operation_id: &str) -> Vec<(&'static str, Value)> {
    match operation_id {
        "createSession" => vec![
            (
                "defaults",
                example(
                    "The API key's defaults, shuffled: for real users",
                    json!({}),
                ),
            ),
            (
                "chosen",
                example(
                    "A challenge of your own: for tests",
                    json!({
                        "actions": CHALLENGE,
                        "yaw_deg": 25,
                        "pitch_deg": 18,
                        "blink_ear": 0.20,
                        "mirrored": false,
                    }),
                ),
            ),
        ],
        "verify" => vec![
            ("images", example("Images mode", images())),
            (
                "reference_image",
                example(
                    "With a picture of the person you expect",
                    with_reference_image(),
                ),
            ),
            (
                "reference_embedding",
                example("With an embedding", with_reference_embedding()),
            ),
            ("video", example("Video mode", video())),
            (
                "with_attestation",
                example(
                    "With what you know of the device, for the receipt",
                    with_attestation(),
                ),
            ),
        ],
        _ => Vec::new(),
    }
}

/// Examples of an operation's successful answers, and of an unhealthy service: status, name and OpenAPI
/// example object.
pub fn answers(operation_id: &str) -> Vec<(&'static str, &'static str, Value)> {
    match operation_id {
        "createSession" => vec![("200", "created", example("A session", created()))],
        "verify" => vec![
            ("200", "verified", example("Verified", verified())),
            (
                "200",
                "spoof_detected",
                example("Rejected: a presentation attack", spoof()),
            ),
            (
                "200",
                "challenge_failed",
                example("Rejected: an action was not shown", challenge_failed()),
            ),
            (
                "200",
                "several_reasons",
                example("Rejected: for several reasons", several_reasons()),
            ),
            (
                "200",
                "invalid_input",
                example("Rejected: a frame cannot be decoded", undecodable()),
            ),
        ],
        "sessionStatus" => [
            ("pending", "Not verified yet", SessionState::Pending, None),
            (
                "verified",
                "Verified",
                SessionState::Verified,
                Some(ReasonCode::VERIFIED.to_vec()),
            ),
            (
                "rejected",
                "Rejected",
                SessionState::Rejected,
                Some(vec![ReasonCode::SpoofDetected]),
            ),
            (
                "failed",
                "Processing failed",
                SessionState::Failed,
                Some(vec![ReasonCode::InternalError]),
            ),
        ]
        .into_iter()
        .map(|(name, summary, state, reason_codes)| {
            ("200", name, example(summary, status(state, reason_codes)))
        })
        .collect(),
        "health" => vec![
            ("200", "ok", example("All is well", health(true, 2))),
            (
                "200",
                "degraded",
                example("No worker was seen lately", health(true, 0)),
            ),
            (
                "503",
                "down",
                example("Queue and store cannot be reached", health(false, 0)),
            ),
        ],
        _ => Vec::new(),
    }
}

fn images() -> Value {
    let frames = [
        (0, "center"),
        (200, "center"),
        (600, "turn_left"),
        (800, "turn_left"),
        (1200, "blink"),
        (1300, "blink"),
        (1800, "turn_right"),
        (2000, "turn_right"),
    ];
    let frame = |(index, (timestamp_ms, phase)): (usize, (u32, &str))| {
        json!({
            "index": index,
            "timestamp_ms": timestamp_ms,
            "phase": phase,
            "image_b64": "/9j/4AAQSkZJRg...",
        })
    };
    let frames: Vec<Value> = frames.into_iter().enumerate().map(frame).collect();
    json!({"session_id": SESSION_ID, "mode": "images", "frames": frames})
}

fn with_reference_image() -> Value {
    let mut body = images();
    body["reference_image_b64"] = json!("/9j/4AAQSkZJRg...");
    body
}

fn with_reference_embedding() -> Value {
    let mut body = video();
    body["reference_embedding"] = as_sent(&embedding());
    body
}

/// What a caller may send as attestation.
pub const ATTESTATION: &str = "eyJkZXZpY2VJbnRlZ3JpdHkiOnsiZGV2aWNlUmVjb2duaXRpb24i...";

fn with_attestation() -> Value {
    let mut body = video();
    body["attestation"] = json!(ATTESTATION);
    body
}

fn video() -> Value {
    json!({"session_id": SESSION_ID, "mode": "video", "video_b64": "GkXfo59ChoEBQveBAULygQRC..."})
}

fn created() -> SessionCreated {
    SessionCreated {
        session_id: SESSION_ID.to_owned(),
        challenge: CHALLENGE.to_vec(),
        expires_at: EXPIRES_AT.to_owned(),
        config: CaptureLimits::default(),
    }
}

fn verified() -> Verified {
    Verified {
        verified: true,
        confidence: 0.94,
        anti_spoof_avg_score: 0.99,
        same_person_score: 0.87,
        challenge_passed: true,
        challenge_details: challenge(&CHALLENGE),
        embedding: embedding(),
        best_frame_b64: "/9j/4AAQSkZJRg...".to_owned(),
        best_frame_index: 0,
        reason_codes: ReasonCode::VERIFIED.to_vec(),
        processing_time_ms: 312,
        frames_analyzed: 8,
        reference_match: Some(ReferenceMatch {
            score: 0.71,
            threshold: 0.45,
            matched: true,
        }),
        receipt: Some(RECEIPT.to_owned()),
        best_frame_sha256: String::new(),
    }
}

/// An embedding: numbers of four decimals, about of unit length.
#[expect(clippy::cast_precision_loss, reason = "512 numbers are few")]
pub fn embedding() -> Vec<f32> {
    (0..512)
        .map(|i| ((i as f32).sin() * 625.0).round() / 1e4)
        .collect()
}

fn challenge(completed: &[ActionName]) -> ChallengeDetails {
    ChallengeDetails {
        passed: completed.len() == CHALLENGE.len(),
        completed_actions: completed.to_vec(),
    }
}

fn rejected(reason_codes: Vec<ReasonCode>, completed: &[ActionName]) -> Rejected {
    let challenge_details = challenge(completed);
    Rejected {
        verified: false,
        anti_spoof_avg_score: Nullable(Some(0.93)),
        same_person_score: Nullable(Some(0.78)),
        challenge_passed: challenge_details.passed,
        challenge_details,
        reason_codes,
        rejection_details: RejectionDetails::none(),
        processing_time_ms: 180,
        frames_analyzed: 8,
        retry_hints: Vec::new(),
        reference_match: None,
        receipt: Some(RECEIPT.to_owned()),
    }
}

fn spoof() -> Rejected {
    Rejected {
        anti_spoof_avg_score: Nullable(Some(0.41)),
        rejection_details: RejectionDetails {
            anti_spoof_avg_score: Some(Nullable(Some(0.41))),
            threshold: Some(0.5),
            ..RejectionDetails::none()
        },
        ..rejected(vec![ReasonCode::SpoofDetected], &CHALLENGE)
    }
}

fn challenge_failed() -> Rejected {
    let failed = FailedAction {
        action: ActionName::TurnRight,
        why: FailureReason::NotReached,
        measured: Nullable(Some(17.3)),
        required: 25.0,
        unit: MeasureUnit::Degrees,
    };
    let completed = [ActionName::TurnLeft, ActionName::Blink];
    Rejected {
        rejection_details: RejectionDetails {
            completed_actions: Some(completed.to_vec()),
            failed_actions: Some(vec![failed]),
            ..RejectionDetails::none()
        },
        retry_hints: vec![RetryHint::TurnFurtherRight],
        ..rejected(vec![ReasonCode::ChallengeFailed], &completed)
    }
}

fn several_reasons() -> Rejected {
    let reasons = vec![
        ReasonCode::InsufficientFaceDetections,
        ReasonCode::DifferentPersonsDetected,
    ];
    let second_face = Evidence::from(&presence::second_subjects(3, 2, None));
    Rejected {
        same_person_score: Nullable(Some(0.22)),
        frames_analyzed: 5,
        retry_hints: vec![RetryHint::OnePersonOnly, RetryHint::MoreLight],
        rejection_details: RejectionDetails {
            same_person_score: Some(0.22),
            same_person_threshold: Some(0.4),
            face_detection_ratio: Some(0.625),
            required_ratio: Some(0.7),
            poor_frames: Some(vec![PoorFrames::from(&poor::PoorFrames {
                why: poor::Why::Noisy(Noise::Fine),
                frames: 3,
                positions: vec![3, 4, 7],
                measured: Some(9.1),
                required: Some(8.0),
            })]),
            evidence: Some(vec![second_face]),
            ..RejectionDetails::none()
        },
        ..rejected(reasons, &CHALLENGE)
    }
}

fn undecodable() -> Rejected {
    let frame = Evidence {
        name: "undecodable_frame".to_owned(),
        measured: Nullable(Some(4.0)),
        required: Nullable(None),
        text: "Frame 4 cannot be decoded: the picture is cut short.".to_owned(),
    };
    Rejected {
        anti_spoof_avg_score: Nullable(None),
        same_person_score: Nullable(None),
        frames_analyzed: 0,
        rejection_details: RejectionDetails {
            evidence: Some(vec![frame]),
            ..RejectionDetails::none()
        },
        ..rejected(vec![ReasonCode::InvalidInput], &[])
    }
}

fn status(state: SessionState, reason_codes: Option<Vec<ReasonCode>>) -> SessionStatus {
    SessionStatus {
        session_id: SESSION_ID.to_owned(),
        state,
        challenge: CHALLENGE.to_vec(),
        expires_at: EXPIRES_AT.to_owned(),
        verified: reason_codes
            .is_some()
            .then_some(state == SessionState::Verified),
        retry_hints: (state == SessionState::Rejected).then(|| vec![RetryHint::MoreLight]),
        reason_codes,
    }
}

fn health(reachable: bool, workers: u32) -> Health {
    Health::of(
        reachable,
        reachable.then_some(workers),
        (workers > 0).then(|| "as shipped".to_owned()),
    )
}
