//! The end of a verification whose answer can be repeated.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::records::Stored;
use livegate_common::retry::Backoff;
use tracing::Instrument;

use super::claim::warn_gone;
use super::idempotency::{self, End, KeptAnswer, Outcome};
use super::record::{Ending, VerifySession};
use super::run::{Ended, Verification};
use crate::audit::{AuditPlace, AuditRecord};
use crate::error::ApiError;
use crate::state::AppState;

/// How many times more the end is written if the store does not confirm it; a try takes about two seconds.
/// Below: the pauses before them.
const LATER_TRIES: usize = 10;
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
        let end = RepeatableEnd {
            state: self.state,
            session: self.session,
            ending,
            answer: KeptAnswer { outcome, audit },
            place: self.audit,
            record,
        };
        let reached = match end.reach().await {
            Ok(reached) => reached,
            Err(unknown) => {
                tokio::spawn(end.reach_later().in_current_span());
                return Err(ApiError::Unsettled(unknown.into()));
            }
        };
        let outcome = end.answer.outcome.clone();
        if !end.recorded(reached).await {
            return Ok(Ended::Lost);
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
    place: AuditPlace,
    record: AuditRecord,
}

impl RepeatableEnd {
    async fn reach(&self) -> Result<End, ApiError> {
        idempotency::end(
            &self.state,
            self.session.clone(),
            &self.ending,
            &self.answer,
        )
        .await
    }

    /// Tries on, without a caller: the session may have ended, and then needs its audit record.
    async fn reach_later(self) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        for _ in 0..LATER_TRIES {
            backoff.wait().await;
            if let Ok(reached) = self.reach().await {
                self.recorded(reached).await;
                return;
            }
        }
        let id = &self.session.id;
        tracing::warn!(session.id = %id, "The store did not confirm the end of session {id}");
    }

    /// Writes the audit record unless somebody else does, and returns whether the session ended with this answer.
    async fn recorded(self, reached: End) -> bool {
        match reached {
            End::Ours(session) => {
                // Once the claim has lapsed, a repeated request may write the line: then only one of them does.
                let is_ours = session.record.is_claimed_at(now_ms())
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
            End::Gone => {
                warn_gone(&self.session.id);
                self.place.record(self.record).await;
            }
            End::Lost => return false,
        }
        true
    }
}
