//! Creates a session, and reads its status: `POST /v1/liveness/session`, `GET
//! /v1/liveness/session/{id}`.

use livegate_common::job::now_ms;
use livegate_common::records::{Records, Stored};
use poem_openapi::Object;
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::record::{State, VerifySession};
use super::response::{CaptureLimits, SessionCreated};
use super::vocabulary::SessionState;
use super::wire::{MAX_SESSION_BODY_BYTES, SessionOptions};
use crate::clock::rfc3339;
use crate::contract::actions::ActionName;
use crate::contract::excerpt::Excerpt;
use crate::contract::reason::ReasonCode;
use crate::contract::retry_hint::RetryHint;
use crate::error::ApiError;
use crate::http::json::RequestDocument;
use crate::keys::KeyRecord;
use crate::state::AppState;
use crate::test_mode::{TestOutcome, Tested};

/// Prefix of every session id.
const PREFIX: &str = "live_";

/// Options of a new session. A field that is left out, or null, takes the API key's default. Unknown
/// fields are refused.
// The defaults are stated in words. A `default` in the schema makes generated clients demand the field,
// or send it unasked and so override what the operator chose for the key.
#[derive(Object)]
pub struct SessionRequest {
    /// At least 2 different actions, in the order wanted. Left out: the key's full set, shuffled by a
    /// secure random generator, so that no attacker can foresee the order.
    #[oai(validator(min_items = 2, max_items = 5, unique_items))]
    actions: Option<Vec<ActionName>>,
    /// How far to turn left and right, degrees from the camera's direction, 15 to 40. Unless
    /// the operator chose otherwise for the key: 25.
    #[oai(validator(minimum(value = "15"), maximum(value = "40")))]
    yaw_deg: Option<f64>,
    /// How far to look up and down, degrees from the camera's direction, 10 to 30. Unless
    /// the operator chose otherwise for the key: 20.
    #[oai(validator(minimum(value = "10"), maximum(value = "30")))]
    pitch_deg: Option<f64>,
    /// Eye aspect ratio (height of the opening by its width) below which eyes count as closed, 0.12 to
    /// 0.28. Unless the operator chose otherwise for the key: 0.2.
    #[oai(validator(minimum(value = "0.12"), maximum(value = "0.28")))]
    blink_ear: Option<f64>,
    /// Whether the frames will be mirror images, as some capture libraries deliver them. In
    /// an unmirrored frame a subject who turns to their own left moves the nose towards the picture's
    /// right. Left out: they will not.
    mirrored: Option<bool>,
    /// With a test key only: the outcome of the session, `verified` where it is left out. It is a verdict (`verified`,
    /// or rejecting reason codes joined by `+`), or the code of an error of verify, and may have `delay:` and
    /// milliseconds after a comma. An error before a verdict is answered once: `RATE_LIMIT,verified`.
    #[oai(validator(min_length = 1))]
    test_outcome: Option<String>,
}

impl RequestDocument for SessionRequest {
    const MAX_BYTES: usize = MAX_SESSION_BODY_BYTES;
}

/// The state of a session, and its verdict. No biometric data.
#[derive(Clone, Debug, Serialize, Object)]
pub struct SessionStatus {
    /// The session: `live_` and 32 hexadecimal digits.
    #[oai(validator(pattern = "^live_[0-9a-f]{32}$"))]
    pub session_id: String,
    /// State of the session.
    pub state: SessionState,
    /// The actions of the challenge, in their order.
    pub challenge: Vec<ActionName>,
    /// When it expires or expired: RFC 3339, UTC, milliseconds.
    pub expires_at: String,
    /// The verdict; absent until there is one, false when processing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// The reasons of the verdict; absent until there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_codes: Option<Vec<ReasonCode>>,
    /// What the person should do differently in the next try, the most useful first; may be empty. Absent unless the
    /// session was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(max_items = 3))]
    pub retry_hints: Option<Vec<RetryHint>>,
}

/// The store of the records.
pub fn records(state: &AppState) -> Records<'_> {
    Records::new(&*state.services.sessions, &state.services.seal)
}

/// Refuses any query: an option in the wrong place would be ignored, and the session would be weaker than its creator
/// meant.
///
/// # Errors
/// [`ApiError::InvalidInput`] naming the first parameter.
pub fn refuse_query(query: &str) -> Result<(), ApiError> {
    match form_urlencoded::parse(query.as_bytes()).next() {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::InvalidInput(format!(
            "Unknown query parameter {}; send actions, yaw_deg, pitch_deg, blink_ear, mirrored and, with a test key, test_outcome in a JSON body.",
            Excerpt::of(&name)
        ))),
    }
}

