//! `POST /v1/liveness/verify`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use livegate_common::job::now_ms;
use livegate_common::liveness::challenge::{Challenge, Phase};
use livegate_common::liveness::decision::{Findings, Proof};
use livegate_worker::decode;
use poem_openapi::Object;
use poem_openapi::types::Example;

use super::record::{State, Stored};
use super::response::{Rejected, Verdict, Verified};
use super::session;
use super::vocabulary::{Mode, ReasonCode};
use super::wire::{Capture, MAX_VERIFY_BODY_BYTES, VerifyRequest};
use crate::audit::AuditRecord;
use crate::clock::rfc3339;
use crate::error::ApiError;
use crate::http::boundary::RequestId;
use crate::http::json::RequestDocument;
use crate::judge::{Judgement, judge};
use crate::keys::KeyRecord;
use crate::measure::measure;
use crate::state::AppState;

/// A body beyond which parsing would hold up other requests, bytes.
const PARSE_INLINE: usize = 64 << 10;

/// How long after its deadline a claimed session still counts as being processed.
const PROCESSING_MARGIN: Duration = Duration::from_secs(5);

/// A capture to verify.
#[derive(Object)]
#[oai(rename = "VerifyRequest", example)]
pub struct VerifyBody {
    /// The session.
    session_id: String,
    /// How the capture is sent.
    mode: Mode,
    /// The frames, in images mode.
    #[oai(validator(min_items = 8, max_items = 20))]
    frames: Option<Vec<FrameBody>>,
}

/// One frame of a capture.
#[derive(Object)]
#[oai(rename = "Frame")]
pub struct FrameBody {
    /// Position in the sequence, starting at 0, without gaps.
    index: u32,
    /// Milliseconds since the capture began, increasing.
    #[oai(validator(minimum(value = "0")))]
    timestamp_ms: f64,
    /// What the frame belongs to: starts with `center` or with the name of an action.
    #[oai(validator(pattern = "^(center|turn_left|turn_right|turn_up|turn_down|blink)"))]
    phase: String,
    /// JPEG or PNG in base64, each side 120 to 4096 pixels, up to 10 MiB.
    image_b64: String,
}

impl Example for VerifyBody {
    fn example() -> Self {
        let phases = [
            "center",
            "center",
            "turn_left",
            "turn_left",
            "blink",
            "blink",
            "turn_right",
            "turn_right",
        ];
        let times = [0.0, 200.0, 600.0, 800.0, 1200.0, 1400.0, 1800.0, 2000.0];
        let frame = |((index, phase), timestamp_ms): ((u32, &str), f64)| FrameBody {
            index,
            timestamp_ms,
            phase: phase.to_owned(),
            image_b64: "/9j/4AAQ...".to_owned(),
        };
        Self {
            session_id: "live_a1b2c3d4e5f60718293a4b5c6d7e8f90".to_owned(),
            mode: Mode::Images,
            frames: Some((0..).zip(phases).zip(times).map(frame).collect()),
        }
    }
}

impl RequestDocument for VerifyBody {
    const MAX_BYTES: usize = MAX_VERIFY_BODY_BYTES;
}

/// Verifies a capture.
///
/// # Errors
/// [`ApiError`]; all but [`ApiError::Processing`] leave the session unused.
pub async fn verify(
    state: &Arc<AppState>,
    caller: &Arc<KeyRecord>,
    request_id: RequestId,
    body: Bytes,
) -> Result<Verdict, ApiError> {
    let started = Instant::now();
    let request = parse(body).await?;
    let stored = session::find(state, caller, &request.session_id).await?;
    still_usable(&stored)?;
    let limit = state.config.verify_timeout;
    let admission = match state
        .admissions
        .admit(&*state.services.limits, caller, limit)
        .await
    {
        Ok(admission) => admission,
        Err(busy) => {
            // The places may be taken by others with this very session: then waiting won't help.
            still_usable(&session::find(state, caller, &request.session_id).await?)?;
            return Err(busy);
        }
    };
    let claimed = claim(state, stored, limit).await?;
    // Claimed: the session is used, whatever happens, and its end is recorded even if the caller
    // hangs up. So it runs on a task of its own, which nobody cancels.
    let work = Claimed {
        state: Arc::clone(state),
        session: claimed,
        capture: request.capture,
        request_id,
        started,
    };
    let verdict = tokio::spawn(async move {
        let verdict = work.conduct().await;
        drop(admission);
        verdict
    });
    verdict
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}

fn still_usable(stored: &Stored) -> Result<(), ApiError> {
    match stored.record.state {
        State::Pending if now_ms() >= stored.record.expires_at_ms => Err(ApiError::SessionExpired),
        State::Pending => Ok(()),
        State::Processing { .. } | State::Verified | State::Rejected(_) | State::Failed => {
            Err(ApiError::SessionUsed)
        }
    }
}

async fn parse(body: Bytes) -> Result<VerifyRequest, ApiError> {
    if body.len() <= PARSE_INLINE {
        return VerifyRequest::parse(&body);
    }
    let parsing = tokio::task::spawn_blocking(move || VerifyRequest::parse(&body));
    parsing
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}

