//! Creates an interactive session: `POST /api/v1/liveness/sessions`.

use std::sync::Arc;

use livegate_common::id::RequestId;
use livegate_common::job::{Cost, now_ms};
use livegate_common::seal::SealError;
use livegate_liveness::session::{Session, Task};
use livegate_liveness::thresholds::ModelSetId;
use rand::seq::SliceRandom;
use uuid::Uuid;

use super::body::{InteractiveSessionRequest, LiveBody};
use super::in_flight::LIMIT;
use super::query::{LiveOptions, Tasks};
use super::record::{LiveSession, Opening};
use super::response::{InteractiveSessionCreated, challenges};
use super::vocabulary::InteractiveState;
use super::{sessions, token, watch};
use crate::clock::rfc3339;
use crate::error::ApiError;
use crate::http::json::JsonRequest;
use crate::http::uploads::{SMALL, UploadPlace};
use crate::keys::KeyRecord;
use crate::reference::{face_for_session, face_for_test};
use crate::state::AppState;
use crate::test_mode::{TestOutcome, Tested, embedding};

/// Creates a session for `caller`.
///
/// # Errors
/// [`ApiError`] when the query or the body is wrong or the session cannot be stored.
pub async fn create(
    state: &Arc<AppState>,
    caller: &Arc<KeyRecord>,
    request_id: RequestId,
    query: &str,
    body: JsonRequest<Option<InteractiveSessionRequest>>,
) -> Result<InteractiveSessionCreated, ApiError> {
    let new = LiveOptions::parse(query)?;
    let (told, upload) = read(state, body).await?;
    let deadline = LIMIT.min(state.config.verify_timeout);
    let outcome = test_outcome(new.test_outcome, told.test_outcome)?;
    let test = TestOutcome::of(caller, outcome.as_deref(), Tested::LiveFrame, deadline)?;
    let reference = match (told.reference, &test) {
        (None, _) => None,
        // No worker measures anything for a test session.
        (Some(sent), Some(_)) => face_for_test(sent, embedding(&caller.id)),
        (Some(sent), None) => {
            Some(face_for_session(state, caller, request_id, sent, upload).await?)
        }
    };
    let now = now_ms();
    let ttl_ms = u64::try_from(state.config.session_ttl.as_millis()).unwrap_or(u64::MAX / 2);
    let expires_at_ms = match &test {
        Some(test) if test.is_expired() => now,
        Some(_) | None => now + ttl_ms,
    };
    let opening = Opening {
        key: caller.id.clone(),
        mirrored: new.mirrored,
        is_drawn: new.tasks.are_drawn(),
        attestation: told.attestation,
        test,
    };
    let tasks = choose(new.tasks);
    let session = Session::new(tasks, new.timeout_ms, caller.defaults.angles, expires_at_ms);
    let mut record = LiveSession {
        opening,
        expires_at_ms,
        cost: Cost::default(),
        busy_ms: 0,
        models: ModelSetId::default(),
        receipt: None,
        session,
    };
    if let Some(face) = reference {
        // The session's frames must be measured by the same models, as if the reference were the first of them.
        (record.cost, record.models) = (face.cost, face.models());
        record.session = record.session.with_reference(face.embedding);
    }
    let id = Uuid::new_v4();
    if !sessions::records(state)
        .create(&id.to_string(), &record, now)
        .await?
    {
        return Err(ApiError::internal("a fresh session id was taken already"));
    }
    if record.opening.test.is_none() {
        state.services.metrics.created("interactive");
    }
    watch::start(state, id, &record);
    Ok(InteractiveSessionCreated {
        session_id: id.to_string(),
        state: InteractiveState::Pending,
        challenges: challenges(&record.session),
        expires_at: rfc3339(expires_at_ms),
        client_token: issue(state, id)?,
    })
}

/// Reads the body. Its room is passed along, so that it stays taken if the caller hangs up meanwhile.
async fn read(
    state: &AppState,
    body: JsonRequest<Option<InteractiveSessionRequest>>,
) -> Result<(LiveBody, UploadPlace), ApiError> {
    let JsonRequest { bytes, place, .. } = body;
    let is_small = bytes.len() <= SMALL;
    let read = move || LiveBody::parse(&bytes).map(|told| (told, place));
    if is_small {
        read()
    } else {
        state.uploads.work(read).await
    }
}

/// The outcome of a test session, from the query or from the body.
fn test_outcome(query: Option<String>, body: Option<String>) -> Result<Option<String>, ApiError> {
    if query.is_some() && body.is_some() {
        return Err(ApiError::InvalidInput(
            "Send test_outcome once: in the query or in the body.".to_owned(),
        ));
    }
    Ok(query.or(body))
}

fn issue(state: &AppState, id: Uuid) -> Result<String, ApiError> {
    let issued = token::issue(&state.services.seal, id);
    issued.map_err(|error: SealError| ApiError::internal(error))
}

fn choose(tasks: Tasks) -> Vec<Task> {
    match tasks {
        Tasks::Chosen(tasks) => tasks,
        Tasks::Drawn { number, mut from } => {
            from.shuffle(&mut rand::rng());
            from.truncate(number);
            from
        }
    }
}
