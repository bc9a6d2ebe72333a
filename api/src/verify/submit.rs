//! Takes a capture to verify: `POST /v1/liveness/verify`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use livegate_common::records::Stored;
use poem_openapi::Object;
use tracing::Instrument;

use super::idempotency::{self, IdempotencyKey, Identity, Standing};
use super::record::{State, VerifySession};
use super::rehearse::{self, Refusal};
use super::run::{Ended, Verification};
use super::session;
use super::vocabulary::Mode;
use super::wire::{MAX_VERIFY_BODY_BYTES, VerifyRequest};
use crate::admission::{Admission, Work};
use crate::error::ApiError;
use crate::http::json::{JsonRequest, RequestDocument};
use crate::http::uploads::{SMALL, UploadPlace};
use crate::keys::KeyRecord;
use crate::metrics::Stage;
use crate::state::AppState;

/// A capture to verify.
#[derive(Object)]
#[oai(rename = "VerifyRequest")]
pub struct VerifyBody {
    /// Id of the session.
    session_id: String,
    /// How the capture is sent: as frames or as a clip.
    mode: Mode,
    /// The frames, in images mode: 2 neutral ones, then 2-3 for each action.
    #[oai(validator(min_items = 8, max_items = 20))]
    frames: Option<Vec<FrameBody>>,
    /// The clip, in video mode: mp4 or webm in base64 (standard or URL-safe), up to 25 MiB and 30
    /// seconds; about 5 seconds is usual. Each side 120 to 2160 pixels, at most 1920x1440 in all.
    /// H.264, HEVC, MPEG-4, VP8, VP9 or AV1. Sound is ignored; rotation metadata is applied.
    video_b64: Option<String>,
    /// What you know of the device, as you like: for example the result of App Attest or Play Integrity. 1 to 16,384
    /// bytes. The service does not read it: its SHA-256 goes into the receipt.
    #[oai(validator(min_length = 1, max_length = 16384))]
    attestation: Option<String>,
    /// A picture of the person you expect: JPEG or PNG in base64 (standard or URL-safe), each side 120 to 4096 pixels, up to
    /// 10 MiB, with exactly one clear face. Send it or `reference_embedding`, not both. The answer then has
    /// `reference_match`. It is not kept.
    reference_image_b64: Option<String>,
    /// The same as an embedding of this service: 512 numbers, of any length. It must come from the models in use.
    #[oai(validator(min_items = 512, max_items = 512))]
    reference_embedding: Option<Vec<f32>>,
}

/// One frame of a capture.
#[derive(Object)]
#[oai(rename = "Frame")]
pub struct FrameBody {
    /// Position in the sequence, starting at 0, without gaps.
    index: u32,
    /// Milliseconds since the capture began; greater than that of the frame before.
    #[oai(validator(minimum(value = "0")))]
    timestamp_ms: f64,
    /// The action that the frame belongs to: starts with `center` or with the name of an action.
    #[oai(validator(pattern = "^(center|turn_left|turn_right|turn_up|turn_down|blink)"))]
    phase: String,
    /// JPEG or PNG in base64 (standard or URL-safe), each side 120 to 4096 pixels, up to 10 MiB.
    image_b64: String,
}

impl RequestDocument for VerifyBody {
    const MAX_BYTES: usize = MAX_VERIFY_BODY_BYTES;
}

/// The answer of a verify.
pub enum Answer {
    /// The JSON of a verdict, reached for this request.
    First(String),
    /// What an earlier request with the same key was answered.
    Repeated(Result<String, ApiError>),
}

/// Pause before a session is read again while another request works on it.
const POLL: Duration = Duration::from_millis(100);

/// Verifies a capture. With a key, the same request may have been sent before: then waits for its answer if it is
/// being worked on, and repeats it.
///
/// # Errors
/// [`ApiError`]. A 4xx leaves the session unused; a 502 may have used it.
pub async fn verify(
    state: &Arc<AppState>,
    caller: &Arc<KeyRecord>,
    request_id: RequestId,
    key: Option<IdempotencyKey>,
    body: JsonRequest<VerifyBody>,
) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let parsing = parse(state, body.bytes, key, body.place);
    let (request, identity, upload) = parsing.instrument(Stage::Parse.span()).await?;
    state.services.metrics.stage(Stage::Parse, started);
    let submitted = Submitted {
        state: Arc::clone(state),
        caller: Arc::clone(caller),
        request_id,
        started,
        request,
        identity,
        upload: Arc::new(upload),
    };
    match identity {
        None => submitted.verify_once().await,
        Some(identity) => submitted.verify_or_repeat(&identity).await,
    }
}

/// A capture that arrived.
struct Submitted {
    state: Arc<AppState>,
    caller: Arc<KeyRecord>,
    request_id: RequestId,
    started: Instant,
    request: VerifyRequest,
    identity: Option<Identity>,
    upload: Arc<UploadPlace>,
}

impl Submitted {
    async fn session(&self) -> Result<Stored<VerifySession>, ApiError> {
        session::find(&self.state, &self.caller, &self.request.session_id).await
    }

    async fn verify_once(self) -> Result<Answer, ApiError> {
        let session = self.session().await?;
        still_usable(&session)?;
        if let Some(refusal) = rehearse::refusal(&session) {
            return Err(self.refuse(&session, refusal).await);
        }
        let limit = self.state.config.verify_timeout;
        match self.admit(&session, limit).await {
            Ok(admission) => match self.run(session, admission, limit).await? {
                Ended::Answered(json) => Ok(Answer::First(json)),
                Ended::Lost => Err(ApiError::SessionUsed),
            },
            Err(busy) => {
                // Other verifies of this very session may have taken the places. Then waiting does not
                // help, so this error comes first.
                still_usable(&self.session().await?)?;
                Err(busy)
            }
        }
    }