/// Creates a session for `caller`.
///
/// # Errors
/// [`ApiError`] when the body is wrong or the session cannot be stored.
pub async fn create(
    state: &AppState,
    caller: &KeyRecord,
    body: &[u8],
) -> Result<SessionCreated, ApiError> {
    let asked = SessionOptions::parse(body)?;
    let deadline = state.config.verify_timeout;
    let outcome = asked.test_outcome.as_deref();
    let test = TestOutcome::of(caller, outcome, Tested::Verify, deadline)?;
    let is_drawn = asked.actions.is_none();
    let challenge = asked.challenge(&caller.defaults, |actions| {
        actions.shuffle(&mut rand::rng())
    });
    let now = now_ms();
    let ttl_ms = u64::try_from(state.config.session_ttl.as_millis()).unwrap_or(u64::MAX / 2);
    let record = VerifySession {
        key: caller.id.clone(),
        challenge,
        is_drawn,
        created_ms: now,
        expires_at_ms: match &test {
            Some(test) if test.is_expired() => now,
            Some(_) | None => now + ttl_ms,
        },
        test,
        state: State::Pending,
    };
    let session_id = format!("{PREFIX}{:032x}", rand::rng().random::<u128>());
    if !records(state).create(&session_id, &record, now).await? {
        return Err(ApiError::internal("a fresh session id was taken already"));
    }
    if record.test.is_none() {
        state.services.metrics.created("server_to_server");
    }
    Ok(SessionCreated {
        session_id,
        challenge: ActionName::all(&record.challenge.actions),
        expires_at: rfc3339(record.expires_at_ms),
        config: CaptureLimits::default(),
    })
}

/// Finds a session that belongs to `caller`.
///
/// # Errors
/// [`ApiError::SessionNotFound`] or [`ApiError::SessionForbidden`].
pub async fn find(
    state: &AppState,
    caller: &KeyRecord,
    id: &str,
) -> Result<Stored<VerifySession>, ApiError> {
    // Text that is not one of our ids is not sent to the store: it could be megabytes.
    let digits = id.strip_prefix(PREFIX).filter(|d| d.len() == 32);
    if digits.is_none_or(|d| !d.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(ApiError::SessionNotFound);
    }
    let stored: Option<Stored<VerifySession>> = records(state).load(id).await?;
    let stored = stored.ok_or(ApiError::SessionNotFound)?;
    // A key that became a test key, or ceased to be one, keeps its id and none of its sessions.
    if stored.record.key != caller.id || stored.record.test.is_some() != caller.is_test {
        return Err(ApiError::SessionForbidden);
    }
    Ok(stored)
}

/// The state of a session, and its verdict if there is one.
///
/// # Errors
/// [`ApiError::SessionNotFound`] or [`ApiError::SessionForbidden`].
pub async fn status(
    app: &AppState,
    caller: &KeyRecord,
    id: &str,
) -> Result<SessionStatus, ApiError> {
    let stored = find(app, caller, id).await?;
    let now = now_ms();
    let failed = || {
        (
            SessionState::Failed,
            Some(false),
            Some(vec![ReasonCode::InternalError]),
        )
    };
    let (state, verified, reason_codes) = match &stored.record.state {
        State::Pending if now >= stored.record.expires_at_ms => (SessionState::Expired, None, None),
        State::Pending => (SessionState::Pending, None, None),
        // The process that claimed it died before it could record an end.
        State::Processing { deadline_ms } if now > *deadline_ms => failed(),
        State::Processing { .. } => (SessionState::Processing, None, None),
        State::Verified => (
            SessionState::Verified,
            Some(true),
            Some(ReasonCode::VERIFIED.to_vec()),
        ),
        State::Rejected(grounds) => (
            SessionState::Rejected,
            Some(false),
            Some(grounds.reason_codes.clone()),
        ),
        State::Failed => failed(),
    };
    Ok(SessionStatus {
        session_id: stored.id.clone(),
        state,
        challenge: ActionName::all(&stored.record.challenge.actions),
        expires_at: rfc3339(stored.record.expires_at_ms),
        verified,
        reason_codes,
        retry_hints: match &stored.record.state {
            State::Rejected(grounds) => Some(grounds.retry_hints.clone()),
            State::Pending | State::Processing { .. } | State::Verified | State::Failed => None,
        },
    })
}
