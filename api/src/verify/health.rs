//! Reads the service's health: `GET /v1/liveness/health`.

use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::services::Services;

/// Health of the service.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Health {
    /// State of the service as a whole.
    pub status: HealthStatus,
    /// Version of the running service.
    pub version: String,
    /// State of each component.
    pub components: Components,
}

/// State of the service.
///
/// - `ok`: all components can be reached.
/// - `degraded`: no worker was seen lately. Sessions can be created, but verifications fail.
/// - `down`: queue or store cannot be reached. Nothing works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum HealthStatus {
    /// All components can be reached.
    Ok,
    /// The API answers, but verifications may fail.
    Degraded,
    /// Nothing works.
    Down,
}

/// The components of the service.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Components {
    /// The queue that carries frames to the workers.
    pub broker: Component,
    /// The store of sessions and outcomes.
    pub store: Component,
    /// The processes that measure frames.
    pub workers: Workers,
}

/// One component.
#[derive(Clone, Copy, Debug, Serialize, Object)]
pub struct Component {
    /// State of the component.
    pub status: ComponentStatus,
}

/// The workers.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Workers {
    /// State of the workers: `down` when none was seen lately.
    pub status: ComponentStatus,
    /// Number of worker processes seen lately.
    pub count: u32,
    /// Name of the set of models that measured last, as the thresholds name it; absent before the first
    /// measurement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<String>,
}

/// State of a component.
///
/// - `ok`: it can be reached.
/// - `down`: it cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It can be reached.
    Ok,
    /// It cannot be reached.
    Down,
}

impl ComponentStatus {
    fn of(ok: bool) -> Self {
        if ok { Self::Ok } else { Self::Down }
    }
}

/// Checks every component.
pub async fn look(services: &Services) -> Health {
    let broker = services.publisher.is_connected();
    // The list of workers is in the store, so a successful count shows that the store can be reached.
    let count = match services.presence.workers().await {
        Ok(workers) => Some(workers.count),
        Err(error) => {
            tracing::warn!(error = %error, "A health check failed: {error}");
            None
        }
    };
    Health::of(broker, count, services.models.name())
}

impl Health {
    /// The health, by whether the broker is connected and how many workers the store lists; `None`: the
    /// store cannot be reached. `models` is the set that measured last.
    pub fn of(broker: bool, workers: Option<u32>, models: Option<String>) -> Self {
        let store = workers.is_some();
        let count = workers.unwrap_or(0);
        let status = match (broker && store, count) {
            (false, _) => HealthStatus::Down,
            (true, 0) => HealthStatus::Degraded,
            (true, _) => HealthStatus::Ok,
        };
        Self {
            status,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            components: Components {
                broker: Component {
                    status: ComponentStatus::of(broker),
                },
                store: Component {
                    status: ComponentStatus::of(store),
                },
                workers: Workers {
                    status: ComponentStatus::of(count > 0),
                    count,
                    models,
                },
            },
        }
    }
}
