//! Ends sessions whose time is over and that receive no further request, so that they too leave an
//! audit record.
//!
//! Done by the replica that created the session. If that replica stops before, the next request for the
//! session ends it and records it then.

use std::sync::{Arc, Weak};
use std::time::Duration;

use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use uuid::Uuid;

use super::record::LiveSession;
use super::sessions::{load, put, settle};
use crate::error::ApiError;
use crate::state::AppState;

/// How long after a session's time it is ended without a request: frames that arrived in time may still
/// be measured.
const PATIENCE: Duration = Duration::from_secs(6);
/// Pause before a store that did not answer is asked again.
const RETRY: Duration = Duration::from_secs(5);

/// Makes sure that a new session ends.
pub fn start(state: &Arc<AppState>, id: Uuid, record: &LiveSession) {
    let first = record.session.ends_at_ms();
    // A weak reference: a server that stops must not wait for its sessions.
    let state = Arc::downgrade(state);
    tokio::spawn(async move {
        let mut ends_at_ms = first;
        while let Some(at_ms) = ends_at_ms {
            let wait = Duration::from_millis(at_ms.saturating_sub(now_ms())) + PATIENCE;
            tokio::time::sleep(wait).await;
            ends_at_ms = match look(&state, id).await {
                Ok(next) => next,
                Err(ApiError::SessionNotFound) => None,
                Err(error) => {
                    tracing::warn!(session.id = %id, "The end of session {id} could not be recorded yet: {error}");
                    tokio::time::sleep(RETRY).await;
                    Some(at_ms)
                }
            };
        }
    });
}

/// Ends the session if its time is over; else returns when to check again, Unix milliseconds. `None`:
/// the session is over.
async fn look(state: &Weak<AppState>, id: Uuid) -> Result<Option<u64>, ApiError> {
    let Some(state) = state.upgrade() else {
        return Ok(None);
    };
    let stored = load(&state, id).await?;
    match settle(&state, &stored) {
        Some(over) => {
            let ended = put(&state, &stored, over, &RequestId::fresh()).await?;
            // Another request changed it: check again.
            Ok(ended.is_none().then(now_ms))
        }
        None => Ok(stored.record.session.ends_at_ms()),
    }
}
