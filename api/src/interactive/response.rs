//! Bodies of the interactive API's answers.

use livegate_common::records::Stored;
use livegate_liveness::session::{End, Ending, Report, Session, State, Task};
use poem_openapi::Object;
use serde::Serialize;

use super::record::LiveSession;
use super::vocabulary::{Feedback, InteractiveState, instruction};
use crate::clock::rfc3339;
use crate::contract::actions::ChallengeType;
use crate::contract::details::{Actions, RejectionDetails};
use crate::contract::nullable::Nullable;
use crate::contract::numbers::rounded;
use crate::contract::reason::ReasonCode;
use crate::contract::reference::{self, ReferenceField};
use crate::contract::retry_hint::RetryHint;

/// A challenge of a session.
#[derive(Clone, Debug, Serialize, Object)]
pub struct SessionChallenge {
    /// The kind of challenge.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub challenge_type: ChallengeType,
    /// The challenge in words for the user, in English. Show it, or your own words.
    pub instruction: String,
    /// Seconds for this challenge, counted from the first frame, or from the pass of the challenge
    /// before it.
    pub timeout_seconds: f64,
}

/// A new session.
#[derive(Clone, Debug, Serialize, Object)]
pub struct InteractiveSessionCreated {
    /// The session: a UUID.
    #[oai(validator(
        pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
    ))]
    pub session_id: String,
    /// Where the session stands: `pending`.
    pub state: InteractiveState,
    /// The challenges, in their order.
    pub challenges: Vec<SessionChallenge>,
    /// When the session expires unless a first frame comes before: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
    /// A token for your user's browser or app, so that the API key stays on your server. Its holder can
    /// send frames to this session, read it and cancel it, and nothing else: `Authorization: Bearer
    /// <client_token>`. It is shown only here and ends with the session.
    pub client_token: String,
}

/// What a frame showed.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct FrameResult {
    /// The session.
    pub session_id: String,
    /// The challenge that this frame was judged by; null for a frame of a session that was over.
    pub challenge_type: Nullable<ChallengeType>,
    /// Whether this frame passed that challenge.
    pub passed: bool,
    /// How much of the challenge the frame shows, 0 to 1: 0 at rest, 0.5 where the challenge is
    /// reached, 1 at twice that distance. At least 0.5 when the frame passes the challenge, else below.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub confidence: f64,
    /// Number of challenges not yet passed.
    pub challenges_remaining: usize,
    /// Whether all challenges were passed.
    pub session_complete: bool,
    /// The verdict; null until there is one. True means: a live person who passed every challenge.
    pub is_live: Nullable<bool>,
    /// Where the session stands.
    pub state: InteractiveState,
    /// What to change first, or to go on; null when the frame passes its challenge, and when it comes
    /// after the end of the session or of the time for its challenge.
    pub feedback: Nullable<Feedback>,
    /// The reasons of the verdict; absent until there is one. On success `liveness_passed`,
    /// `challenge_completed`, `no_spoof_detected`; else every check that failed. A client token gets
    /// only those that a better try can mend: `insufficient_face_detections`, `challenge_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_codes: Option<Vec<ReasonCode>>,
    /// With the API key only, once the session is over: mean anti-spoof score, 0 to 1; absent where
    /// nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Option<f64>,
    /// With the API key only, once the session is over: consistency of all frames with one person, 0 to
    /// 1; absent where nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Option<f64>,
    /// With the API key only, when `is_live` is false: what was measured and what is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_details: Option<RejectionDetails<ChallengeType>>,
    /// What the user should do differently in the next try, the most useful first; may be empty. Absent unless the session
    /// is over without `is_live`. A client token gets it too: it follows from the quality of the pictures and from missed
    /// challenges alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 3))]
    pub retry_hints: Option<Vec<RetryHint>>,
    /// With the API key only, once the session is over: how like the reference its face is; absent where none was sent,
    /// null where the session does not show the face of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_match: ReferenceField,
    /// With the API key only, once there is a verdict: the verdict, signed: a compact JWS that can be verified offline
    /// with the keys of `/.well-known/jwks.json`. Absent where the service has no key to sign with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// Where a session stands.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct InteractiveSessionStatus {
    /// The session.
    pub session_id: String,
    /// The state of the session.
    pub state: InteractiveState,
    /// The challenges, in their order.
    pub challenges: Vec<SessionChallenge>,
    /// Number of challenges not yet passed.
    pub challenges_remaining: usize,
    /// When the session expires: RFC 3339, UTC, milliseconds. Before the first frame: when it expires
    /// unless one comes. After it: the first frame's time, plus the sum of the challenges' times, plus
    /// 30 seconds. `state` says when it is over sooner.
    pub expires_at: String,
    /// The verdict; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_live: Option<bool>,
    /// The reasons of the verdict; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_codes: Option<Vec<ReasonCode>>,
    /// With the API key only, once the session is over: mean anti-spoof score, 0 to 1; absent where
    /// nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Option<f64>,
    /// With the API key only, once the session is over: consistency of all frames with one person, 0 to
    /// 1; absent where nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Option<f64>,
    /// With the API key only, when `is_live` is false: what was measured and what is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_details: Option<RejectionDetails<ChallengeType>>,
    /// What the user should do differently in the next try, the most useful first; may be empty. Absent unless the session
    /// is over without `is_live`. A client token gets it too: it follows from the quality of the pictures and from missed
    /// challenges alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 3))]
    pub retry_hints: Option<Vec<RetryHint>>,
    /// With the API key only, once the session is over: how like the reference its face is; absent where none was sent,
    /// null where the session does not show the face of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_match: ReferenceField,
    /// With the API key only, once there is a verdict: the verdict, signed: a compact JWS that can be verified offline
    /// with the keys of `/.well-known/jwks.json`. Absent where the service has no key to sign with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// A session that was cancelled.
