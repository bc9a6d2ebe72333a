//! A frame of a test session: its refusal, and its effect without workers.

use std::sync::Arc;

use livegate_common::id::RequestId;
use livegate_common::records::Stored;
use livegate_liveness::session::{Report, Session};
use livegate_liveness::thresholds::Thresholds;

use super::record::{LiveSession, Opening};
use super::sessions::put;
use crate::error::ApiError;
use crate::state::AppState;
use crate::test_mode::{TestOutcome, Tested, cue};

/// Holds a frame of a test session back as long as its outcome says, and refuses it if that is an error. A session
/// that is over by `arrived_ms`, Unix milliseconds, answers as any other.
///
/// # Errors
/// The error that the session was created for; the session then stays as it was.
pub(super) async fn refuse(
    state: &Arc<AppState>,
    stored: &Stored<LiveSession>,
    arrived_ms: u64,
    request_id: &RequestId,
) -> Result<(), ApiError> {
    let record = &stored.record;
    let is_over = record
        .session
        .ends_at_ms()
        .is_none_or(|end| arrived_ms >= end);
    let Some(test) = record.opening.test.as_ref().filter(|_| !is_over) else {
        return Ok(());
    };
    test.pause().await;
    let Some(error) = test.refusal(Tested::LiveFrame) else {
        return Ok(());
    };
    if let Some(next) = test.after_refusal() {
        let record = LiveSession {
            opening: Opening {
                test: Some(next),
                ..record.opening.clone()
            },
            ..record.clone()
        };
        // Where another frame was faster, it has made the same change.
        put(state, stored, record, request_id).await?;
    }
    Err(error)
}

/// The next state of a test session, by its outcome, with a frame that arrived at `arrived_ms`.
pub(super) fn step(
    session: &Session,
    test: &TestOutcome,
    arrived_ms: u64,
    thresholds: &Thresholds,
) -> (Session, Report) {
    let tasks = session.tasks().len();
    session.rehearse(arrived_ms, thresholds, |before, passed| {
        cue(test.reasons(), tasks, before, passed, thresholds)
    })
}
