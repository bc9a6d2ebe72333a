//! Takes a frame into its session: `POST /api/v1/liveness/sessions/{id}/frame`.

use std::sync::Arc;
use std::time::Instant;

use livegate_common::id::RequestId;
use livegate_common::job::{Cost, Look, now_ms};
use livegate_common::records::Stored;
use livegate_liveness::evidence::colour;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::session::{Report, Session, State, Step};
use livegate_liveness::thresholds::{ModelSetId, Thresholds};
use livegate_media::Picture;
use rand::Rng;
use tracing::Instrument;

use super::caller::SessionCaller;
use super::in_flight::LIMIT;
use super::lookup::{find, first};
use super::record::LiveSession;
use super::rehearse;
use super::response::FrameResult;
use super::sessions::{MOST_TRIES, parse_id, put};
use crate::admission::{Admission, Lane, Work};
use crate::contract::bad_picture::BadImage;
use crate::error::ApiError;
use crate::http::multipart::FrameUpload;
use crate::http::uploads::UploadPlace;
use crate::measure::{MeasureError, measure_frame, thresholds_of};
use crate::state::AppState;

/// One frame in this many, at random, is measured as a whole although no decision depends on it.
///
/// An attacker who changes the picture between the frames that decide cannot foresee which frames are compared.
const WHOLE_ONE_IN: u32 = 4;
/// Time after which the session is over at the latest, beyond the times of all its challenges,
/// milliseconds.
const MARGIN_MS: u64 = 30_000;

/// A frame that was submitted to a session.
struct Submission {
    state: Arc<AppState>,
    caller: SessionCaller,
    /// The session's id as the store has it; callers may write it in capitals.
    id: String,
    image: Picture,
    /// Held for as long as the image is.
    _place: UploadPlace,
    request_id: RequestId,
    /// When the frame arrived, Unix milliseconds. Compared with the times at which the session and its
    /// challenges end.
    arrived_ms: u64,
    started: Instant,
}

/// The latest measurement of the frame, and its cost in all.
struct Sight {
    measurement: FrameMeasurement,
    is_whole: bool,
    models: ModelSetId,
    cost: Cost,
}

/// Takes a frame into its session.
///
/// # Errors
/// [`ApiError`]; the session is then unchanged.
pub async fn submit(
    state: &Arc<AppState>,
    caller: SessionCaller,
    id: String,
    upload: FrameUpload,
    request_id: RequestId,
) -> Result<FrameResult, ApiError> {
    let submission = Submission {
        state: Arc::clone(state),
        caller,
        id: parse_id(&id).ok_or(ApiError::SessionNotFound)?.to_string(),
        image: upload.image,
        _place: upload.place,
        request_id,
        arrived_ms: now_ms(),
        started: Instant::now(),
    };
    // A frame that has arrived counts even if its sender hangs up. Otherwise a sender who notices by
    // the time it takes that the frame is measured as a whole could take it back.
    tokio::spawn(async move { submission.run().await }.in_current_span())
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}

impl Submission {
    /// Loads the session, measures the frame as closely as the session needs it, and swaps in the
    /// session's next state. After a lost swap the session is loaded again; the frame is not measured
    /// again.
    async fn run(mut self) -> Result<FrameResult, ApiError> {
        let state = Arc::clone(&self.state);
        let _passage = state.in_flight.enter(&self.id, self.arrived_ms);
        let mut stored = first(&state, &mut self.caller, &self.id).await?;
        rehearse::refuse(&state, &stored, self.arrived_ms, &self.request_id).await?;
        let (mut sight, mut admission) = (None, None);
        let mut has_waited = false;
        for _ in 0..MOST_TRIES {
            let ends_at_ms = stored.record.session.ends_at_ms();
            if let Some(end) = ends_at_ms.filter(|end| self.arrived_ms >= *end)
                && !has_waited
            {
                // Frames that arrived in time may still be in flight.
                let in_flight = &state.in_flight;
                in_flight.until_none_before(&stored.id, end, LIMIT).await;
                has_waited = true;
                stored = find(&state, &self.caller.who, &self.id).await?;
                continue;
            }
            let (next, report) = match self.take(&stored, &mut sight, &mut admission).await {
                Ok(taken) => taken,
                Err(error) => return self.answer_if_over(error).await,
            };
            if next == stored.record.session {
                // The session was over before this frame.
                return Ok(self.answer(&stored, report));
            }
            let record = self.record(&stored.record, next, sight.as_ref());
            if let Some(put) = put(&state, &stored, record, &self.request_id).await? {
                return Ok(self.answer(&put, report));
            }
            // Another frame was faster: try again, from the state that it left.
            stored = find(&state, &self.caller.who, &self.id).await?;
        }
        Err(ApiError::internal(
            "a session changed too often to take a frame",
        ))
    }

    /// A session that was over before the frame was measured has its answer even if the frame cannot be
    /// measured: it may have ended while the picture arrived. Otherwise `error`.
    async fn answer_if_over(&self, error: ApiError) -> Result<FrameResult, ApiError> {
        let stored = find(&self.state, &self.caller.who, &self.id).await?;
        let thresholds = self.thresholds(&stored, None)?;
        match stored.record.session.over_by(self.arrived_ms, thresholds) {
            Some((over, report)) if over == stored.record.session => {
                Ok(self.answer(&stored, report))
            }
            _ => Err(error),
        }
    }

