//! Creates an interactive session: `POST /api/v1/liveness/sessions`.

use std::sync::Arc;

use livegate_common::job::{Cost, now_ms};
use livegate_common::seal::SealError;
use livegate_liveness::session::{Session, Task};
use livegate_liveness::thresholds::ModelSetId;
use rand::seq::SliceRandom;
use uuid::Uuid;

use super::body::LiveBody;
use super::query::{LiveOptions, Tasks};
use super::record::{LiveSession, Opening};
use super::response::{InteractiveSessionCreated, challenges};
use super::vocabulary::InteractiveState;
use super::{sessions, token, watch};
use crate::attempts::CountedAttempt;
use crate::clock::rfc3339;
use crate::error::ApiError;
use crate::keys::KeyRecord;
use crate::state::AppState;

/// Creates a session for `caller`.
///
/// # Errors
/// [`ApiError`] when the query or the body is wrong or the session cannot be stored.
pub async fn create(
    state: &Arc<AppState>,
    caller: &KeyRecord,
    query: &str,
    body: &[u8],
) -> Result<InteractiveSessionCreated, ApiError> {
    let new = LiveOptions::parse(query)?;
    let told = LiveBody::parse(body)?;
    let now = now_ms();
    let ttl_ms = u64::try_from(state.config.session_ttl.as_millis()).unwrap_or(u64::MAX / 2);
    let expires_at_ms = now + ttl_ms;
    let opening = Opening {
        key: caller.id.clone(),
        mirrored: new.mirrored,
        is_drawn: new.tasks.are_drawn(),
        attestation: told.attestation,
        attempt: CountedAttempt::count(state, caller, told.subject_ref.as_ref()).await?,
    };
    let tasks = choose(new.tasks);
    let record = LiveSession {
        opening,
        expires_at_ms,
        cost: Cost::default(),
        busy_ms: 0,
        models: ModelSetId::default(),
        receipt: None,
        session: Session::new(tasks, new.timeout_ms, caller.defaults.angles, expires_at_ms),
    };
    let id = Uuid::new_v4();
    if !sessions::records(state)
        .create(&id.to_string(), &record, now)
        .await?
    {
        return Err(ApiError::internal("a fresh session id was taken already"));
    }
    state.services.metrics.created("interactive");
    watch::start(state, id, &record);
    Ok(InteractiveSessionCreated {
        session_id: id.to_string(),
        state: InteractiveState::Pending,
        challenges: challenges(&record.session),
        expires_at: rfc3339(expires_at_ms),
        client_token: issue(state, id)?,
    })
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
