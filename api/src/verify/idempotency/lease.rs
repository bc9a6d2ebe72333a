//! The claim of a request with a key while it is worked on, and the end of its session.

use std::convert::Infallible;
use std::time::Duration;

use livegate_common::job::now_ms;
use livegate_common::records::{Attempt, RecordError, Stored};
use uuid::Uuid;

use super::kept::KeptAnswer;
use super::repeat::{LEASE_MS, Repeatable};
use crate::error::ApiError;
use crate::state::AppState;
use crate::verify::record::{Ending, State, VerifySession};
use crate::verify::session::records;

/// Time between two renewals of a claim.
const RENEW: Duration = Duration::from_secs(1);

/// How a claim ended.
pub enum End {
    /// This call recorded in the session's record that it ended with this claim's answer.
    Ours(Box<Stored<VerifySession>>),
    /// An earlier call, whose confirmation was lost, has recorded it.
    Before(Box<Stored<VerifySession>>),
    /// Another claim has taken the session over, and its answer counts.
    Lost,
    /// The session's record is gone, as after a restart of the store. So nobody else can reach a verdict.
    Gone,
}

/// What became of a claim since its session was read.
pub enum Found {
    /// It holds, or can be renewed.
    Claimed(Box<Stored<VerifySession>>),
    /// It is over.
    Over(End),
}

/// Renews the claim in this record for as long as it is worked on.
pub async fn renew(state: &AppState, mut session: Stored<VerifySession>) -> Infallible {
    let owner = owner(&session);
    loop {
        tokio::time::sleep(RENEW).await;
        let now = now_ms();
        let renewed = session.record.renewed(now);
        let records = records(state);
        match records.swap(&session, renewed, Attempt::fresh(), now).await {
            Ok(Some(renewed)) => session = renewed,
            // Either the claim is lost, or a renewal without an answer took place after all.
            Ok(None) => match records.load(&session.id).await {
                Ok(Some(current)) if is_claimed_by(&current, owner) => session = current,
                Ok(_) => return std::future::pending().await,
                Err(_) => {}
            },
            Err(error) => {
                let id = &session.id;
                tracing::warn!(session.id = %id, error = %error, "The claim of session {id} could not be renewed: {error}");
            }
        }
    }
}

/// Keeps the answer for repeated requests, if its key has room for it. `has_room` is `None` until that is known: room is
/// taken once, however often this is called after an error.
///
/// # Errors
/// [`ApiError`]: it is unknown whether it is kept.
pub async fn keep(
    state: &AppState,
    session: &Stored<VerifySession>,
    answer: &KeptAnswer,
    has_room: &mut Option<bool>,
) -> Result<(), ApiError> {
    let (records, id, key) = (records(state), &session.id, &session.record.key);
    let owner = owner(session).ok_or_else(|| ApiError::internal("the claim has no owner"))?;
    let keeping = async {
        let has_room = match *has_room {
            Some(known) => known,
            None => *has_room.insert(answer.has_room(&*state.services.limits, key).await?),
        };
        if has_room {
            records.add(&owner.to_string(), answer, now_ms()).await?;
        } else {
            tracing::warn!(key.id = %key, session.id = %id, "The answer of session {id} is not kept for a repeated request: key {key} keeps as much as it may");
        }
        Ok(())
    };
    // A large answer takes a slow store seconds: the claim holds meanwhile.
    tokio::select! {
        kept = keeping => kept,
        never = renew(state, session.clone()) => match never {},
    }
}

/// Ends the session with the claim's answer, if the claim still holds. Can be called again after an error.
///
/// # Errors
/// [`ApiError`]: it is unknown whether the session ended with this answer.
pub async fn end(
    state: &AppState,
    mut session: Stored<VerifySession>,
    ending: &Ending,
) -> Result<End, ApiError> {
    let records = records(state);
    loop {
        let now = now_ms();
        let next = session.record.renewed(now).ended(ending);
        let swap = records.swap(&session, next, Attempt::fresh(), now);
        if let Some(ended) = swap.await? {
            return Ok(End::Ours(Box::new(ended)));
        }
        // The claim was renewed in the meantime, or it is over.
        match find(state, &session).await? {
            Found::Claimed(current) => session = *current,
            Found::Over(end) => return Ok(end),
        }
    }
}

/// What became of the claim in this record.
///
/// # Errors
/// [`ApiError`] when the store does not answer.
pub async fn find(state: &AppState, session: &Stored<VerifySession>) -> Result<Found, ApiError> {
    let owner = owner(session);
    Ok(match records(state).load(&session.id).await? {
        None => Found::Over(End::Gone),
        Some(current) if is_claimed_by(&current, owner) => Found::Claimed(Box::new(current)),
        Some(current) if self::owner(&current) == owner => {
            Found::Over(End::Before(Box::new(current)))
        }
        Some(_) => Found::Over(End::Lost),
    })
}

/// Notes in an ended session's record that its audit record is written. Returns whether this call noted it.
///
/// # Errors
/// [`RecordError`]: it is unknown whether it was noted.
pub async fn record_once(
    state: &AppState,
    session: &Stored<VerifySession>,
) -> Result<bool, RecordError> {
    let mut recorded = session.record.clone();
    match &mut recorded.repeatable {
        Some(claim) if !claim.is_recorded => claim.is_recorded = true,
        _ => return Ok(false),
    }
    let records = records(state);
    let swap = records.swap(session, recorded, Attempt::fresh(), now_ms());
    Ok(swap.await?.is_some())
}

fn owner(session: &Stored<VerifySession>) -> Option<Uuid> {
    session.record.repeatable.as_ref().map(|claim| claim.owner)
}

fn is_claimed_by(session: &Stored<VerifySession>, claimer: Option<Uuid>) -> bool {
    matches!(session.record.state, State::Processing { .. }) && owner(session) == claimer
}

impl VerifySession {
    /// Whether its claim holds at `now_ms`, Unix milliseconds.
    pub fn is_claimed_at(&self, now_ms: u64) -> bool {
        let claim = self.repeatable.as_ref();
        claim.is_some_and(|claim| now_ms < claim.until_ms)
    }

    /// The same session with its claim renewed at `now_ms`, Unix milliseconds.
    fn renewed(&self, now_ms: u64) -> Self {
        let repeatable = self.repeatable.clone().map(|claim| Repeatable {
            until_ms: now_ms + LEASE_MS,
            ..claim
        });
        Self {
            repeatable,
            ..self.clone()
        }
    }
}