    /// The session's next state with this frame, which is measured as a whole only if that is needed.
    async fn take(
        &self,
        stored: &Stored<LiveSession>,
        sight: &mut Option<Sight>,
        admission: &mut Option<Admission>,
    ) -> Result<(Session, Report), ApiError> {
        let session = &stored.record.session;
        let thresholds = self.thresholds(stored, sight.as_ref())?;
        if let Some(over) = session.over_by(self.arrived_ms, thresholds) {
            return Ok(over);
        }
        if let Some(test) = &stored.record.opening.test {
            return Ok(rehearse::step(session, test, self.arrived_ms, thresholds));
        }
        let seen = match sight {
            Some(seen) => seen,
            None => {
                let lane = admission.insert(self.admit(stored).await?).lane();
                sight.insert(self.first_look(stored, lane).await?)
            }
        };
        let step = |seen: &Sight| -> Result<Step, ApiError> {
            let known = &stored.record.models;
            if !known.is_unnamed() && seen.models != *known {
                // Margins of different models cannot be compared within one session.
                return Err(not_measured(MeasureError::MixedModels));
            }
            let thresholds = self.thresholds(stored, Some(seen))?;
            Ok(session.advance(&seen.measurement, self.arrived_ms, thresholds))
        };
        if let Step::Taken(next, report) = step(seen)? {
            return Ok((next, report));
        }
        if seen.is_whole {
            return Err(ApiError::internal("a whole measurement was not whole"));
        }
        let lane = (admission.as_ref())
            .ok_or_else(|| ApiError::internal("a frame was measured without being let in"))?
            .lane();
        let closer = self.look(stored, lane, Look::Whole).await?;
        let mut cost = seen.cost;
        cost += closer.cost;
        *seen = Sight { cost, ..closer };
        match step(seen)? {
            Step::Taken(next, report) => Ok((next, report)),
            Step::NeedsWhole => Err(ApiError::internal("a whole measurement was not whole")),
        }
    }

    /// The thresholds for the models that measured the session's frames so far; for its first frame,
    /// those that measured this one.
    fn thresholds(
        &self,
        stored: &Stored<LiveSession>,
        sight: Option<&Sight>,
    ) -> Result<&Arc<Thresholds>, ApiError> {
        let known = &stored.record.models;
        let models = match sight {
            Some(sight) if known.is_unnamed() => &sight.models,
            _ => known,
        };
        thresholds_of(&self.state.services, models).map_err(not_measured)
    }

    /// Lets the frame in, once for both looks and at the price of a whole one: a refusal must not tell the sender that this
    /// frame needs a closer look.
    async fn admit(&self, stored: &Stored<LiveSession>) -> Result<Admission, ApiError> {
        // A session ends with its key.
        let key = self.state.keys.with_id(&stored.record.opening.key);
        let key = key.ok_or(ApiError::BadToken)?;
        let work = Work::pictures([self.image.header()], Look::Whole);
        self.state.admissions.admit_live(&key, &work).await
    }

    async fn first_look(
        &self,
        stored: &Stored<LiveSession>,
        lane: &Lane,
    ) -> Result<Sight, ApiError> {
        let look = if rand::rng().random_ratio(1, WHOLE_ONE_IN) {
            Look::Whole
        } else {
            Look::Glance
        };
        self.look(stored, lane, look).await
    }

    async fn look(
        &self,
        stored: &Stored<LiveSession>,
        lane: &Lane,
        look: Look,
    ) -> Result<Sight, ApiError> {
        let limit = LIMIT.min(self.state.config.verify_timeout);
        let (services, request) = (&self.state.services, &self.request_id);
        let measured = measure_frame(services, lane, request, &self.image, look, limit).await;
        let measured = measured.map_err(not_measured)?;
        match measured.outcome {
            FrameOutcome::Undecodable(_) => Err(BadImage::Undecodable.into()),
            FrameOutcome::Measured(measurement)
                if self.is_without_colour(&measurement, &measured.models)? =>
            {
                Err(BadImage::NoColour.into())
            }
            FrameOutcome::Measured(measurement) => Ok(Sight {
                measurement: if stored.record.opening.mirrored {
                    measurement.unmirrored()
                } else {
                    *measurement
                },
                is_whole: look == Look::Whole,
                models: measured.models,
                cost: measured.cost,
            }),
        }
    }

    /// Whether the frame shows its face in a grey picture, which cannot be judged.
    fn is_without_colour(
        &self,
        frame: &FrameMeasurement,
        models: &ModelSetId,
    ) -> Result<bool, ApiError> {
        let thresholds = thresholds_of(&self.state.services, models).map_err(not_measured)?;
        Ok(colour::lacking(frame, thresholds).is_some())
    }

    /// The record with `next` as the state of its session, and the frame's cost added.
    fn record(&self, before: &LiveSession, next: Session, sight: Option<&Sight>) -> LiveSession {
        let mut cost = before.cost;
        cost += sight.map_or(Cost::default(), |s| s.cost);
        let busy = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_first = before.session.state() == State::Pending && next.has_begun();
        let tasks = u64::try_from(next.tasks().len()).unwrap_or(u64::MAX);
        LiveSession {
            opening: before.opening.clone(),
            expires_at_ms: if is_first {
                self.arrived_ms + tasks * next.timeout_ms() + MARGIN_MS
            } else {
                before.expires_at_ms
            },
            cost,
            busy_ms: before.busy_ms.saturating_add(busy),
            models: sight.map_or_else(|| before.models.clone(), |s| s.models.clone()),
            receipt: None,
            session: next,
        }
    }

    fn answer(&self, stored: &Stored<LiveSession>, report: Report) -> FrameResult {
        FrameResult::new(stored, report, self.caller.is_owner())
    }
}

fn not_measured(error: MeasureError) -> ApiError {
    ApiError::FrameNotMeasured(error.into())
}