    async fn verify_or_repeat(self, identity: &Identity) -> Result<Answer, ApiError> {
        let whole = self.state.config.verify_timeout;
        let mut refused = None;
        loop {
            let (session, now) = (self.session().await.map_err(unsettled)?, now_ms());
            let left = whole.saturating_sub(self.started.elapsed());
            let limit = match Standing::of(&session.record, identity, now) {
                Standing::Free => whole,
                // With less time it might fail, and that would be final.
                Standing::Abandoned if left >= whole / 2 => left,
                Standing::Working if !left.is_zero() => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                Standing::Abandoned | Standing::Working => {
                    let cause = "another request with the same key has not ended";
                    return Err(ApiError::Unsettled(cause.into()));
                }
                Standing::Answered => {
                    let outcome = idempotency::repeat(&self.state, &session).await;
                    let outcome = outcome.map_err(unsettled)?;
                    return Ok(Answer::Repeated(outcome.into_result()));
                }
                Standing::OtherBody => return Err(ApiError::IdempotencyMismatch),
                Standing::Used => return Err(ApiError::SessionUsed),
                Standing::Expired => return Err(ApiError::SessionExpired),
            };
            if let Some(busy) = refused {
                return Err(busy);
            }
            if let Some(refusal) = rehearse::refusal(&session) {
                return Err(self.refuse(&session, refusal).await);
            }
            let admission = match self.admit(&session, limit).await {
                Ok(admission) => admission,
                Err(busy) => {
                    // Other verifies of this very session may have taken the places.
                    refused = Some(busy);
                    continue;
                }
            };
            match self.run(session, admission, limit).await? {
                Ended::Answered(json) => return Ok(Answer::First(json)),
                Ended::Lost => {}
            }
        }
    }

    /// Refuses, as the outcome of a test session says. That may be held back for long, and the capture is not needed.
    async fn refuse(self, session: &Stored<VerifySession>, refusal: Refusal) -> ApiError {
        let state = Arc::clone(&self.state);
        drop(self);
        rehearse::refuse(&state, session, refusal).await
    }

    async fn admit(
        &self,
        session: &Stored<VerifySession>,
        limit: Duration,
    ) -> Result<Admission, ApiError> {
        let state = &self.state;
        let work = match &session.record.test {
            // No worker will measure it.
            Some(_) => Work::default(),
            None => self.request.work(),
        };
        let limits = &*state.services.limits;
        let admitting = state.admissions.admit(limits, &self.caller, &work, limit);
        admitting.await
    }

    async fn run(
        &self,
        session: Stored<VerifySession>,
        admission: Admission,
        limit: Duration,
    ) -> Result<Ended, ApiError> {
        let mut verification = Verification {
            state: Arc::clone(&self.state),
            session,
            capture: self.request.capture.clone(),
            attestation: self.request.attestation,
            request_id: self.request_id.clone(),
            started: self.started,
            ends_at: Instant::now() + limit,
            reference: None,
            audit: self.state.audit.reserve()?,
            admission,
            identity: self.identity,
            _upload: Arc::clone(&self.upload),
        };
        // Once claimed, the session is used, whatever happens, and its end is recorded even if the caller
        // hangs up. So the verification, claim included, runs as a task of its own, which nothing cancels.
        // A reference is measured before, in the same task, so that its place stays taken until the workers are done.
        let reference = self.request.reference.clone();
        let running = async move {
            if let Some(reference) = reference {
                verification.refer_to(reference).await?;
            }
            verification.run().await
        };
        let repeatable = self.identity.is_some();
        tokio::spawn(running.in_current_span())
            .await
            .unwrap_or_else(|error| match repeatable {
                true => Err(ApiError::Unsettled(error.into())),
                false => Err(ApiError::internal(error)),
            })
    }
}

/// The error where the store did not answer, or a task ended: for a request that can be repeated nothing is decided by it.
fn unsettled(error: ApiError) -> ApiError {
    if let ApiError::Processing(cause) = error {
        ApiError::Unsettled(cause)
    } else {
        error
    }
}

fn still_usable(stored: &Stored<VerifySession>) -> Result<(), ApiError> {
    match stored.record.state {
        State::Pending if now_ms() >= stored.record.expires_at_ms => Err(ApiError::SessionExpired),
        State::Pending => Ok(()),
        State::Processing { .. } | State::Verified | State::Rejected(_) | State::Failed => {
            Err(ApiError::SessionUsed)
        }
    }
}

/// The body's room is passed along, so that it stays taken if the caller hangs up while the body is
/// parsed.
async fn parse(
    state: &AppState,
    bytes: Bytes,
    key: Option<IdempotencyKey>,
    place: UploadPlace,
) -> Result<(VerifyRequest, Option<Identity>, UploadPlace), ApiError> {
    let is_small = bytes.len() <= SMALL;
    let parse = move || {
        let request = VerifyRequest::parse(&bytes)?;
        let identity = key.map(|key| Identity::of(&key, &bytes));
        Ok((request, identity, place))
    };
    // Parsing a small body takes less time than handing it to another thread.
    if is_small {
        parse()
    } else {
        state.uploads.work(parse).await
    }
}