async fn claim(state: &AppState, stored: Stored, limit: Duration) -> Result<Stored, ApiError> {
    let now = now_ms();
    let longest = u64::try_from((limit + PROCESSING_MARGIN).as_millis()).unwrap_or(u64::MAX / 2);
    let processing = State::Processing {
        deadline_ms: now + longest,
    };
    let claimed = stored
        .advance(&*state.services.sessions, processing, now)
        .await?;
    claimed.ok_or(ApiError::SessionUsed)
}

/// A verification whose session is claimed.
struct Claimed {
    state: Arc<AppState>,
    session: Stored,
    capture: Capture,
    request_id: RequestId,
    started: Instant,
}

impl Claimed {
    /// Works it out, then records how it ended.
    async fn conduct(self) -> Result<Verdict, ApiError> {
        let verdict = AssertUnwindSafe(self.work_out())
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(ApiError::internal("the verification panicked")));
        let (session, audit) = (self.session_state(&verdict), self.audit_record(&verdict));
        let id = self.session.id.clone();
        match self
            .session
            .advance(&*self.state.services.sessions, session, now_ms())
            .await
        {
            Ok(Some(_)) => {}
            Ok(None) => tracing::warn!(session.id = %id, "Session {id} was gone at its end"),
            Err(error) => {
                tracing::warn!(session.id = %id, error = %error, "The end of session {id} is not recorded: {error}");
            }
        }
        self.state.audit.record(audit).await;
        verdict
    }

    async fn work_out(&self) -> Result<Verdict, ApiError> {
        let services = &self.state.services;
        let images: Vec<Bytes> = self
            .capture
            .frames
            .iter()
            .map(|f| f.image.clone())
            .collect();
        let phases: Vec<Phase> = self.capture.frames.iter().map(|f| f.phase).collect();
        let outcomes = measure(services, &images, self.state.config.verify_timeout)
            .await
            .map_err(ApiError::internal)?;
        let challenge: &Challenge = &self.session.record.challenge;
        let judgement = judge(challenge, &phases, &outcomes, &services.thresholds)
            .map_err(ApiError::internal)?;
        Ok(match judgement {
            Judgement::Undecodable(frames) => {
                Verdict::Rejected(Box::new(Rejected::undecodable(&frames, self.elapsed_ms())))
            }
            Judgement::Rejected(findings, reasons) => {
                let body = Rejected::new(&findings, &reasons, self.elapsed_ms());
                Verdict::Rejected(Box::new(body))
            }
            Judgement::Verified(findings, proof) => self.verified(&findings, proof).await?,
        })
    }

    async fn verified(&self, findings: &Findings, proof: Proof) -> Result<Verdict, ApiError> {
        let best = self.capture.frames.get(proof.best_frame);
        let image = best
            .ok_or_else(|| ApiError::internal("there is no best frame"))?
            .image
            .clone();
        let encoding = tokio::task::spawn_blocking(move || {
            decode::upright_jpeg(image).map(|jpeg| base64_simd::STANDARD.encode_to_string(&jpeg))
        });
        let best_frame_b64 = encoding
            .await
            .map_err(ApiError::internal)?
            .map_err(ApiError::internal)?;
        let body = Verified::new(findings, proof, best_frame_b64, self.elapsed_ms());
        Ok(Verdict::Verified(Box::new(body)))
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn session_state(&self, verdict: &Result<Verdict, ApiError>) -> State {
        match verdict {
            Ok(Verdict::Verified(_)) => State::Verified,
            Ok(Verdict::Rejected(rejected)) => State::Rejected(rejected.reason_codes.clone()),
            Err(_) => State::Failed,
        }
    }

    fn audit_record(&self, verdict: &Result<Verdict, ApiError>) -> AuditRecord {
        let mut record = AuditRecord {
            time: rfc3339(now_ms()),
            request_id: self.request_id.0.to_string(),
            key_id: self.session.record.key.clone(),
            session_id: self.session.id.clone(),
            mode: "images",
            verdict: "failed",
            reason_codes: vec![ReasonCode::InternalError],
            confidence: None,
            anti_spoof_avg_score: None,
            same_person_score: None,
            frames: self.capture.frames.len(),
            processing_time_ms: self.elapsed_ms(),
        };
        match verdict {
            Ok(Verdict::Verified(verified)) => {
                record.verdict = "verified";
                record.reason_codes = verified.reason_codes.clone();
                record.confidence = Some(verified.confidence);
                record.anti_spoof_avg_score = Some(verified.anti_spoof_avg_score);
                record.same_person_score = Some(verified.same_person_score);
            }
            Ok(Verdict::Rejected(rejected)) => {
                record.verdict = "rejected";
                record.reason_codes = rejected.reason_codes.clone();
                record.anti_spoof_avg_score = rejected.anti_spoof_avg_score.0;
                record.same_person_score = rejected.same_person_score.0;
            }
            Err(_) => {}
        }
        record
    }
}
