//! Examples of answers of the interactive API.

use livegate_liveness::evidence::presence;
use livegate_liveness::session::Task;
use serde_json::{Value, json};

use super::{RECEIPT, as_sent, example};
use crate::contract::actions::ChallengeType;
use crate::contract::details::{FailedAction, RejectionDetails};
use crate::contract::evidence::Evidence;
use crate::contract::failure::{FailureReason, MeasureUnit};
use crate::contract::nullable::Nullable;
use crate::contract::reason::ReasonCode;
use crate::contract::reference::ReferenceMatch;
use crate::contract::retry_hint::RetryHint;
use crate::interactive::presets::{PRESETS, PresetBody};
use crate::interactive::response::{
    FrameResult, InteractiveSessionCreated, InteractiveSessionStatus, SessionCancelled,
    SessionChallenge,
};
use crate::interactive::vocabulary::{Feedback, InteractiveState, instruction};

const SESSION_ID: &str = "a1b2c3d4-e5f6-4890-abcd-ef1234567890";
const EXPIRES_AT: &str = "2026-05-25T14:35:00.000Z";
const CHALLENGE: [Task; 3] = [Task::TurnLeft, Task::Blink, Task::Smile];

/// Examples of an operation's requests: name and OpenAPI example object.
pub fn requests(operation_id: &str) -> Vec<(&'static str, Value)> {
    match operation_id {
        "createInteractiveSession" => vec![
            ("nothing", example("Nothing besides the query", json!({}))),
            (
                "with_attestation",
                example(
                    "With what you know of the device, for the receipt",
                    json!({"attestation": super::verify::ATTESTATION}),
                ),
            ),
            (
                "test",
                example(
                    "With a test key: all challenges pass, and the verdict is a rejection",
                    json!({"test_outcome": "spoof_detected"}),
                ),
            ),
            (
                "reference_image",
                example(
                    "With a picture of the person you expect",
                    json!({"reference_image_b64": "/9j/4AAQSkZJRg..."}),
                ),
            ),
            (
                "reference_embedding",
                example(
                    "With an embedding",
                    json!({"reference_embedding": as_sent(&super::verify::embedding())}),
                ),
            ),
        ],
        _ => Vec::new(),
    }
}

/// Examples of an operation's successful answers: status, name and OpenAPI example object.
pub fn answers(operation_id: &str) -> Vec<(&'static str, &'static str, Value)> {
    let examples = match operation_id {
        "createInteractiveSession" => vec![("created", example("A session", created()))],
        "submitFrame" => frames(),
        "interactiveSession" => statuses(),
        "cancelInteractiveSession" => vec![("cancelled", example("Cancelled", cancelled()))],
        "presets" => vec![("presets", example("All presets", presets()))],
        _ => Vec::new(),
    };
    let examples = examples.into_iter();
    examples
        .map(|(name, example)| ("200", name, example))
        .collect()
}

fn frames() -> Vec<(&'static str, Value)> {
    vec![
        ("passed", example("A challenge is passed", passed())),
        (
            "on_the_way",
            example("On the way: the user should go on", on_the_way()),
        ),
        (
            "guidance",
            example("The user should come nearer first", too_far()),
        ),
        (
            "completed",
            example("The last challenge is passed: live", completed()),
        ),
        (
            "completed_for_a_browser",
            example("The same with a client_token", for_a_browser(completed())),
        ),
        (
            "spoof_detected",
            example(
                "The last challenge is passed: a presentation attack",
                spoof(),
            ),
        ),
        (
            "insufficient_face_detections",
            example(
                "The last challenge is passed: too few faces can be compared",
                too_little(),
            ),
        ),
        (
            "challenge_failed",
            example("A challenge was not passed in time", timed_out()),
        ),
        (
            "different_persons_detected",
            example("A second person was seen", two_people()),
        ),
        ("over", example("The session was over", over())),
    ]
}

fn statuses() -> Vec<(&'static str, Value)> {
    vec![
        ("completed", example("Live", status_of(completed()))),
        ("pending", example("No frame yet", pending())),
        ("in_progress", example("Frames arrive", in_progress())),
        ("failed", example("Failed", status_of(timed_out()))),
        ("expired", example("No frame came in time", expired())),
    ]
}

fn challenges() -> Vec<SessionChallenge> {
    let of_task = |task: Task| SessionChallenge {
        challenge_type: task.into(),
        instruction: instruction(task).to_owned(),
        timeout_seconds: 5.0,
    };
    CHALLENGE.map(of_task).to_vec()
}

fn created() -> InteractiveSessionCreated {
    InteractiveSessionCreated {
        session_id: SESSION_ID.to_owned(),
        state: InteractiveState::Pending,
        challenges: challenges(),
        expires_at: EXPIRES_AT.to_owned(),
        client_token: "lct_mY0dGVu8Rk3sT1bXq4ZcLw9HfJ2aPn6o...".to_owned(),
    }
}

/// A frame that passes the first challenge.
fn passed() -> FrameResult {
    FrameResult {
        session_id: SESSION_ID.to_owned(),
        challenge_type: Nullable(Some(ChallengeType::TurnLeft)),
        passed: true,
        confidence: 0.92,
        challenges_remaining: 2,
        session_complete: false,
        is_live: Nullable(None),
        state: InteractiveState::InProgress,
        feedback: Nullable(None),
        reason_codes: None,
        anti_spoof_avg_score: None,
        same_person_score: None,
        rejection_details: None,
        retry_hints: None,
        reference_match: None,
        receipt: None,
    }
}

