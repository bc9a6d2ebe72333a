//! The models, loaded into threads that measure.

use std::num::NonZeroUsize;

use livegate_liveness::thresholds::{OperatingPoint, OperatingPointError};
use livegate_models::{ModelSet, ModelsError};
use livegate_worker::{AnalyzerPool, StartError, clip, onnx};

use crate::settings::ModelsSettings;

/// Why nothing can be measured in this process.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A model file is missing or altered.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The models do not load.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating point is for other models.
    #[error("the thresholds do not fit the models: {0}")]
    OtherModels(#[from] OperatingPointError),
}

/// Loads the models, starts threads that measure, and makes sure that clips can be read.
///
/// Blocks its thread: nothing else happens until the models are there. The operating point must be for
/// them.
///
/// # Errors
/// [`PoolError`] when the models cannot be used, or what reads clips is missing.
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
    clip::check_tools().await?;
    Ok(pool)
}