#[derive(Clone, Debug, Serialize, Object)]
pub struct SessionCancelled {
    /// Id of the session.
    pub cancelled: String,
}

/// The verdict and its grounds, as far as the caller may know them; empty until the session is over.
#[derive(Default)]
struct Known {
    is_live: Option<bool>,
    reason_codes: Option<Vec<ReasonCode>>,
    anti_spoof: Option<f64>,
    same_person: Option<f64>,
    details: Option<RejectionDetails<ChallengeType>>,
    retry_hints: Option<Vec<RetryHint>>,
    reference_match: ReferenceField,
    receipt: Option<String>,
}

impl Known {
    /// `for_owner`: the caller has the API key. The holder of a client token learns no scores.
    fn of(record: &LiveSession, for_owner: bool) -> Self {
        let session = &record.session;
        let State::Ended(end) = session.state() else {
            return Self::default();
        };
        let public = Self {
            is_live: Some(end.is_live()),
            reason_codes: reasons(end),
            retry_hints: (!end.is_live()).then(|| RetryHint::all(&end.retry_hints)),
            ..Self::default()
        };
        if !for_owner {
            // An attacker who learns which evidence rejected a try can search for a try that passes it.
            return Self {
                reason_codes: public.reason_codes.and_then(for_the_checked),
                ..public
            };
        }
        Self {
            anti_spoof: end.anti_spoof.map(rounded),
            same_person: end.same_person.map(rounded),
            details: details(end, session.passed()),
            reference_match: reference::field_of(end.reference),
            receipt: record.receipt.clone(),
            ..public
        }
    }
}

