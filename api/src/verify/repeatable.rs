//! The end of a verification whose answer can be repeated.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::records::Stored;
use livegate_common::retry::Backoff;
use tokio::time::Instant;

use super::claim::warn_gone;
use super::idempotency::{self, End, Found, KeptAnswer, Outcome};
use super::record::{Ending, VerifySession};
use super::run::{Ended, Verification};
use crate::audit::{AuditPlace, AuditRecord};
use crate::error::ApiError;
use crate::state::AppState;

/// For how long the end is written again if the store does not confirm it. Below: the pauses between tries.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Verification {
    /// Ends the session with an answer that can be repeated. If it is unknown whether the session ended with it, the
    /// answer is not given: another replica may reach one, too.
    pub(super) async fn end_repeatable(
        self,
        ending: Ending,
        answer: Result<String, ApiError>,
        record: AuditRecord,
    ) -> Result<Ended, ApiError> {
        let (outcome, failure) = match answer {
            Ok(json) => (Outcome::Verdict(json), None),
            Err(error) => (Outcome::of_failure(&error), Some(error)),
        };
        let audit = record.line().map_err(ApiError::internal)?;
        let mut end = RepeatableEnd {
            state: self.state,
            session: self.session,
            ending,
            answer: KeptAnswer { outcome, audit },
            has_room: None,
            place: self.audit,
            record,
        };
        let reached = match end.reach().await {
            Ok(reached) => reached,
            Err(unknown) => {
                tokio::spawn(end.reach_later());
                return Err(ApiError::Unsettled(unknown.into()));
            }
        };
        let outcome = end.answer.outcome.clone();
        match reached {
            End::Lost => return Ok(Ended::Lost),
            End::Gone => {
                warn_gone(&end.session.id);
                end.place.record(end.record).await;
            }
            reached @ (End::Ours(_) | End::Before(_)) => end.record(reached).await,
        }
        match failure {
            Some(error) => Err(error),
            None => outcome.into_result().map(Ended::Answered),
        }
    }
}

/// An end whose audit record is not written yet.
struct RepeatableEnd {
    state: Arc<AppState>,
    session: Stored<VerifySession>,
    ending: Ending,
    answer: KeptAnswer,
    /// Whether the key has room to keep the answer; `None` until that is known.
    has_room: Option<bool>,
    place: AuditPlace,
    record: AuditRecord,
}

impl RepeatableEnd {
    async fn reach(&mut self) -> Result<End, ApiError> {
        let (state, session) = (&self.state, &self.session);
        idempotency::keep(state, session, &self.answer, &mut self.has_room).await?;
        idempotency::end(state, session.clone(), &self.ending).await
    }

    /// Tries on, without a caller: the session may have ended, and then needs its audit record.
    async fn reach_later(mut self) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            backoff.wait().await;
            match idempotency::find(&self.state, &self.session).await {
                Ok(Found::Over(end)) => return self.record(end).await,
                // Nobody got this answer, or could get it: a repeated request reaches another.
                Ok(Found::Claimed(_)) if self.has_room == Some(false) => return,
                Ok(Found::Claimed(_)) => {
                    if let Ok(end) = self.reach().await {
                        return self.record(end).await;
                    }
                }
                Err(_) => {}
            }
        }
        let id = &self.session.id;
        tracing::warn!(session.id = %id, "The store did not confirm the end of session {id}");
    }

    /// Writes the audit record of a session that ended with this answer, unless somebody else does.
    async fn record(self, end: End) {
        let (session, is_just_ended) = match end {
            End::Ours(session) => (session, true),
            End::Before(session) => (session, false),
            End::Gone => return warn_gone(&self.session.id),
            End::Lost => return,
        };
        // A repeated request may write the line once the claim has lapsed: then only one of them does.
        let is_ours = (is_just_ended && session.record.is_claimed_at(now_ms()))
            || idempotency::record_once(&self.state, &session)
                .await
                .unwrap_or(true);
        if is_ours {
            self.place.record(self.record).await;
        }
        let state = self.state;
        tokio::spawn(async move {
            // If this fails, a repeated request may write the same line once more.
            let _ = idempotency::record_once(&state, &session).await;
            if let Some(attempt) = session.record.taken_back() {
                attempt.take_back(&state, &session.record.key).await;
            }
        });
    }
}
