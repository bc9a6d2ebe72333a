//! Runs a verification: from the claim of its session to the record of how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use livegate_common::id::RequestId;
use livegate_common::job::{ClipOutcome, Cost, MeasuredClip, now_ms};
use livegate_common::records::{Attempt, RecordError, Stored};
use livegate_liveness::decision::{Findings, Proof};
use livegate_liveness::evidence::Timing;
use livegate_media::Picture;
use tracing::Instrument;

use super::idempotency::{self, End, Identity, KeptAnswer, Outcome, renew};
use super::record::{State, VerifySession};
use super::response::{Rejected, VerdictBody, Verified};
use super::session::records;
use super::wire::{Capture, CapturedFrame};
use crate::admission::Admission;
use crate::audit::{AuditPlace, AuditRecord, milliseconds};
use crate::clock::rfc3339;
use crate::contract::attestation::AttestationHash;
use crate::contract::reason::ReasonCode;
use crate::error::ApiError;
use crate::http::uploads::UploadPlace;
use crate::measure::{measure_clip, measure_images, thresholds_of};
use crate::metrics::Stage;
use crate::state::AppState;
use livegate_liveness::judge::{Judgement, Undecodable, judge_clip, judge_images};

/// How long after its deadline a claimed session still counts as being processed: the record of the end
/// may take nearly as long if the store stalls.
const PROCESSING_MARGIN: Duration = Duration::from_secs(5);

/// How much longer than its session a capture may last by its own times, seconds: a clip lasts until
/// the end of its last frame, and recorders round.
const CLOCK_SLACK_S: f32 = 0.25;

/// A verification that only has to claim its session. Its places are freed when it ends.
pub(super) struct Verification {
    pub state: Arc<AppState>,
    pub session: Stored<VerifySession>,
    pub capture: Capture,
    pub attestation: Option<AttestationHash>,
    pub request_id: RequestId,
    pub started: Instant,
    pub audit: AuditPlace,
    pub admission: Admission,
    /// The longest that it may take from its claim.
    pub limit: Duration,
    /// The request, where it can be repeated.
    pub identity: Option<Identity>,
    pub _upload: Arc<UploadPlace>,
}

/// How a verification ended.
pub(super) enum Ended {
    /// With a verdict, as JSON.
    Answered(String),
    /// Another verify has the session.
    Lost,
}

/// Number of frames and cost of what was measured, for the audit record.
#[derive(Clone, Copy, Default)]
struct Spent {
    frames: usize,
    cost: Cost,
}

/// The picture of the best frame.
enum Best {
    /// A picture as the caller sent it. Its bytes never go out.
    Caller(Picture),
    /// A frame of a clip as the worker encoded it: an upright JPEG.
    Worker(Bytes),
}

impl Best {
    /// The picture as an upright JPEG that was encoded here or by the worker. Takes some milliseconds.
    fn into_jpeg(self) -> Result<Bytes, ApiError> {
        match self {
            Self::Caller(picture) => picture.into_upright_jpeg().map_err(ApiError::internal),
            Self::Worker(jpeg) => Ok(jpeg),
        }
    }
}

/// What became of a claim.
enum Claim {
    /// The session is claimed by this verify.
    Ours,
    /// Another verify has claimed it.
    Taken,
    /// The session does not exist any more.
    Gone,
}

