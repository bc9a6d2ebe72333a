//! The end of sessions that nobody asks about again: they leave their audit record all the same.
//!
//! Kept by the replica that created the session. One that stops before takes that with it: the session
//! still ends for whoever asks, and is recorded then.

use std::sync::{Arc, Weak};
use std::time::Duration;

use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use uuid::Uuid;

use super::record::LiveSession;
use super::sessions::{load, put, settle};
use crate::error::ApiError;
use crate::state::AppState;

/// How long after a session's time it is ended without being asked for: frames that arrived in time
/// may still be measured.
const PATIENCE: Duration = Duration::from_secs(6);
/// Pause before a store that could not be asked is asked again.
const RETRY: Duration = Duration::from_secs(5);

/// Sees to it that a new session ends.
pub fn start(state: &Arc<AppState>, id: Uuid, record: &LiveSession) {
    let first = record.session.ends_at_ms();
    // Not the state itself: a server that stops must not wait for its sessions.
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
                    tracing::warn!(session.id = %id, "The end of session {id} is not recorded yet: {error}");
                    tokio::time::sleep(RETRY).await;
                    Some(at_ms)
                }
            };
        }
    });
}

/// Ends the session if its time is over; gives when to look again, Unix milliseconds, if it goes on.
async fn look(state: &Weak<AppState>, id: Uuid) -> Result<Option<u64>, ApiError> {
    let Some(state) = state.upgrade() else {
        return Ok(None);
    };
    let stored = load(&state, id).await?;
    match settle(&state, &stored) {
        Some(over) => {
            let ended = put(&state, &stored, over, &RequestId::fresh()).await?;
            // Another request moved it: look again.
            Ok(ended.is_none().then(now_ms))
        }
        None => Ok(stored.record.session.ends_at_ms()),
    }
}
