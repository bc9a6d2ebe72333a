//! Cancels an interactive session: `DELETE /api/v1/liveness/sessions/:id`.

use std::sync::Arc;

use livegate_common::id::RequestId;
use livegate_liveness::session::State;

use super::caller::SessionCaller;
use super::lookup::find_settled;
use super::response::SessionCancelled;
use super::sessions::{MOST_TRIES, cancelled, put, records};
use crate::error::ApiError;
use crate::state::AppState;

/// Cancels a session. A session that is not over ends first, as any other session does: with an audit record if it had
/// a frame. Otherwise a caller could try for ever without leaving a trace.
///
/// # Errors
/// [`ApiError::SessionOver`] when the session is over and the caller may not delete its verdict; else as
/// [`find_settled`] and [`put`].
pub async fn cancel(
    state: &Arc<AppState>,
    caller: &mut SessionCaller,
    id: &str,
    request_id: &RequestId,
) -> Result<SessionCancelled, ApiError> {
    for _ in 0..MOST_TRIES {
        let stored = find_settled(state, caller, id, request_id).await?;
        let is_gone = match stored.record.session.state() {
            State::Ended(_) if !caller.is_owner() => {
                // The person who is checked must not erase the verdict before the backend has read it.
                return Err(ApiError::SessionOver);
            }
            // Nothing changes a session that is over. Its audit record is written.
            State::Ended(_) => {
                if !records(state).remove(&stored).await? {
                    return Err(ApiError::SessionNotFound);
                }
                true
            }
            State::Pending | State::InProgress => {
                let next = cancelled(state, &stored.record);
                put(state, &stored, next, request_id).await?.is_some()
            }
        };
        if is_gone {
            let cancelled = stored.id;
            return Ok(SessionCancelled { cancelled });
        }
        // A frame was faster: decide again, from the state that it left.
    }
    Err(ApiError::internal(
        "a session changed too often to be cancelled",
    ))
}
