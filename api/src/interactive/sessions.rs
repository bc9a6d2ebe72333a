//! Interactive sessions in their store: read, and changed as time and frames have it.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use livegate_common::records::{Attempt, Records, Stored};
use livegate_common::retry::Backoff;
use livegate_liveness::session::{End, Ending, State};
use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use super::record::LiveSession;
use super::response::reasons;
use crate::audit::{AuditPlace, AuditRecord, milliseconds};
use crate::clock::rfc3339;
use crate::contract::numbers::rounded;
use crate::error::ApiError;
use crate::state::AppState;

/// Length of an id as it is written.
const ID_CHARACTERS: usize = 36;
/// Most tries to move a session on. Each that fails means that another request moved it; a session
/// has no more than its burst of frames at a time.
pub const MOST_TRIES: usize = 100;

/// How often the end of a session is put again that the store did not confirm, about two seconds each time, and
/// the pauses between.
const END_TRIES: usize = 5;
const END_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_END_PAUSE: Duration = Duration::from_secs(2);

/// Where records are.
pub fn records(state: &AppState) -> Records<'_> {
    Records::new(&*state.services.sessions, &state.services.seal)
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
pub async fn load(state: &AppState, id: Uuid) -> Result<Stored<LiveSession>, ApiError> {
    let stored = records(state).load(&id.to_string()).await?;
    stored.ok_or(ApiError::SessionNotFound)
}

/// The record once its session is over by now; `None` when time alone does not end it.
pub fn settle(state: &AppState, stored: &Stored<LiveSession>) -> Option<LiveSession> {
    let record = &stored.record;
    let ends = record
        .session
        .ends_at_ms()
        .is_some_and(|end| now_ms() >= end);
    // Thresholds that are gone with their models: the first set's will do to end it.
    let sets = &state.services.thresholds;
    let thresholds = sets.of(&record.models).unwrap_or(sets.first());
    ends.then(|| LiveSession {
        session: record.session.clone().settle(now_ms(), thresholds),
        ..record.clone()
    })
}

/// Puts what became of a session and gives it as it stands there; `None` when another request has changed it since it
/// was read. The end of a session leaves its audit record.
///
/// # Errors
/// [`ApiError`]: unknown whether it was put, or the audit log has no room.
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
    let ending = SessionEnd {
        record: audit_record(&stored.id, &next, end, request_id),
        place: state.audit.reserve()?,
        state: Arc::clone(state),
        stored: stored.clone(),
        next,
    };
    // A session ends once and is recorded once, also if the caller hangs up between the two.
    let (answer, answered) = oneshot::channel();
    tokio::spawn(ending.put(answer).in_current_span());
    answered
        .await
        .unwrap_or_else(|_| Err(ApiError::internal("ending the session was interrupted")))
}

type Put = Result<Option<Stored<LiveSession>>, ApiError>;

/// The end of a session, on its way into the store and the audit log.
struct SessionEnd {
    state: Arc<AppState>,
    stored: Stored<LiveSession>,
    next: LiveSession,
    place: AuditPlace,
    record: AuditRecord,
}

impl SessionEnd {
    /// Puts it, and answers as soon as that is known or the store did not answer. In that case it goes on: an end
    /// that is in the store needs its audit record.
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
                    self.place.record(self.record);
                    return tell(Ok(Some(ended)));
                }
                Ok(None) => return tell(Ok(None)),
                Err(unknown) => tell(Err(unknown.into())),
            }
            backoff.wait().await;
        }
        let id = &self.stored.id;
        tracing::warn!(session.id = %id, "Whether session {id} has ended is not known");
    }
}

fn audit_record(id: &str, record: &LiveSession, end: &End, request_id: &RequestId) -> AuditRecord {
    AuditRecord {
        time: rfc3339(end.at_ms),
        request_id: request_id.to_string(),
        key_id: record.key.clone(),
        session_id: id.to_owned(),
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
