//! Measures a reference picture.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::id::RequestId;
use livegate_common::job::{Cost, Look};
use livegate_liveness::embedding::Embedding;
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::reference::clear_face;
use livegate_liveness::thresholds::ModelSetId;
use tracing::Instrument;

use super::bad::BadReference;
use super::read::Reference;
use crate::admission::Lane;
use crate::error::ApiError;
use crate::http::uploads::UploadPlace;
use crate::keys::KeyRecord;
use crate::measure::{MeasureError, measure_frame, thresholds_of};
use crate::services::Services;
use crate::state::AppState;

/// The longest that a reference may take at the creation of a live session.
const SESSION_LIMIT: Duration = Duration::from_secs(5);

/// The face of a reference.
#[derive(Clone, Debug)]
pub struct ReferenceFace {
    /// Its embedding.
    pub embedding: Embedding,
    /// The models that measured it; `None` for an embedding that the caller sent.
    models: Option<ModelSetId>,
    /// Processor time that it cost the workers.
    pub cost: Cost,
}

impl ReferenceFace {
    /// The face of an embedding that the caller sent.
    fn sent(embedding: Embedding) -> Self {
        Self {
            embedding,
            models: None,
            cost: Cost::default(),
        }
    }

    /// Checks that a capture which these models measured can be compared with it.
    ///
    /// # Errors
    /// [`MeasureError::MixedModels`] if other models measured the reference.
    pub fn check_models(&self, of_capture: &ModelSetId) -> Result<(), MeasureError> {
        match &self.models {
            Some(models) if models != of_capture => Err(MeasureError::MixedModels),
            Some(_) | None => Ok(()),
        }
    }

    /// The models that measured it; unnamed for an embedding that the caller sent.
    pub fn models(&self) -> ModelSetId {
        self.models.clone().unwrap_or_default()
    }
}

/// The face of a reference, measured within `limit` in the turns of `lane`.
///
/// # Errors
/// [`ApiError::InvalidReference`] where the picture does not show one clear face; another one where it was not measured.
pub async fn face_of(
    services: &Services,
    lane: &Lane,
    request: &RequestId,
    reference: Reference,
    limit: Duration,
) -> Result<ReferenceFace, ApiError> {
    let picture = match reference {
        Reference::Embedding(embedding) => return Ok(ReferenceFace::sent(embedding)),
        Reference::Picture(picture) => picture,
    };
    let measured = measure_frame(services, lane, request, &picture, Look::Whole, limit).await?;
    let thresholds = thresholds_of(services, &measured.models)?;
    let embedding = match measured.outcome {
        FrameOutcome::Undecodable(_) => return Err(BadReference::Undecodable.into()),
        FrameOutcome::Measured(seen) => {
            clear_face(*seen, thresholds).map_err(BadReference::Face)?
        }
    };
    Ok(ReferenceFace {
        embedding,
        models: Some(measured.models),
        cost: measured.cost,
    })
}

/// The face of the reference of a test session. No worker measures a picture for it; `stand_in` stands for its face.
pub fn face_for_test(reference: Reference, stand_in: Option<Embedding>) -> Option<ReferenceFace> {
    match reference {
        Reference::Embedding(embedding) => Some(ReferenceFace::sent(embedding)),
        Reference::Picture(_) => stand_in.map(ReferenceFace::sent),
    }
}

/// The face of the reference of a new live session of `key`. A picture is let in as a live frame is.
///
/// # Errors
/// As [`face_of`]; also [`ApiError::ConcurrencyLimited`].
pub async fn face_for_session(
    state: &Arc<AppState>,
    key: &Arc<KeyRecord>,
    request: RequestId,
    reference: Reference,
    upload: UploadPlace,
) -> Result<ReferenceFace, ApiError> {
    if let Reference::Embedding(embedding) = reference {
        return Ok(ReferenceFace::sent(embedding));
    }
    let admission = state.admissions.admit_live(key, &reference.work()).await?;
    let limit = SESSION_LIMIT.min(state.config.verify_timeout);
    let state = Arc::clone(state);
    let measuring = async move {
        let face = face_of(
            &state.services,
            admission.lane(),
            &request,
            reference,
            limit,
        )
        .await;
        drop(upload);
        face
    };
    // Its place stays taken until the workers are done, even if the caller hangs up.
    tokio::spawn(measuring.in_current_span())
        .await
        .unwrap_or_else(|error| Err(ApiError::internal(error)))
}
