//! The reference of a verification: measured before the claim, compared after the judgement.

use std::time::{Duration, Instant};

use livegate_liveness::judge::Judgement;
use livegate_liveness::reference::Comparison;
use livegate_liveness::thresholds::{ModelSetId, Thresholds};

use super::run::Verification;
use crate::error::ApiError;
use crate::reference::{Reference, face_for_test, face_of};
use crate::test_mode::embedding;

impl Verification {
    /// Measures the reference, before the session is claimed.
    ///
    /// # Errors
    /// [`ApiError::InvalidReference`] where it does not show one clear face, or another error where it could not be
    /// measured. The session is then unused.
    pub async fn refer_to(&mut self, reference: Reference) -> Result<(), ApiError> {
        if self.session.record.test.is_some() {
            // No worker measures anything for a test session. Its own face stands for that of a picture.
            self.reference = face_for_test(reference, embedding(&self.session.id));
            return Ok(());
        }
        let (services, lane) = (&self.state.services, self.admission.lane());
        let limit = self.time_left();
        let face = face_of(services, lane, &self.request_id, reference, limit).await?;
        self.reference = Some(face);
        Ok(())
    }

    /// The time until it must have ended.
    pub(super) fn time_left(&self) -> Duration {
        self.ends_at.saturating_duration_since(Instant::now())
    }

    /// Compares the capture, which these models measured, with the reference.
    ///
    /// # Errors
    /// [`MeasureError::MixedModels`](crate::measure::MeasureError::MixedModels) if other models measured the reference.
    pub(super) fn compare(
        &self,
        judgement: &Judgement,
        models: &ModelSetId,
        thresholds: &Thresholds,
    ) -> Result<Comparison, ApiError> {
        let reference = self.reference.as_ref();
        reference.map_or(Ok(()), |r| r.check_models(models))?;
        Ok(judgement.compared_with(reference.map(|r| &r.embedding), thresholds))
    }
}