impl Verification {
    /// Claims the session, reaches the verdict, and records how the session ended.
    pub async fn run(mut self) -> Result<Ended, ApiError> {
        let mut seen = Spent::default();
        // The claim's own time counts: it is long if the store stalls.
        let ends_at = Instant::now() + self.limit;
        match self.claim().await {
            Ok(Claim::Ours) => {}
            Ok(Claim::Taken) => return Ok(Ended::Lost),
            Ok(Claim::Gone) => return Err(ApiError::SessionNotFound),
            // The session may have been claimed, so it is recorded as if it had been.
            Err(unknown) => {
                let record = self.audit_record(&Err(ApiError::internal("not claimed")), seen);
                self.audit.record(record).await;
                return Err(unknown.into());
            }
        }
        let verdict = self.work(&mut seen, ends_at).await;
        let record = self.audit_record(&verdict, seen);
        let ended = session_state(&verdict);
        let answer = verdict.and_then(|verdict| json(&verdict));
        if self.identity.is_some() {
            return self.end_repeatable(ended, answer, record).await;
        }
        self.record_end(ended).await;
        self.audit.record(record).await;
        answer.map(Ended::Answered)
    }

    /// Reaches the verdict. Where the request can be repeated, renews the claim meanwhile.
    async fn work(&self, seen: &mut Spent, ends_at: Instant) -> Result<VerdictBody, ApiError> {
        let working = self.measure_and_decide_safely(seen, ends_at);
        if self.identity.is_none() {
            return working.await;
        }
        tokio::select! {
            verdict = working => verdict,
            never = renew(&self.state, self.session.clone()) => match never {},
        }
    }

    /// Ends the session with an answer that can be repeated. If it is unknown whether the session ended with it, the
    /// answer is not given: another replica may reach one, too.
    async fn end_repeatable(
        self,
        ended: State,
        answer: Result<String, ApiError>,
        record: AuditRecord,
    ) -> Result<Ended, ApiError> {
        let (outcome, failure) = match answer {
            Ok(json) => (Outcome::Verdict(json), None),
            Err(error) => (Outcome::of_failure(&error), Some(error)),
        };
        let audit = record.line().map_err(ApiError::internal)?;
        let answer = KeptAnswer { outcome, audit };
        let id = self.session.id.clone();
        match idempotency::end(&self.state, self.session, &ended, &answer).await {
            Ok(End::Ours(session)) => {
                if let Some(attempt) = session.record.taken_back() {
                    attempt.take_back(&self.state, &session.record.key).await;
                }
                self.audit.record(record).await;
                let state = self.state;
                tokio::spawn(async move {
                    // If this fails, a repeated request may write the same line once more.
                    let _ = idempotency::record_once(&state, &session).await;
                });
            }
            Ok(End::Gone) => {
                warn_gone(&id);
                self.audit.record(record).await;
            }
            Ok(End::Lost) => return Ok(Ended::Lost),
            Err(unknown) => return Err(ApiError::Unsettled(unknown.into())),
        }
        match failure {
            Some(error) => Err(error),
            None => answer.outcome.into_result().map(Ended::Answered),
        }
    }

    /// Claims the session.
    async fn claim(&mut self) -> Result<Claim, RecordError> {
        let records = records(&self.state);
        let longest = self.limit + PROCESSING_MARGIN;
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

    async fn measure_and_decide_safely(
        &self,
        seen: &mut Spent,
        ends_at: Instant,
    ) -> Result<VerdictBody, ApiError> {
        let limit = ends_at.saturating_duration_since(Instant::now());
        AssertUnwindSafe(self.measure_and_decide(seen, limit))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(ApiError::internal("the verification panicked")))
    }

    async fn record_end(&self, ended: State) {
        let ended = self.session.record.in_state(ended);
        let swap = records(&self.state)
            .swap(&self.session, ended, Attempt::fresh(), now_ms())
            .await;
        match swap {
            Ok(Some(ended)) => {
                if let Some(attempt) = ended.record.taken_back() {
                    attempt.take_back(&self.state, &ended.record.key).await;
                }
            }
            Ok(None) => warn_gone(&self.session.id),
            Err(error) => self.warn_unrecorded(&error),
        }
    }

    fn warn_unrecorded(&self, error: &RecordError) {
        let id = &self.session.id;
        tracing::warn!(session.id = %id, error = %error, "The end of session {id} could not be recorded: {error}");
    }

