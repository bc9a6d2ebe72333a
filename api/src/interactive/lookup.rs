//! Finds the session that a request names, and checks that its caller may act on it.

use std::sync::Arc;

use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use livegate_common::records::Stored;

use super::caller::{SessionCaller, Who};
use super::in_flight::LIMIT;
use super::record::LiveSession;
use super::sessions::{MOST_TRIES, load, parse_id, put, settle};
use crate::error::ApiError;
use crate::state::AppState;

/// Finds a session that `who` may act on.
///
/// # Errors
/// [`ApiError::SessionNotFound`] or [`ApiError::SessionForbidden`].
pub async fn find(state: &AppState, who: &Who, id: &str) -> Result<Stored<LiveSession>, ApiError> {
    let id = parse_id(id).ok_or(ApiError::SessionNotFound)?;
    let stored = load(state, id).await?;
    let is_theirs = match who {
        Who::Owner(key) => {
            // A key that became a test key, or ceased to be one, keeps its id and none of its sessions.
            let opening = &stored.record.opening;
            opening.key == key.id && opening.test.is_some() == key.is_test
        }
        Who::Holder(session) => *session == id,
    };
    if is_theirs {
        Ok(stored)
    } else {
        Err(ApiError::SessionForbidden)
    }
}

/// The session as it was loaded to authenticate the caller, else as [`find`] finds it.
///
/// # Errors
/// As [`find`].
pub async fn first(
    state: &AppState,
    caller: &mut SessionCaller,
    id: &str,
) -> Result<Stored<LiveSession>, ApiError> {
    match caller.loaded.take() {
        Some(loaded) => Ok(*loaded),
        None => find(state, &caller.who, id).await,
    }
}

/// Finds a session after ending it, if its time is over and no request has ended it before.
///
/// # Errors
/// As [`find`].
pub async fn find_settled(
    state: &Arc<AppState>,
    caller: &mut SessionCaller,
    id: &str,
    request_id: &RequestId,
) -> Result<Stored<LiveSession>, ApiError> {
    let mut stored = first(state, caller, id).await?;
    for _ in 0..MOST_TRIES {
        let end = stored.record.session.ends_at_ms();
        if let Some(end) = end.filter(|end| now_ms() >= *end) {
            // Frames that arrived in time may still be in flight.
            let in_flight = &state.in_flight;
            in_flight.until_none_before(&stored.id, end, LIMIT).await;
            stored = find(state, &caller.who, id).await?;
        }
        let Some(settled) = settle(state, &stored) else {
            return Ok(stored);
        };
        if let Some(ended) = put(state, &stored, settled, request_id).await? {
            return Ok(ended);
        }
        stored = find(state, &caller.who, id).await?;
    }
    Err(ApiError::internal("a session changed too often to be read"))
}
