//! The claim of a session by a verification, and the record of how the session ended.

use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::records::{Attempt, RecordError};

use super::idempotency::Identity;
use super::record::{Ending, State, VerifySession};
use super::run::Verification;
use super::session::records;
use crate::attempts::CountedAttempt;

/// How long after its deadline a claimed session still counts as being processed: the record of the end
/// may take nearly as long if the store stalls.
const PROCESSING_MARGIN: Duration = Duration::from_secs(5);

/// What became of a claim.
pub(super) enum Claim {
    /// The session is claimed by this verify.
    Ours,
    /// Another verify has claimed it.
    Taken,
    /// The session does not exist any more.
    Gone,
}

impl Verification {
    /// Claims the session.
    pub(super) async fn claim(&mut self) -> Result<Claim, RecordError> {
        let records = records(&self.state);
        let longest = self.time_left() + PROCESSING_MARGIN;
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX / 2);
        let (now, claim) = (now_ms(), Attempt::fresh());
        let mut claimed = self.session.record.in_state(State::Processing {
            deadline_ms: now + longest_ms,
        });
        claimed.repeatable = self.identity.map(Identity::claim);
        // If the store does not answer in time, it may hold the claim all the same: then the session is
        // used, and ends as failed at its deadline. A claim that arrives after that of another verify
        // finds another version and has no effect.
        if let Some(claimed) = records.swap(&self.session, claimed, claim, now).await? {
            self.session = claimed;
            return Ok(Claim::Ours);
        }
        // A store that was started anew holds no sessions. If it does not answer, one thing is known all
        // the same: this verify has not claimed the session.
        Ok(
            match records.load::<VerifySession>(&self.session.id).await {
                Ok(None) => Claim::Gone,
                Ok(Some(_)) | Err(_) => Claim::Taken,
            },
        )
    }

    /// Records how the session ended. Returns the attempt that no longer counts, if there is one.
    pub(super) async fn record_end(&self, ending: &Ending) -> Option<CountedAttempt> {
        let ended = self.session.record.ended(ending);
        let swap = records(&self.state)
            .swap(&self.session, ended, Attempt::fresh(), now_ms())
            .await;
        match swap {
            Ok(Some(ended)) => return ended.record.taken_back().cloned(),
            Ok(None) => warn_gone(&self.session.id),
            Err(error) => self.warn_unrecorded(&error),
        }
        None
    }

    fn warn_unrecorded(&self, error: &RecordError) {
        let id = &self.session.id;
        tracing::warn!(session.id = %id, error = %error, "The end of session {id} could not be recorded: {error}");
    }
}

pub(super) fn warn_gone(id: &str) {
    tracing::warn!(session.id = %id, "Session {id} no longer existed when its end was to be recorded");
}
