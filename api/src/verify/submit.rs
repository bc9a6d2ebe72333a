//! Takes a capture to verify: `POST /v1/liveness/verify`.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use livegate_common::id::RequestId;
use livegate_common::job::now_ms;
use livegate_common::records::Stored;
use poem_openapi::Object;
use tracing::Instrument;

use super::record::{State, VerifySession};
use super::rehearse;
use super::response::VerdictBody;
use super::run::Verification;
use super::session;
use super::vocabulary::Mode;
use super::wire::{MAX_VERIFY_BODY_BYTES, VerifyRequest};
use crate::admission::Work;
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

/// Verifies a capture.
///
/// # Errors
/// [`ApiError`]. A 4xx leaves the session unused; a 502 may have used it.
pub async fn verify(
    state: &Arc<AppState>,
    caller: &Arc<KeyRecord>,
    request_id: RequestId,
    body: JsonRequest<VerifyBody>,
) -> Result<VerdictBody, ApiError> {
    let started = Instant::now();
    let parsing = parse(state, body.bytes, body.place);
    let (request, upload) = parsing.instrument(Stage::Parse.span()).await?;
    state.services.metrics.stage(Stage::Parse, started);
    let session = session::find(state, caller, &request.session_id).await?;
    still_usable(&session)?;
    if let Some(refusal) = rehearse::refusal(&session) {
        // It may be held back for long, and the capture is not needed.
        drop((request, upload));
        return Err(rehearse::refuse(state, &session, refusal).await);
    }
    let limit = state.config.verify_timeout;
    let work = match &session.record.test {
        // No worker will measure it.
        Some(_) => Work::default(),
        None => request.work(),
    };
    let admission = match state
        .admissions
        .admit(&*state.services.limits, caller, &work, limit)
        .await
    {
        Ok(admission) => admission,
        Err(busy) => {
            // Other verifies of this very session may have taken the places. Then waiting does not
            // help, so this error comes first.
            still_usable(&session::find(state, caller, &request.session_id).await?)?;
            return Err(busy);
        }
    };
    let mut verification = Verification {
        state: Arc::clone(state),
        session,
        capture: request.capture,
        attestation: request.attestation,
        request_id,
        started,
        ends_at: Instant::now() + limit,
        reference: None,
        audit: state.audit.reserve()?,
        admission,
        _upload: upload,
    };
    // Once claimed, the session is used, whatever happens, and its end is recorded even if the caller
    // hangs up. So the verification, claim included, runs as a task of its own, which nothing cancels.
    // A reference is measured before, in the same task, so that its place stays taken until the workers are done.
    let running = async move {
        if let Some(reference) = request.reference {
            verification.refer_to(reference).await?;
        }
        verification.run().await
    };
    tokio::spawn(running.in_current_span())
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
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
    place: UploadPlace,
) -> Result<(VerifyRequest, UploadPlace), ApiError> {
    let is_small = bytes.len() <= SMALL;
    let parse = move || VerifyRequest::parse(&bytes).map(|request| (request, place));
    // Parsing a small body takes less time than handing it to another thread.
    if is_small {
        parse()
    } else {
        state.uploads.work(parse).await
    }
}
