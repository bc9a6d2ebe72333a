//! Runs a verification: from the claim of its session to the record of how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use livegate_common::id::RequestId;
use livegate_common::job::{ClipOutcome, Cost, MeasuredClip, now_ms};
use livegate_common::records::Stored;
use livegate_liveness::decision::{Findings, Proof};
use livegate_liveness::evidence::Timing;
use livegate_liveness::reference::Comparison;
use livegate_media::Picture;
use tracing::Instrument;

use super::claim::Claim;
use super::idempotency::{Identity, renew};
use super::record::VerifySession;
use super::report::{Seen, ending};
use super::response::{BestFrame, Rejected, VerdictBody, Verified};
use super::wire::{Capture, CapturedFrame};
use crate::admission::Admission;
use crate::audit::AuditPlace;
use crate::contract::attestation::AttestationHash;
use crate::error::ApiError;
use crate::http::uploads::UploadPlace;
use crate::measure::{measure_clip, measure_images, thresholds_of};
use crate::metrics::Stage;
use crate::reference::ReferenceFace;
use crate::state::AppState;
use livegate_liveness::judge::{Judgement, Undecodable, judge_clip, judge_images};

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
    /// When it has ended at the latest.
    pub ends_at: Instant,
    /// The face that the captured one is compared with.
    pub reference: Option<ReferenceFace>,
    pub audit: AuditPlace,
    pub admission: Admission,
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

/// The picture of the best frame.
pub(super) enum Best {
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

impl Verification {
    /// Claims the session, reaches the verdict, and records how the session ended.
    pub async fn run(mut self) -> Result<Ended, ApiError> {
        let of_reference = self.reference.as_ref();
        let mut seen = Seen {
            cost: of_reference.map_or_else(Cost::default, |r| r.cost),
            ..Seen::default()
        };
        match self.claim().await {
            Ok(Claim::Ours) => {}
            Ok(Claim::Taken) => return Ok(Ended::Lost),
            Ok(Claim::Gone) => return Err(ApiError::SessionNotFound),
            // A repeated request finds out, and leaves the record.
            Err(unknown) if self.identity.is_some() => {
                return Err(ApiError::Unsettled(unknown.into()));
            }
            // The session may have been claimed, so it is recorded as if it had been.
            Err(unknown) => {
                let record = self.audit_record(&Err(ApiError::internal("not claimed")), &seen);
                self.audit.record(record).await;
                return Err(unknown.into());
            }
        }
        let verdict = self.work(&mut seen).await;
        let verdict = verdict.map(|body| self.with_receipt(body, &seen));
        let record = self.audit_record(&verdict, &seen);
        let ended = ending(&verdict);
        let answer = verdict.and_then(|verdict| json(&verdict));
        if self.identity.is_some() {
            return self.end_repeatable(ended, answer, record).await;
        }
        let spared = self.record_end(&ended).await;
        self.audit.record(record).await;
        if let Some(attempt) = spared {
            attempt
                .take_back(&self.state, &self.session.record.key)
                .await;
        }
        answer.map(Ended::Answered)
    }

    /// Reaches the verdict. Where the request can be repeated, renews the claim meanwhile.
    async fn work(&self, seen: &mut Seen) -> Result<VerdictBody, ApiError> {
        let working = self.measure_and_decide_safely(seen);
        if self.identity.is_none() {
            return working.await;
        }
        tokio::select! {
            verdict = working => verdict,
            never = renew(&self.state, self.session.clone()) => match never {},
        }
    }

    async fn measure_and_decide_safely(&self, seen: &mut Seen) -> Result<VerdictBody, ApiError> {
        // The time of the claim and of the reference counts: the claim's is long if the store stalls.
        let limit = self.time_left();
        AssertUnwindSafe(self.measure_and_decide(seen, limit))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(ApiError::internal("the verification panicked")))
    }

    async fn measure_and_decide(
        &self,
        seen: &mut Seen,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        if let Some(test) = &self.session.record.test {
            return self.rehearse(test, seen).await;
        }
        match &self.capture {
            Capture::Images(frames) => self.measure_and_decide_images(frames, seen, limit).await,
            Capture::Video(clip) => self.measure_and_decide_clip(clip, seen, limit).await,
        }
    }

