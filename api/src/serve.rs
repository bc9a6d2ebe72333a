//! Serving: from settings to a server that has stopped.

use std::num::NonZeroUsize;
use std::sync::Arc;

use livegate_common::liveness::thresholds::{OperatingPoint, OperatingPointError, ThresholdSets};
use livegate_common::operating_point::{self, ReadError};
use livegate_common::seal::SealError;
use livegate_common::shutdown::Shutdown;
use livegate_models::{ModelSet, ModelsError};
use livegate_worker::{AnalyzerPool, StartError, clip, known, onnx};

use crate::application::{Application, BindError};
use crate::config::{Backend, Config, ModelsConfig};
use crate::distributed::{self, ConnectError};
use crate::embedded;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The models cannot be used.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The operating point cannot be used.
    #[error(transparent)]
    Thresholds(#[from] ReadError),
    /// The system gives no random bytes.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A URL cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server cannot be built.
    #[error(transparent)]
    Bind(#[from] BindError),
}

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
    models: &ModelsConfig,
    point: &OperatingPoint,
    threads: NonZeroUsize,
) -> Result<AnalyzerPool, PoolError> {
    let pool = tokio::task::block_in_place(|| -> Result<_, PoolError> {
        let set = ModelSet::load(&models.cache, models.config.as_deref())?;
        known::check(point, &set)?;
        Ok(AnalyzerPool::start(threads, onnx::factory(set)?)?)
    })?;
    clip::check_tools().await?;
    Ok(pool)
}

/// Serves until told to stop.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve(config: Config, shutdown: Shutdown) -> Result<(), ServeError> {
    let Config {
        server,
        backend,
        models,
    } = config;
    let point = operating_point::read(models.thresholds.as_deref())?;
    let thresholds = ThresholdSets::from(&point);
    match backend {
        Backend::Distributed {
            amqp_url,
            redis_url,
            seal,
        } => {
            let services = distributed::services(&amqp_url, &redis_url, seal, thresholds)?;
            Application::bind(server, services)
                .await?
                .run(shutdown)
                .await;
        }
        Backend::Embedded { threads } => {
            let (services, broker) = embedded::services(thresholds)?;
            // Before the models are loaded: a taken port should not take seconds to show.
            let mut application = Application::bind(server, services.clone()).await?;
            tracing::info!("Loading the models for {threads} threads");
            let pool = start_pool(&models, &point, threads).await?;
            pool.metrics().register(application.registry());
            if let Some(name) = services.thresholds.name_of(pool.models()) {
                services.models.note(name);
            }
            let workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
            application.run(shutdown).await;
            workers.stop().await;
        }
    }
    Ok(())
}
