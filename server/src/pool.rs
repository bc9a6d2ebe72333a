//! Loads the models into a pool of threads.

use std::num::NonZeroUsize;

use livegate_liveness::thresholds::{OperatingPoint, OperatingPointError};
use livegate_models::{ModelSet, ModelsError};
use livegate_worker::clip::ClipReader;
use livegate_worker::{AnalyzerPool, StartError, onnx};

use crate::settings::ModelsSettings;

/// Why this process cannot measure.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A model file is missing or altered.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// A model or the runtime does not load, or a program that reads clips is missing.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating point was made for other models.
    #[error("the thresholds do not fit the models: {0}")]
    OtherModels(#[from] OperatingPointError),
}

/// Most messages of each queue that a worker with these threads holds.
///
/// Twice the number of threads: one batch waits for each that is measured, so that no thread idles during a round trip.
/// More would be taken away from workers that could begin them at once.
pub fn prefetch(threads: NonZeroUsize) -> u16 {
    u16::try_from(threads.get() * 2).unwrap_or(u16::MAX)
}

/// Loads the models, starts the threads, and checks that clips can be read.
///
/// Blocks its thread until the models are loaded. Needs a multi-threaded tokio runtime. The operating
/// point must list the models.
///
/// # Errors
/// [`PoolError`] when the models cannot be used, or a program that reads clips is missing.
pub async fn start_pool(
    models: &ModelsSettings,
    point: &OperatingPoint,
    threads: NonZeroUsize,
) -> Result<AnalyzerPool, PoolError> {
    let pool = tokio::task::block_in_place(|| -> Result<_, PoolError> {
        let set = ModelSet::load(&models.cache, models.config.as_deref())?;
        set.check_listed(point)?;
        Ok(AnalyzerPool::start(threads, onnx::factory(set)?)?)
    })?;
    let reader = ClipReader::start(models.allow_unconfined_clips).await?;
    Ok(pool.with_clip_reader(reader))
}
