//! Why frames were not measured.

use livegate_common::id::{BatchId, JobId};
use livegate_common::job::{CodecError, Failure};

use crate::error::ApiError;

/// Why frames were not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The deadline passed.
    #[error("{missing} of {batches} batches of job {job} had no outcome at the deadline")]
    Deadline {
        /// The job.
        job: JobId,
        /// Batches without an outcome.
        missing: usize,
        /// All batches.
        batches: usize,
    },
    /// A worker gave up.
    #[error("a worker failed on batch {id}: {cause}")]
    Failed {
        /// The batch.
        id: BatchId,
        /// What it says.
        cause: Failure,
    },
    /// A batch or an outcome does not code.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An outcome is not about the frames that were sent.
    #[error("the outcome of batch {0} is about other frames")]
    Mismatch(BatchId),
    /// Workers with different models measured one capture: their margins cannot be compared.
    #[error("workers with different models measured one capture or session")]
    MixedModels,
    /// The thresholds are not for the models of a worker.
    #[error("a worker measured with models that the thresholds are not for ({0})")]
    UnknownModels(String),
    /// Some frames have no outcome.
    #[error("not every frame has an outcome")]
    Missing,
    /// Sealing was cut short.
    #[error("sealing the frames was interrupted")]
    Interrupted,
}

impl From<MeasureError> for ApiError {
    fn from(error: MeasureError) -> Self {
        if matches!(error, MeasureError::Deadline { .. }) {
            Self::TimedOut(error.into())
        } else {
            Self::internal(error)
        }
    }
}
