//! `POST /api/v1/liveness/sessions/{id}/frame`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use livegate_common::job::{Cost, Look, now_ms};
use livegate_liveness::evidence::colour;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::session::{Report, Session, State, Step};
use livegate_liveness::thresholds::{ModelSetId, Thresholds};
use tracing::Instrument;

use super::caller::SessionCaller;
use super::record::{Record, Stored};
use super::response::FrameResult;
use super::store::{MOST_TRIES, find, parse_id, put};
use crate::error::ApiError;
use crate::http::boundary::RequestId;
use crate::http::multipart::{BadImage, FrameUpload};
use crate::http::uploads::UploadPlace;
use crate::measure::{MeasureError, measure_frame};
use crate::random::one_in;
use crate::state::AppState;

/// How long looking at one frame may take: nobody is guided by an older one.
pub const LIMIT: Duration = Duration::from_secs(5);
/// One in so many frames, at random, is looked at as a whole although nothing rests on it: whoever
/// changes the picture between the frames that decide cannot foresee which are compared.
const WHOLE_ONE_IN: usize = 4;
/// How long after the challenges' time the session is over at the latest, milliseconds.
const MARGIN_MS: u64 = 30_000;

/// A frame on its way into its session.
struct Submission {
    state: Arc<AppState>,
    caller: SessionCaller,
    id: String,
    image: Bytes,
    /// Held for as long as the image is.
    _place: UploadPlace,
    request_id: RequestId,
    /// When it arrived, Unix milliseconds: what its session's clocks are held against.
    arrived_ms: u64,
    started: Instant,
}

/// What is known of the frame.
struct Sight {
    measurement: FrameMeasurement,
    is_whole: bool,
    models: ModelSetId,
    cost: Cost,
}

/// Takes a frame into account.
///
/// # Errors
/// [`ApiError`]; the session is as it was before.
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
        id,
        image: upload.image,
        _place: upload.place,
        request_id,
        arrived_ms: now_ms(),
        started: Instant::now(),
    };
    // A frame that has arrived counts, whatever its sender does: one who saw by the time it takes that
    // it is looked at closely could hang up and so take it back.
    tokio::spawn(async move { submission.run().await }.in_current_span())
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}

impl Submission {
    /// Reads the session, looks at the frame as closely as the session needs it, and puts what
    /// follows, unless another frame was faster: then again, from what that one left.
    async fn run(&self) -> Result<FrameResult, ApiError> {
        let in_flight = &self.state.in_flight;
        let _passage = parse_id(&self.id).map(|id| in_flight.enter(id, self.arrived_ms));
        let mut sight: Option<Sight> = None;
        let mut has_waited = false;
        for _ in 0..MOST_TRIES {
            let stored = find(&self.state, &self.caller, &self.id).await?;
            let session = &stored.record.session;
            let thresholds = self.thresholds(&stored, sight.as_ref())?;
            if let Some(end) = session.ends_at_ms().filter(|end| self.arrived_ms >= *end)
                && !has_waited
            {
                // Frames that arrived in time may be on their way still.
                in_flight.until_none_before(stored.id, end, LIMIT).await;
                has_waited = true;
                continue;
            }
            let (next, report) = match (session.over_by(self.arrived_ms, thresholds), &sight) {
                (Some(over), _) => over,
                (None, None) => {
                    sight = Some(self.first_look(&stored).await?);
                    continue;
                }
                (None, Some(seen)) => {
                    let session = session.clone();
                    match session.advance(&seen.measurement, self.arrived_ms, thresholds) {
                        Step::LookCloser if seen.is_whole => {
                            return Err(ApiError::internal("a whole look was not whole"));
                        }
                        Step::LookCloser => {
                            let closer = self.look(&stored, Look::Whole).await?;
                            let mut cost = seen.cost;
                            cost += closer.cost;
                            sight = Some(Sight { cost, ..closer });
                            continue;
                        }
                        Step::Taken(next, report) => (next, report),
                    }
                }
            };
            if self.put(&stored, &next, sight.as_ref()).await? {
                return Ok(self.answer(&stored, &next, report));
            }
        }
        Err(ApiError::internal(
            "a session changed too often to take a frame",
        ))
    }

    /// The thresholds for the models that measured this frame, or the frames before it.
    fn thresholds(
        &self,
        stored: &Stored,
        sight: Option<&Sight>,
    ) -> Result<&Arc<Thresholds>, ApiError> {
        let models = sight.map_or(&stored.record.models, |s| &s.models);
        let services = &self.state.services;
        services
            .thresholds_of(models)
            .map_err(ApiError::FrameNotMeasured)
    }

    async fn first_look(&self, stored: &Stored) -> Result<Sight, ApiError> {
        let look = if one_in(WHOLE_ONE_IN)? {
            Look::Whole
        } else {
            Look::Glance
        };
        self.look(stored, look).await
    }

    async fn look(&self, stored: &Stored, look: Look) -> Result<Sight, ApiError> {
        let _place = self.state.admissions.admit_live()?;
        let limit = LIMIT.min(self.state.config.verify_timeout);
        let (services, image) = (&self.state.services, self.image.clone());
        let measured = measure_frame(services, &self.request_id, image, look, limit).await;
        let measured = measured.map_err(ApiError::FrameNotMeasured)?;
        let known = &stored.record.models;
        if !known.is_unnamed() && measured.models != *known {
            // Margins of different models are not to be compared within one session.
            return Err(ApiError::FrameNotMeasured(MeasureError::MixedModels));
        }
        match measured.outcome {
            FrameOutcome::Undecodable(_) => Err(BadImage::Undecodable.into()),
            FrameOutcome::Measured(measurement)
                if self.is_without_colour(&measurement, &measured.models)? =>
            {
                Err(BadImage::NoColour.into())
            }
            FrameOutcome::Measured(measurement) => Ok(Sight {
                measurement: if stored.record.mirrored {
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

    /// Whether a frame shows its face in grey, by which nothing can be judged.
    fn is_without_colour(
        &self,
        frame: &FrameMeasurement,
        models: &ModelSetId,
    ) -> Result<bool, ApiError> {
        let thresholds = self.state.services.thresholds_of(models);
        let thresholds = thresholds.map_err(ApiError::FrameNotMeasured)?;
        Ok(colour::lacking(frame, thresholds).is_some())
    }

    /// Puts what became of the session; `false` when another frame was faster.
    async fn put(
        &self,
        stored: &Stored,
        next: &Session,
        sight: Option<&Sight>,
    ) -> Result<bool, ApiError> {
        let before = &stored.record;
        if *next == before.session {
            // It was over before.
            return Ok(true);
        }
        let mut cost = before.cost;
        cost += sight.map_or(Cost::default(), |s| s.cost);
        let busy = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_first = before.session.state() == State::Pending && next.has_begun();
        let tasks = u64::try_from(next.tasks().len()).unwrap_or(u64::MAX);
        let record = Record {
            expires_at_ms: if is_first {
                self.arrived_ms + tasks * next.timeout_ms() + MARGIN_MS
            } else {
                before.expires_at_ms
            },
            cost,
            busy_ms: before.busy_ms.saturating_add(busy),
            models: sight.map_or_else(|| before.models.clone(), |s| s.models.clone()),
            session: next.clone(),
            ..before.clone()
        };
        put(&self.state, stored, record, &self.request_id).await
    }

    fn answer(&self, stored: &Stored, session: &Session, report: Report) -> FrameResult {
        let for_owner = matches!(self.caller, SessionCaller::Owner(_));
        FrameResult::new(stored.id, session, report, for_owner)
    }
}