    async fn measure_and_decide(
        &self,
        seen: &mut Spent,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        match &self.capture {
            Capture::Images(frames) => self.measure_and_decide_images(frames, seen, limit).await,
            Capture::Video(clip) => self.measure_and_decide_clip(clip, seen, limit).await,
        }
    }

    async fn measure_and_decide_images(
        &self,
        frames: &[CapturedFrame],
        seen: &mut Spent,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        let services = &self.state.services;
        seen.frames = frames.len();
        let images: Vec<&Picture> = frames.iter().map(|f| &f.image).collect();
        let (lane, request) = (self.admission.lane(), &self.request_id);
        let measured = measure_images(services, lane, request, &images, limit).await?;
        seen.cost = measured.cost;
        let challenge = &self.session.record.challenge;
        let thresholds = thresholds_of(services, &measured.models)?;
        let timing = self.available_s().map(|available_s| Timing {
            claimed_s: span_s(frames),
            available_s,
        });
        let began = Instant::now();
        let outcomes = frames.iter().map(|f| f.phase).zip(measured.outcome);
        let judgement = Stage::Decide
            .span()
            .in_scope(|| judge_images(challenge, outcomes, timing, thresholds));
        services.metrics.stage(Stage::Decide, began);
        let picture = |best: usize| frames.get(best).map(|f| Best::Caller(f.image.clone()));
        self.conclude(judgement, picture).await
    }

    async fn measure_and_decide_clip(
        &self,
        clip: &Bytes,
        seen: &mut Spent,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        let services = &self.state.services;
        let _in_flight = services.metrics.clip();
        let (lane, request) = (self.admission.lane(), &self.request_id);
        let (work, clip) = (self.capture.work(), clip.clone());
        let measured = measure_clip(services, lane, request, clip, work, limit).await?;
        seen.cost = measured.cost;
        let clip = match measured.outcome {
            ClipOutcome::Measured(clip) => clip,
            ClipOutcome::Unplayable(cause) => {
                let undecodable = Judgement::Undecodable(vec![Undecodable::Clip { cause }]);
                return self.conclude(undecodable, |_| None).await;
            }
        };
        seen.frames = clip.frames.len();
        let challenge = self.session.record.challenge.clone();
        let thresholds = Arc::clone(thresholds_of(services, &measured.models)?);
        let available_s = self.available_s();
        let began = Instant::now();
        let judging = tokio::task::spawn_blocking(move || {
            let MeasuredClip { frames, portraits } = clip;
            let has_picture = |index| portraits.iter().any(|p| p.is_of(index));
            let judgement = judge_clip(&challenge, frames, has_picture, available_s, &thresholds);
            (judgement, portraits)
        });
        let judged = judging.instrument(Stage::Decide.span()).await;
        let (judgement, portraits) = judged.map_err(ApiError::internal)?;
        services.metrics.stage(Stage::Decide, began);
        let picture = |best| {
            let of_best = portraits.into_iter().find(|p| p.is_of(best))?;
            Some(Best::Worker(of_best.jpeg))
        };
        self.conclude(judgement, picture).await
    }

    /// The answer for a judgement. `picture` returns the picture of a frame by its index.
    async fn conclude(
        &self,
        judgement: Judgement,
        picture: impl FnOnce(usize) -> Option<Best>,
    ) -> Result<VerdictBody, ApiError> {
        let began = Instant::now();
        let answering = self.answer(judgement, picture);
        let answer = answering.instrument(Stage::Answer.span()).await;
        self.state.services.metrics.stage(Stage::Answer, began);
        answer
    }

