//! Errors of measuring frames.

use livegate_common::id::{BatchId, JobId};
use livegate_common::job::{CodecError, Failure};

use crate::error::ApiError;

/// Why frames were not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Not every batch had an outcome at the deadline.
    #[error("{missing} of {batches} batches of job {job} had no outcome at the deadline")]
    Deadline {
        /// Id of the job.
        job: JobId,
        /// Number of batches without an outcome.
        missing: usize,
        /// Number of batches of the job.
        batches: usize,
    },
    /// A worker failed on a batch.
    #[error("a worker failed on batch {id}: {cause}")]
    Failed {
        /// Id of the batch.
        id: BatchId,
        /// Cause that the worker reported.
        cause: Failure,
    },
    /// A batch cannot be encoded, or an outcome cannot be decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An outcome does not match the frames that were sent. Holds the id of its batch.
    #[error("the outcome of batch {0} is about other frames")]
    Mismatch(BatchId),
    /// Workers with different models measured one capture: their margins cannot be compared.
    #[error("workers with different models measured one capture or session")]
    MixedModels,
    /// The thresholds are not for the models of a worker. Holds the name of its models.
    #[error("a worker measured with models that the thresholds are not for ({0})")]
    UnknownModels(String),
    /// Some frames have no outcome.
    #[error("not every frame has an outcome")]
    Missing,
    /// Sealing the frames was interrupted.
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
