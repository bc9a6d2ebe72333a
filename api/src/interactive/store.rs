//! Finding sessions, and putting what became of them.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_liveness::session::{End, Ending, State};
use tracing::Instrument;
use uuid::Uuid;

use super::caller::SessionCaller;
use super::frame;
use super::record::{Record, RecordError, Records, Stored};
use super::response::reasons;
use crate::audit::{AuditPlace, AuditRecord, milliseconds};
use crate::clock::rfc3339;
use crate::error::ApiError;
use crate::http::boundary::RequestId;
use crate::random;
use crate::server_to_server::details::rounded;
use crate::state::AppState;

/// Length of an id as it is written.
const ID_CHARACTERS: usize = 36;
/// Most tries to move a session on. Each that fails means that another request moved it; a session
/// has no more than its burst of frames at a time.
pub const MOST_TRIES: usize = 100;

/// How often, and how many times, a store is asked whether it did what it did not confirm.
const CONFIRM_EVERY: Duration = Duration::from_millis(500);
const CONFIRMATIONS: usize = 20;

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        Self::internal(error)
    }
}

/// Where records are.
pub fn records(state: &AppState) -> Records<'_> {
    Records {
        store: &*state.services.sessions,
        seal: &state.services.seal,
    }
}

/// The id that this text is, if it is written as ours are.
pub fn parse_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (text.len() == ID_CHARACTERS).then_some(id)
}

/// Reads a session.
///
/// # Errors
/// [`ApiError::SessionNotFound`] when there is none, or no longer.
pub async fn load(state: &AppState, id: Uuid) -> Result<Stored, ApiError> {
    let stored = records(state).load(id).await?;
    stored.ok_or(ApiError::SessionNotFound)
}

/// Finds a session that `caller` may act on.
///
/// # Errors
/// [`ApiError::SessionNotFound`] or [`ApiError::SessionForbidden`].
pub async fn find(state: &AppState, caller: &SessionCaller, id: &str) -> Result<Stored, ApiError> {
    let id = parse_id(id).ok_or(ApiError::SessionNotFound)?;
    let stored = load(state, id).await?;
    let is_theirs = match caller {
        SessionCaller::Owner(key) => stored.record.key == key.id,
        SessionCaller::Holder(held) => held.session == id,
    };
    if is_theirs {
        Ok(stored)
    } else {
        Err(ApiError::SessionForbidden)
    }
}

/// Finds a session as time has left it: over, where nobody moved it on before.
///
/// # Errors
/// As [`find`].
pub async fn find_settled(
    state: &Arc<AppState>,
    caller: &SessionCaller,
    id: &str,
    request_id: &RequestId,
) -> Result<Stored, ApiError> {
    for _ in 0..MOST_TRIES {
        let mut stored = find(state, caller, id).await?;
        if let Some(end) = stored
            .record
            .session
            .ends_at_ms()
            .filter(|e| now_ms() >= *e)
        {
            // Frames that arrived in time may be on their way still.
            let in_flight = &state.in_flight;
            in_flight
                .until_none_before(stored.id, end, frame::LIMIT)
                .await;
            stored = find(state, caller, id).await?;
        }
        let Some(settled) = settle(state, &stored) else {
            return Ok(stored);
        };
        if put(state, &stored, settled, request_id).await? {
            return find(state, caller, id).await;
        }
    }
    Err(ApiError::internal("a session changed too often to be read"))
}

/// The record once its session is over by now; `None` when time alone does not end it.
pub fn settle(state: &AppState, stored: &Stored) -> Option<Record> {
    let record = &stored.record;
    let ends = record
        .session
        .ends_at_ms()
        .is_some_and(|end| now_ms() >= end);
    // Thresholds that are gone with their models: the first set's will do to end it.
    let sets = &state.services.thresholds;
    let thresholds = sets.of(&record.models).unwrap_or(sets.first());
    ends.then(|| Record {
        session: record.session.clone().settle(now_ms(), thresholds),
        ..record.clone()
    })
}

/// Puts what became of a session, unless somebody else has changed it since it was read; `false` then.
/// The end of a session leaves its audit record.
///
/// # Errors
/// [`ApiError`]: unknown whether it was put, or the audit log has no room.
pub async fn put(
    state: &Arc<AppState>,
    stored: &Stored,
    mut next: Record,
    request_id: &RequestId,
) -> Result<bool, ApiError> {
    let audit = match next.session.state() {
        State::Pending | State::InProgress => None,
        State::Ended(end) => {
            let record = audit_record(stored.id, &next, end, request_id);
            next.ended_by = Some(random::bytes()?);
            Some((state.audit.reserve()?, record))
        }
    };
    let Some((place, record)) = audit else {
        return Ok(records(state).swap(stored, &next, now_ms()).await?);
    };
    // A session ends once and is recorded once, also if the caller hangs up between the two.
    let (state, stored) = (Arc::clone(state), stored.clone());
    let ending = async move { end(&state, &stored, &next, place, record).await };
    let ending = tokio::spawn(ending.in_current_span());
    ending
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}

async fn end(
    state: &Arc<AppState>,
    stored: &Stored,
    next: &Record,
    place: AuditPlace,
    record: AuditRecord,
) -> Result<bool, ApiError> {
    match records(state).swap(stored, next, now_ms()).await {
        Ok(true) => {
            place.record(record);
            Ok(true)
        }
        Ok(false) => Ok(false),
        Err(unknown) => {
            let confirming = confirm(Arc::clone(state), stored.clone(), next.clone());
            let recording = async move {
                if confirming.await {
                    place.record(record);
                }
            };
            tokio::spawn(recording.in_current_span());
            Err(unknown.into())
        }
    }
}

/// Whether an end that the store did not confirm is there, and not the same by somebody else, once it can be told: the store may carry
/// out late what it did not answer.
async fn confirm(state: Arc<AppState>, stored: Stored, next: Record) -> bool {
    for _ in 0..CONFIRMATIONS {
        tokio::time::sleep(CONFIRM_EVERY).await;
        match records(&state).load(stored.id).await {
            Ok(Some(found)) if found.is_after(&stored) => {
                return found.record.ended_by == next.ended_by;
            }
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => return false,
        }
    }
    let id = stored.id;
    tracing::warn!(session.id = %id, "Whether session {id} has ended is not known");
    false
}

fn audit_record(id: Uuid, record: &Record, end: &End, request_id: &RequestId) -> AuditRecord {
    AuditRecord {
        time: rfc3339(end.at_ms),
        request_id: request_id.to_string(),
        key_id: record.key.clone(),
        session_id: id.to_string(),
        mode: "interactive",
        verdict: match &end.ending {
            Ending::Expired => "expired",
            Ending::Completed(_) if end.is_live() => "verified",
            Ending::Completed(_) | Ending::Failed { .. } => "rejected",
        },
        reason_codes: reasons(end).unwrap_or_default(),
        confidence: None,
        anti_spoof_avg_score: end.anti_spoof.map(rounded),
        same_person_score: end.same_person.map(rounded),
        frames: end.frames,
        processing_time_ms: record.busy_ms,
        worker_cpu_ms: milliseconds(record.cost.cpu_us),
        inference_cpu_ms: milliseconds(record.cost.inference_us),
    }
}