fn on_the_way() -> FrameResult {
    FrameResult {
        passed: false,
        confidence: 0.31,
        challenges_remaining: 3,
        feedback: Nullable(Some(Feedback::KeepGoing)),
        ..passed()
    }
}

fn too_far() -> FrameResult {
    FrameResult {
        confidence: 0.0,
        feedback: Nullable(Some(Feedback::FaceTooSmall)),
        ..on_the_way()
    }
}

fn completed() -> FrameResult {
    FrameResult {
        challenge_type: Nullable(Some(ChallengeType::Smile)),
        confidence: 0.95,
        challenges_remaining: 0,
        session_complete: true,
        is_live: Nullable(Some(true)),
        state: InteractiveState::Completed,
        reason_codes: Some(ReasonCode::VERIFIED.to_vec()),
        anti_spoof_avg_score: Some(0.96),
        same_person_score: Some(0.87),
        reference_match: Some(Nullable(Some(ReferenceMatch {
            score: 0.71,
            threshold: 0.45,
            matched: true,
        }))),
        receipt: Some(RECEIPT.to_owned()),
        ..passed()
    }
}

/// The same result as the holder of a client token gets it.
fn for_a_browser(result: FrameResult) -> FrameResult {
    FrameResult {
        anti_spoof_avg_score: None,
        same_person_score: None,
        rejection_details: None,
        reference_match: None,
        receipt: None,
        ..result
    }
}

fn rejected(reason: ReasonCode, details: RejectionDetails<ChallengeType>) -> FrameResult {
    FrameResult {
        is_live: Nullable(Some(false)),
        reason_codes: Some(vec![reason]),
        rejection_details: Some(details),
        retry_hints: Some(Vec::new()),
        reference_match: None,
        ..completed()
    }
}

fn spoof() -> FrameResult {
    let details = RejectionDetails {
        anti_spoof_avg_score: Some(Nullable(Some(0.12))),
        threshold: Some(0.5),
        ..RejectionDetails::none()
    };
    FrameResult {
        anti_spoof_avg_score: Some(0.12),
        ..rejected(ReasonCode::SpoofDetected, details)
    }
}

fn too_little() -> FrameResult {
    let details = RejectionDetails {
        face_detection_ratio: Some(0.05),
        required_ratio: Some(0.7),
        ..RejectionDetails::none()
    };
    FrameResult {
        same_person_score: None,
        retry_hints: Some(vec![RetryHint::MoveBack]),
        ..rejected(ReasonCode::InsufficientFaceDetections, details)
    }
}

fn timed_out() -> FrameResult {
    let failed = FailedAction {
        action: ChallengeType::Blink,
        why: FailureReason::NotReached,
        measured: Nullable(Some(0.24)),
        required: 0.18,
        unit: MeasureUnit::EyeAspectRatio,
    };
    let details = RejectionDetails {
        completed_actions: Some(vec![ChallengeType::TurnLeft]),
        failed_actions: Some(vec![failed]),
        ..RejectionDetails::none()
    };
    FrameResult {
        challenge_type: Nullable(Some(ChallengeType::Blink)),
        passed: false,
        confidence: 0.0,
        challenges_remaining: 2,
        session_complete: false,
        state: InteractiveState::Failed,
        retry_hints: Some(vec![RetryHint::BlinkLonger]),
        ..rejected(ReasonCode::ChallengeFailed, details)
    }
}

fn two_people() -> FrameResult {
    let second_face = presence::second_subjects(2, 2, None);
    let details = RejectionDetails {
        same_person_score: Some(0.11),
        same_person_threshold: Some(0.4),
        evidence: Some(vec![Evidence::from(&second_face)]),
        ..RejectionDetails::none()
    };
    FrameResult {
        same_person_score: Some(0.11),
        feedback: Nullable(Some(Feedback::MultipleFaces)),
        rejection_details: Some(details),
        reason_codes: Some(vec![ReasonCode::DifferentPersonsDetected]),
        retry_hints: Some(vec![RetryHint::OnePersonOnly]),
        ..timed_out()
    }
}

/// A frame of a session that had expired.
fn over() -> FrameResult {
    FrameResult {
        challenge_type: Nullable(None),
        passed: false,
        confidence: 0.0,
        challenges_remaining: CHALLENGE.len(),
        is_live: Nullable(Some(false)),
        state: InteractiveState::Expired,
        retry_hints: Some(Vec::new()),
        ..passed()
    }
}

/// The status of a session after an owner's frame with this result.
fn status_of(result: FrameResult) -> InteractiveSessionStatus {
    InteractiveSessionStatus {
        session_id: result.session_id,
        state: result.state,
        challenges: challenges(),
        challenges_remaining: result.challenges_remaining,
        expires_at: EXPIRES_AT.to_owned(),
        is_live: result.is_live.0,
        reason_codes: result.reason_codes,
        anti_spoof_avg_score: result.anti_spoof_avg_score,
        same_person_score: result.same_person_score,
        rejection_details: result.rejection_details,
        retry_hints: result.retry_hints,
        reference_match: result.reference_match,
        receipt: result.receipt,
    }
}

fn pending() -> InteractiveSessionStatus {
    InteractiveSessionStatus {
        state: InteractiveState::Pending,
        challenges_remaining: CHALLENGE.len(),
        ..in_progress()
    }
}

fn in_progress() -> InteractiveSessionStatus {
    status_of(passed())
}

fn expired() -> InteractiveSessionStatus {
    status_of(over())
}

fn cancelled() -> SessionCancelled {
    SessionCancelled {
        cancelled: SESSION_ID.to_owned(),
    }
}

fn presets() -> Vec<PresetBody> {
    PRESETS.iter().map(PresetBody::from).collect()
}
