//! Reads interactive sessions from their store, and swaps in their next states.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use livegate_common::records::{Attempt, Records, Stored};
use livegate_common::retry::Backoff;
use livegate_liveness::session::{End, Ending, State};
use livegate_liveness::thresholds::Thresholds;
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use super::receipt;
use super::record::LiveSession;
use super::response::reasons;
use crate::audit::{AuditPlace, AuditRecord, milliseconds};
use crate::clock::rfc3339;
use crate::contract::numbers::rounded;
use crate::error::ApiError;
use crate::state::AppState;

/// Length of an id as text, characters.
const ID_CHARACTERS: usize = 36;
/// Most tries to swap in a session's next state. A try fails only because another request was faster,
/// and a session has at most its burst of frames at a time.
pub const MOST_TRIES: usize = 100;

/// How many times the end of a session is written if the store does not confirm it; a try takes about
/// two seconds. Below: the pauses between tries.
const END_TRIES: usize = 5;
const END_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_END_PAUSE: Duration = Duration::from_secs(2);

/// The store of the records.
pub fn records(state: &AppState) -> Records<'_> {
    Records::new(&*state.services.sessions, &state.services.seal)
}

/// The id in `text`; `None` unless it is written as our ids are.
pub fn parse_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (text.len() == ID_CHARACTERS).then_some(id)
}

/// Loads a session.
///
/// # Errors
/// [`ApiError::SessionNotFound`] when it does not exist, no longer exists, or was cancelled.
pub async fn load(state: &AppState, id: Uuid) -> Result<Stored<LiveSession>, ApiError> {
    let stored: Option<Stored<LiveSession>> = records(state).load(&id.to_string()).await?;
    // The record of a cancelled session is there for a moment, or longer if its removal failed.
    stored
        .filter(|s| !s.record.is_cancelled())
        .ok_or(ApiError::SessionNotFound)
}

/// The record with its session ended, if its time is over by now; else `None`.
pub fn settle(state: &AppState, stored: &Stored<LiveSession>) -> Option<LiveSession> {
    let record = &stored.record;
    let ends = record
        .session
        .ends_at_ms()
        .is_some_and(|end| now_ms() >= end);
    let session = record.session.clone();
    ends.then(|| LiveSession {
        session: session.settle(now_ms(), thresholds(state, record)),
        ..record.clone()
    })
}

/// The record with its session cancelled.
pub fn cancelled(state: &AppState, record: &LiveSession) -> LiveSession {
    let session = record.session.clone();
    LiveSession {
        session: session.cancel(now_ms(), thresholds(state, record)),
        ..record.clone()
    }
}

/// The thresholds to end a session with that no frame ends. Those of its models may be gone with the models; then those
/// of the first set suffice.
fn thresholds<'a>(state: &'a AppState, record: &LiveSession) -> &'a Thresholds {
    let sets = &state.services.thresholds;
    sets.of(&record.models).unwrap_or(sets.first())
}

/// Swaps in a session's next state and returns it as stored; `None` when another request has changed
/// the session since it was read. If the session ends by this, its audit record is written; if it is cancelled, its
/// record is then removed from the store.
///
/// # Errors
/// [`ApiError`] when it is not known whether the state was stored, or when the audit log has no room.
pub async fn put(
    state: &Arc<AppState>,
    stored: &Stored<LiveSession>,
    next: LiveSession,
    request_id: &RequestId,
) -> Result<Option<Stored<LiveSession>>, ApiError> {
    let State::Ended(end) = next.session.state() else {
        let records = records(state);
        return Ok(records
            .swap(stored, next, Attempt::fresh(), now_ms())
            .await?);
    };
    let receipt = receipt::issue(&state.receipts, &stored.id, &next, end, request_id);
    let trace = if end.is_cancelled() && end.frames == 0 {
        None
    } else {
        let record = audit_record(&stored.id, &next, end, request_id);
        Some((state.audit.reserve()?, record))
    };
    let ending = SessionEnd {
        trace,
        state: Arc::clone(state),
        stored: stored.clone(),
        next: LiveSession { receipt, ..next },
    };
    // The store and the audit log must agree: a session that ends is recorded once, even if the caller
    // hangs up between the two.
    let (answer, answered) = oneshot::channel();
    tokio::spawn(ending.put(answer).in_current_span());
    answered
        .await
        .unwrap_or_else(|_| Err(ApiError::internal("ending the session was interrupted")))
}

type Put = Result<Option<Stored<LiveSession>>, ApiError>;

/// The end of a session that is being written to the store and then to the audit log.
struct SessionEnd {
    state: Arc<AppState>,
    stored: Stored<LiveSession>,
    next: LiveSession,
    /// The audit record and its place; `None` for a session that was cancelled before its first frame.
    trace: Option<(AuditPlace, AuditRecord)>,
}

impl SessionEnd {
    /// Writes the end. Answers as soon as the store confirms it or fails to answer. In the latter case
    /// it keeps trying, since an end that is in the store needs its audit record.
    async fn put(self, answer: oneshot::Sender<Put>) {
        let attempt = Attempt::fresh();
        let mut answer = Some(answer);
        let mut tell = move |put| {
            if let Some(answer) = answer.take() {
                // The caller may have hung up.
                let _ = answer.send(put);
            }
        };
        let mut backoff = Backoff::new(END_PAUSE, LONGEST_END_PAUSE);
        for _ in 0..END_TRIES {
            let next = self.next.clone();
            match records(&self.state)
                .swap(&self.stored, next, attempt, now_ms())
                .await
            {
                Ok(Some(ended)) => {
                    match self.trace {
                        Some((place, record)) => place.record(record).await,
                        None if ended.record.opening.test.is_some() => {}
                        None => self.state.services.metrics.cancelled(),
                    }
                    if ended.record.is_cancelled() {
                        // What stays behind is not found, holds no measurements, and expires.
                        let _ = records(&self.state).remove(&ended).await;
                    }
                    let spared = ended.record.taken_back().cloned();
                    let key = ended.record.opening.key.clone();
                    tell(Ok(Some(ended)));
                    if let Some(attempt) = spared {
                        attempt.take_back(&self.state, &key).await;
                    }
                    return;
                }
                Ok(None) => return tell(Ok(None)),
                Err(unknown) => tell(Err(unknown.into())),
            }
            backoff.wait().await;
        }
        let id = &self.stored.id;
        tracing::warn!(session.id = %id, "The store did not confirm the end of session {id}");
    }
}

fn audit_record(id: &str, record: &LiveSession, end: &End, request_id: &RequestId) -> AuditRecord {
    AuditRecord {
        time: rfc3339(end.at_ms),
        request_id: request_id.to_string(),
        caller_request_id: request_id.callers().map(ToString::to_string),
        key_id: record.opening.key.clone(),
        session_id: id.to_owned(),
        test: record.opening.test.is_some(),
        mode: "interactive",
        verdict: match &end.ending {
            Ending::Expired => "expired",
            Ending::Completed(_) if end.is_live() => "verified",
            Ending::Completed(_) | Ending::Failed { .. } => "rejected",
            Ending::Cancelled => "cancelled",
        },
        reason_codes: reasons(end).unwrap_or_default(),
        confidence: None,
        anti_spoof_avg_score: end.anti_spoof.map(rounded),
        same_person_score: end.same_person.map(rounded),
        evidence_level: receipt::established(&record.opening, end.frames),
        frames: end.frames,
        processing_time_ms: record.busy_ms,
        worker_cpu_ms: milliseconds(record.cost.cpu_us),
        inference_cpu_ms: milliseconds(record.cost.inference_us),
    }
}