/// The reasons that the person in front of the camera may know: those that a better try can mend.
/// `None` where no reason remains.
fn for_the_checked(reasons: Vec<ReasonCode>) -> Option<Vec<ReasonCode>> {
    let may_know = |reason: &ReasonCode| match reason {
        ReasonCode::LivenessPassed
        | ReasonCode::ChallengeCompleted
        | ReasonCode::NoSpoofDetected
        | ReasonCode::InvalidInput
        | ReasonCode::InsufficientFaceDetections
        | ReasonCode::ChallengeFailed
        | ReasonCode::InternalError => true,
        ReasonCode::SpoofDetected | ReasonCode::DifferentPersonsDetected => false,
    };
    let left: Vec<_> = reasons.into_iter().filter(may_know).collect();
    (!left.is_empty()).then_some(left)
}

/// The reasons of a verdict; `None` for a session that ended without one.
pub fn reasons(end: &End) -> Option<Vec<ReasonCode>> {
    if end.is_live() {
        return Some(ReasonCode::VERIFIED.to_vec());
    }
    let reasons: Vec<ReasonCode> = end.rejections().iter().map(ReasonCode::from).collect();
    (!reasons.is_empty()).then_some(reasons)
}

/// The rejection details of an end, where there are any. `passed` are the tasks that were passed.
fn details(end: &End, passed: &[Task]) -> Option<RejectionDetails<ChallengeType>> {
    let missed = match &end.ending {
        Ending::Failed { missing, .. } => *missing,
        Ending::Expired | Ending::Completed(_) | Ending::Cancelled => None,
    };
    let failed = missed.iter().map(|m| (m.task.into(), m.missing));
    let actions = Actions {
        completed: ChallengeType::all(passed),
        failed: failed.collect(),
        other_side: 0,
    };
    let rejections = end.rejections();
    (!rejections.is_empty()).then(|| RejectionDetails::of(rejections, &end.poor, actions))
}

/// The challenges of a session.
pub fn challenges(session: &Session) -> Vec<SessionChallenge> {
    #[expect(clippy::cast_precision_loss, reason = "at most a minute")]
    let timeout_seconds = session.timeout_ms() as f64 / 1000.0;
    let of_task = |task: &Task| SessionChallenge {
        challenge_type: (*task).into(),
        instruction: instruction(*task).to_owned(),
        timeout_seconds,
    };
    session.tasks().iter().map(of_task).collect()
}

impl FrameResult {
    /// The answer to a frame that left the session in this state.
    pub fn new(stored: &Stored<LiveSession>, report: Report, for_owner: bool) -> Self {
        let Stored { id, record, .. } = stored;
        let session = &record.session;
        let known = Known::of(record, for_owner);
        let state = session.state().into();
        Self {
            session_id: id.to_owned(),
            challenge_type: Nullable(report.task.map(ChallengeType::from)),
            passed: report.passed,
            confidence: rounded(report.confidence),
            challenges_remaining: session.remaining(),
            session_complete: state == InteractiveState::Completed,
            is_live: Nullable(known.is_live),
            state,
            feedback: Nullable(report.hint.map(Feedback::from)),
            reason_codes: known.reason_codes,
            anti_spoof_avg_score: known.anti_spoof,
            same_person_score: known.same_person,
            rejection_details: known.details,
            retry_hints: known.retry_hints,
            reference_match: known.reference_match,
            receipt: known.receipt,
        }
    }
}

impl InteractiveSessionStatus {
    /// The status of this session.
    pub fn new(stored: &Stored<LiveSession>, for_owner: bool) -> Self {
        let Stored { id, record, .. } = stored;
        let session = &record.session;
        let known = Known::of(record, for_owner);
        Self {
            session_id: id.to_owned(),
            state: session.state().into(),
            challenges: challenges(session),
            challenges_remaining: session.remaining(),
            expires_at: rfc3339(record.expires_at_ms),
            is_live: known.is_live,
            reason_codes: known.reason_codes,
            anti_spoof_avg_score: known.anti_spoof,
            same_person_score: known.same_person,
            rejection_details: known.details,
            retry_hints: known.retry_hints,
            reference_match: known.reference_match,
            receipt: known.receipt,
        }
    }
}
