//! The record of a session, as the session store keeps it.

use std::time::Duration;

use bytes::Bytes;
use livegate_common::results::StoreError;
use livegate_common::sessions::{SessionStore, Versioned};
use livegate_liveness::challenge::Challenge;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::vocabulary::ReasonCode;

/// How long a session can be read after it expired or ended.
const READABLE_AFTER: Duration = Duration::from_secs(600);

/// A session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Id of the key that it belongs to.
    pub key: String,
    /// What it asks for.
    pub challenge: Challenge,
    /// When the server drew the challenge, Unix milliseconds; `None` where the caller named the actions,
    /// and so may have filmed them before.
    pub drawn_ms: Option<u64>,
    /// Unix milliseconds until which it can be verified.
    pub expires_at_ms: u64,
    /// What has become of it.
    pub state: State,
}

/// What has become of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not used yet.
    Pending,
    /// Claimed by a verify.
    Processing {
        /// Unix milliseconds until which that verify may run.
        deadline_ms: u64,
        /// The claim, so that whoever made it knows it again.
        claim: Uuid,
    },
    /// The capture was verified.
    Verified,
    /// The capture was rejected, for these reasons.
    Rejected(Vec<ReasonCode>),
    /// Processing failed.
    Failed,
}

/// A stored record could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not in the encoding of this version.
    #[error("a session record does not parse: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// A record and where it stands in the store, so that it can be swapped.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The session's id.
    pub id: String,
    /// The record.
    pub record: Record,
    version: u64,
}

impl Record {
    /// Stores a new session; `false` when the id is taken.
    ///
    /// # Errors
    /// [`RecordError`] when it cannot be stored.
    pub async fn create(
        &self,
        store: &dyn SessionStore,
        id: &str,
        now_ms: u64,
    ) -> Result<bool, RecordError> {
        Ok(store.create(id, self.encode()?, self.keep(now_ms)).await?)
    }

    fn encode(&self) -> Result<Bytes, serde_json::Error> {
        serde_json::to_vec(self).map(Bytes::from)
    }

    /// From now until ten minutes after it expired or ended, whichever comes last.
    fn keep(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.expires_at_ms.saturating_sub(now_ms)) + READABLE_AFTER
    }
}

impl Stored {
    /// Reads a session; `None` when there is none, or no longer.
    ///
    /// # Errors
    /// [`RecordError`] when it cannot be read.
    pub async fn load(store: &dyn SessionStore, id: &str) -> Result<Option<Self>, RecordError> {
        let Some(Versioned { version, value }) = store.load(id).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(&value)?;
        Ok(Some(Self {
            id: id.to_owned(),
            record,
            version,
        }))
    }

    /// Moves the session to another state if nobody else has moved it since it was read; `None`
    /// when somebody has.
    ///
    /// # Errors
    /// [`RecordError`]: unknown whether it was moved.
    pub async fn advance(
        self,
        store: &dyn SessionStore,
        state: State,
        now_ms: u64,
    ) -> Result<Option<Self>, RecordError> {
        let record = Record {
            state,
            ..self.record
        };
        let keep = record.keep(now_ms);
        let swapped = store
            .swap(&self.id, self.version, record.encode()?, keep)
            .await?;
        // Stores count a version up by one with each swap, and nobody else has swapped since.
        Ok(swapped.then_some(Self {
            id: self.id,
            record,
            version: self.version + 1,
        }))
    }
}

/// What has become of a claim that the store did not confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// The session is ended as failed, and no claim of it can count any more.
    Ended,
    /// Somebody else moved the session.
    Elsewhere,
}

impl Stored {
    /// Ends a session whose claim may or may not be in the store, or yet to arrive there. `self` is
    /// the session as it was before it.
    ///
    /// # Errors
    /// [`RecordError`]: nothing is known; the session ends when its deadline has passed.
    pub async fn end_unconfirmed(
        self,
        store: &dyn SessionStore,
        claim: Uuid,
        now_ms: u64,
    ) -> Result<Unconfirmed, RecordError> {
        let id = self.id.clone();
        // Not there: then it cannot arrive late either, since the version has moved on.
        if self.advance(store, State::Failed, now_ms).await?.is_some() {
            return Ok(Unconfirmed::Ended);
        }
        let Some(found) = Self::load(store, &id).await? else {
            return Ok(Unconfirmed::Elsewhere);
        };
        match found.record.state {
            State::Processing { claim: of, .. } if of == claim => {
                found.advance(store, State::Failed, now_ms).await?;
                Ok(Unconfirmed::Ended)
            }
            State::Processing { .. }
            | State::Pending
            | State::Verified
            | State::Rejected(_)
            | State::Failed => Ok(Unconfirmed::Elsewhere),
        }
    }
}

#[cfg(test)]
mod tests {
    use livegate_common::sessions::MemorySessions;
    use livegate_liveness::challenge::{Action, Angles};

    use super::*;

    fn record() -> Record {
        let actions = vec![Action::Blink, Action::TurnUp];
        let challenge = Challenge {
            actions,
            angles: Angles::default(),
            mirrored: false,
        };
        Record {
            key: "key_1".into(),
            challenge,
            drawn_ms: None,
            expires_at_ms: 5_000,
            state: State::Pending,
        }
    }

    #[tokio::test]
    async fn of_two_claims_one_succeeds() {
        let store = MemorySessions::new();
        assert!(record().create(&store, "live_1", 0).await.unwrap());
        assert!(!record().create(&store, "live_1", 0).await.unwrap());
        let first = Stored::load(&store, "live_1").await.unwrap().unwrap();
        let second = first.clone();
        let claim = || State::Processing {
            deadline_ms: 9,
            claim: Uuid::new_v4(),
        };
        let claimed = first.advance(&store, claim(), 0).await.unwrap().unwrap();
        assert!(second.advance(&store, claim(), 0).await.unwrap().is_none());
        assert!(
            claimed
                .advance(&store, State::Failed, 0)
                .await
                .unwrap()
                .is_some()
        );
        let last = Stored::load(&store, "live_1").await.unwrap().unwrap();
        assert_eq!(
            last.record,
            Record {
                state: State::Failed,
                ..record()
            }
        );
    }

    #[test]
    fn a_session_stays_readable_for_ten_minutes_past_its_expiry_and_its_end() {
        assert_eq!(record().keep(0), Duration::from_secs(605));
        assert_eq!(record().keep(9_000), Duration::from_secs(600));
    }
}