    async fn answer(
        &self,
        judgement: Judgement,
        picture: impl FnOnce(usize) -> Option<Best>,
    ) -> Result<VerdictBody, ApiError> {
        Ok(match judgement {
            Judgement::Undecodable(media) => {
                VerdictBody::Rejected(Box::new(Rejected::undecodable(&media, self.elapsed_ms())))
            }
            Judgement::Rejected(findings, reasons) => {
                let body = Rejected::new(&findings, &reasons, self.elapsed_ms());
                VerdictBody::Rejected(Box::new(body))
            }
            Judgement::Verified(findings, proof) => {
                let best = picture(proof.best_frame)
                    .ok_or_else(|| ApiError::internal("there is no picture of the best frame"))?;
                self.verified(&findings, proof, best).await?
            }
        })
    }

    async fn verified(
        &self,
        findings: &Findings,
        proof: Proof,
        best: Best,
    ) -> Result<VerdictBody, ApiError> {
        let encoding = self.state.uploads.set_upright(move || {
            let jpeg = best.into_jpeg()?;
            Ok(base64_simd::STANDARD.encode_to_string(&jpeg))
        });
        let best_frame_b64 = encoding.await?;
        let body = Verified::new(findings, proof, best_frame_b64, self.elapsed_ms());
        Ok(VerdictBody::Verified(Box::new(body)))
    }

    /// The time for the capture that its own times must fit into; `None` where the caller named the actions, who may
    /// have filmed them before.
    fn available_s(&self) -> Option<f32> {
        let session = &self.session.record;
        session.is_drawn.then(|| self.since_creation_s())
    }

    /// Seconds from the creation of the session to the arrival of the capture, with some for rounding.
    #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
    fn since_creation_s(&self) -> f32 {
        let arrived_ms = now_ms().saturating_sub(self.elapsed_ms());
        let available_ms = arrived_ms.saturating_sub(self.session.record.created_ms);
        available_ms as f32 / 1000.0 + CLOCK_SLACK_S
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn audit_record(&self, verdict: &Result<VerdictBody, ApiError>, seen: Spent) -> AuditRecord {
        let mut record = AuditRecord {
            time: rfc3339(now_ms()),
            request_id: self.request_id.to_string(),
            caller_request_id: self.request_id.callers().map(ToString::to_string),
            key_id: self.session.record.key.clone(),
            session_id: self.session.id.clone(),
            mode: self.capture.mode().name(),
            verdict: "failed",
            reason_codes: vec![ReasonCode::InternalError],
            confidence: None,
            anti_spoof_avg_score: None,
            same_person_score: None,
            frames: seen.frames,
            processing_time_ms: self.elapsed_ms(),
            worker_cpu_ms: milliseconds(seen.cost.cpu_us),
            inference_cpu_ms: milliseconds(seen.cost.inference_us),
        };
        match verdict {
            Ok(VerdictBody::Verified(verified)) => {
                record.verdict = "verified";
                record.reason_codes = verified.reason_codes.clone();
                record.confidence = Some(verified.confidence);
                record.anti_spoof_avg_score = Some(verified.anti_spoof_avg_score);
                record.same_person_score = Some(verified.same_person_score);
            }
            Ok(VerdictBody::Rejected(rejected)) => {
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

/// Seconds from the first frame to the last, by the caller's timestamps.
fn span_s(frames: &[CapturedFrame]) -> f32 {
    let times = frames.first().zip(frames.last());
    #[expect(clippy::cast_possible_truncation, reason = "a duration")]
    times.map_or(0.0, |(first, last)| {
        ((last.at_ms - first.at_ms) / 1000.0) as f32
    })
}

fn warn_gone(id: &str) {
    tracing::warn!(session.id = %id, "Session {id} no longer existed when its end was to be recorded");
}

fn json(verdict: &VerdictBody) -> Result<String, ApiError> {
    serde_json::to_string(verdict).map_err(ApiError::internal)
}

fn session_state(verdict: &Result<VerdictBody, ApiError>) -> State {
    match verdict {
        Ok(VerdictBody::Verified(_)) => State::Verified,
        Ok(VerdictBody::Rejected(rejected)) => State::Rejected(rejected.reason_codes.clone()),
        Err(_) => State::Failed,
    }
}
