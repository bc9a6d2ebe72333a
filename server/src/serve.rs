//! Runs the API server, from its settings to its end.

use std::sync::Arc;

use livegate_api::application::{Application, BindError};
use livegate_api::services::Services;
use livegate_common::seal::SealError;
use livegate_common::shutdown::Shutdown;
use livegate_liveness::thresholds::ThresholdSets;

use crate::distributed;
use crate::embedded;
use crate::pool::{PoolError, start_pool};
use crate::settings::operating_point::{self, NamedPoint, ReadError};
use crate::settings::{ApiSettings, Backend};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The models cannot be used.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The operating point cannot be used.
    #[error(transparent)]
    Thresholds(#[from] ReadError),
    /// The system has no random bytes.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The server cannot be built, or its address cannot be used.
    #[error(transparent)]
    Bind(#[from] BindError),
}

/// Serves until told to stop.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve(settings: ApiSettings, shutdown: Shutdown) -> Result<(), ServeError> {
    let ApiSettings {
        server,
        backend,
        models,
    } = settings;
    let NamedPoint { point, name } = operating_point::read(models.thresholds.as_deref())?;
    let thresholds = ThresholdSets::from(&point);
    match backend {
        Backend::Distributed {
            servers,
            replicas,
            seal,
        } => {
            let services = Services {
                point: name,
                ..distributed::services(&servers, replicas, seal, thresholds)
            };
            Application::bind(server, services)
                .await?
                .run(shutdown)
                .await;
        }
        Backend::Embedded { threads } => {
            let (mut services, broker) = embedded::services(thresholds)?;
            services.point = name;
            // Before the models are loaded, so that a port in use is reported at once.
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