    async fn measure_and_decide_images(
        &self,
        frames: &[CapturedFrame],
        seen: &mut Seen,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        let services = &self.state.services;
        seen.frames = frames.len();
        seen.claimed_s = Some(span_s(frames));
        let images: Vec<&Picture> = frames.iter().map(|f| &f.image).collect();
        let (lane, request) = (self.admission.lane(), &self.request_id);
        let measured = measure_images(services, lane, request, &images, limit).await?;
        seen.cost += measured.cost;
        seen.models = Some(measured.models.clone());
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
        let compared = self.compare(&judgement, &measured.models, thresholds)?;
        let picture = |best: usize| frames.get(best).map(|f| Best::Caller(f.image.clone()));
        self.conclude(judgement, compared, picture).await
    }

    async fn measure_and_decide_clip(
        &self,
        clip: &Bytes,
        seen: &mut Seen,
        limit: Duration,
    ) -> Result<VerdictBody, ApiError> {
        let services = &self.state.services;
        let _in_flight = services.metrics.clip();
        let (lane, request) = (self.admission.lane(), &self.request_id);
        let (work, clip) = (self.capture.work(), clip.clone());
        let measured = measure_clip(services, lane, request, clip, work, limit).await?;
        seen.cost += measured.cost;
        let clip = match measured.outcome {
            ClipOutcome::Measured(clip) => clip,
            ClipOutcome::Unplayable(cause) => {
                let undecodable = Judgement::Undecodable(vec![Undecodable::Clip { cause }]);
                let compared = Comparison::without_face(self.reference.is_some());
                return self.conclude(undecodable, compared, |_| None).await;
            }
        };
        seen.frames = clip.frames.len();
        seen.claimed_s = clip.frames.last().map(|last| last.seconds);
        seen.models = Some(measured.models.clone());
        let challenge = self.session.record.challenge.clone();
        let thresholds = Arc::clone(thresholds_of(services, &measured.models)?);
        let available_s = self.available_s();
        let began = Instant::now();
        let judged_by = Arc::clone(&thresholds);
        let judging = tokio::task::spawn_blocking(move || {
            let MeasuredClip { frames, portraits } = clip;
            let has_picture = |index| portraits.iter().any(|p| p.is_of(index));
            let judgement = judge_clip(&challenge, frames, has_picture, available_s, &judged_by);
            (judgement, portraits)
        });
        let judged = judging.instrument(Stage::Decide.span()).await;
        let (judgement, portraits) = judged.map_err(ApiError::internal)?;
        services.metrics.stage(Stage::Decide, began);
        let compared = self.compare(&judgement, &measured.models, &thresholds)?;
        let picture = |best| {
            let of_best = portraits.into_iter().find(|p| p.is_of(best))?;
            Some(Best::Worker(of_best.jpeg))
        };
        self.conclude(judgement, compared, picture).await
    }

    /// The answer for a judgement, and how the capture compares with its reference. `picture` returns the picture of a frame by
    /// its index.
    pub(super) async fn conclude(
        &self,
        judgement: Judgement,
        compared: Comparison,
        picture: impl FnOnce(usize) -> Option<Best>,
    ) -> Result<VerdictBody, ApiError> {
        let began = Instant::now();
        let answering = self.answer(judgement, picture);
        let answer = answering.instrument(Stage::Answer.span()).await;
        self.state.services.metrics.stage(Stage::Answer, began);
        Ok(answer?.with_reference(compared))
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
        let encoding = self
            .state
            .uploads
            .set_upright(move || Ok(BestFrame::of(&best.into_jpeg()?)));
        let body = Verified::new(findings, proof, encoding.await?, self.elapsed_ms());
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
    pub(super) fn since_creation_s(&self) -> f32 {
        let arrived_ms = now_ms().saturating_sub(self.elapsed_ms());
        let available_ms = arrived_ms.saturating_sub(self.session.record.created_ms);
        available_ms as f32 / 1000.0 + CLOCK_SLACK_S
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
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

fn json(verdict: &VerdictBody) -> Result<String, ApiError> {
    serde_json::to_string(verdict).map_err(ApiError::internal)
}
