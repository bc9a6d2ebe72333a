//! What a request with a key finds in its session's record.

use std::sync::Arc;

use livegate_common::records::Stored;
use serde::{Deserialize, Serialize};
use tracing::Instrument;
use uuid::Uuid;

use super::Identity;
use super::kept::{KEPT, KeptAnswer, Outcome};
use super::lease::record_once;
use crate::error::ApiError;
use crate::state::AppState;
use crate::verify::record::{State, VerifySession};
use crate::verify::session::records;

/// How long a claim holds after it was made or renewed, milliseconds.
///
/// It is renewed each second. Replicas compare it with their own clocks: a clock that is ahead makes a claim lapse early, which costs work and no verdict.
pub const LEASE_MS: u64 = 3_000;

/// The claim of a request with a key, in its session's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeatable {
    /// The request.
    pub identity: Identity,
    /// Id of the claim. In the record of a session that has ended: id of its answer.
    pub owner: Uuid,
    /// When the claim lapses unless it is renewed, Unix milliseconds. In the record of a session that has
    /// ended: when its audit record is written at the latest, if the process that ended it lives.
    pub until_ms: u64,
    /// Whether the audit record is written. Has a meaning once the session has ended.
    pub is_recorded: bool,
}

/// How a session's record stands to a request with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody works on it: the request may claim it.
    Free,
    /// The same request is being worked on, or was answered and its audit record is being written.
    Working,
    /// The same request was worked on by a process that died or stalls: the claim may be taken over.
    Abandoned,
    /// The same request was answered.
    Answered,
    /// Another body was sent with the same key.
    OtherBody,
    /// The session is used, and not by this request.
    Used,
    /// The session expired before it was used.
    Expired,
}

impl Standing {
    /// How this record stands to the request at `now_ms`, Unix milliseconds.
    pub fn of(record: &VerifySession, request: &Identity, now_ms: u64) -> Self {
        let is_ended = match record.state {
            State::Pending if now_ms >= record.expires_at_ms => return Self::Expired,
            State::Pending => return Self::Free,
            State::Processing { .. } => false,
            State::Verified | State::Rejected(_) | State::Failed => true,
        };
        let Some(claim) = &record.repeatable else {
            return Self::Used;
        };
        let kept_ms = u64::try_from(KEPT.as_millis()).unwrap_or_default();
        let Identity { key, body } = claim.identity;
        if key != request.key || now_ms >= claim.until_ms + kept_ms {
            Self::Used
        } else if body != request.body {
            Self::OtherBody
        } else if is_ended && claim.is_recorded {
            Self::Answered
        } else if now_ms < claim.until_ms {
            Self::Working
        } else if is_ended {
            Self::Answered
        } else {
            Self::Abandoned
        }
    }
}

/// The answer that the session's record names. If the process that reached it died before it could, first does what
/// follows from the end of the session: takes a verified session's attempt back, and writes the audit record.
///
/// # Errors
/// [`ApiError::SessionUsed`] when the answer is not kept any more, or never was for want of room.
pub async fn repeat(
    state: &Arc<AppState>,
    session: &Stored<VerifySession>,
) -> Result<Outcome, ApiError> {
    let claim = session.record.repeatable.as_ref();
    let claim = claim.ok_or(ApiError::SessionUsed)?;
    let (records, id) = (records(state), claim.owner.to_string());
    let kept: Option<Stored<KeptAnswer>> = records.load(&id).await?;
    let KeptAnswer { outcome, audit } = kept.ok_or(ApiError::SessionUsed)?.record;
    if !claim.is_recorded {
        let place = state.audit.reserve()?;
        let (state, session) = (Arc::clone(state), session.clone());
        let settling = async move {
            // Where it is unknown whose line it is, it is written: twice is better than never.
            if record_once(&state, &session).await.unwrap_or(true) {
                place.repeat(audit).await;
                if let Some(attempt) = session.record.taken_back() {
                    attempt.take_back(&state, &session.record.key).await;
                }
            }
        };
        // As a task of its own, which a caller who hangs up does not cancel.
        let _ = tokio::spawn(settling.in_current_span()).await;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use livegate_liveness::challenge::{Action, Angles, Challenge};

    use super::*;

    const REQUEST: Identity = Identity {
        key: [1; 32],
        body: [2; 32],
    };

    fn session(state: State, claim: Option<Identity>) -> VerifySession {
        VerifySession {
            key: "key_1".to_owned(),
            challenge: Challenge {
                actions: vec![Action::Blink, Action::TurnUp],
                angles: Angles::default(),
                mirrored: false,
            },
            is_drawn: false,
            created_ms: 0,
            expires_at_ms: 1_000,
            test: None,
            state,
            repeatable: claim.map(|request| Repeatable {
                until_ms: 5_000,
                ..request.claim()
            }),
            attempt: None,
        }
    }

    #[test]
    fn only_the_same_request_goes_on_and_only_while_its_answer_may_be_kept() {
        let working = || State::Processing { deadline_ms: 9_000 };
        let other_key = Identity {
            key: [3; 32],
            ..REQUEST
        };
        let other_body = Identity {
            body: [3; 32],
            ..REQUEST
        };
        let standing = |state, claim, now| Standing::of(&session(state, claim), &REQUEST, now);
        for (state, claim, now, expected) in [
            (State::Pending, None, 999, Standing::Free),
            (State::Pending, None, 1_000, Standing::Expired),
            (working(), None, 2_000, Standing::Used),
            (working(), Some(other_key), 2_000, Standing::Used),
            (working(), Some(other_body), 2_000, Standing::OtherBody),
            (working(), Some(REQUEST), 4_999, Standing::Working),
            (working(), Some(REQUEST), 5_000, Standing::Abandoned),
            (working(), Some(REQUEST), 125_000, Standing::Used),
            (State::Failed, Some(REQUEST), 4_999, Standing::Working),
            (State::Failed, Some(REQUEST), 5_000, Standing::Answered),
            (State::Verified, Some(REQUEST), 124_999, Standing::Answered),
            (State::Verified, Some(REQUEST), 125_000, Standing::Used),
            (
                State::Verified,
                Some(other_body),
                9_000,
                Standing::OtherBody,
            ),
            (State::Verified, Some(other_body), 125_000, Standing::Used),
            (State::Verified, Some(other_key), 9_000, Standing::Used),
            (State::Verified, None, 9_000, Standing::Used),
        ] {
            assert_eq!(
                standing(state.clone(), claim, now),
                expected,
                "{state:?} {claim:?} {now}"
            );
        }
        let mut recorded = session(State::Verified, Some(REQUEST));
        if let Some(claim) = &mut recorded.repeatable {
            claim.is_recorded = true;
        }
        let standing = Standing::of(&recorded, &REQUEST, 2_000);
        assert_eq!(standing, Standing::Answered);
    }
}
