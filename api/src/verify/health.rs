//! `GET /v1/liveness/health`.

use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::services::Services;

/// How the service is.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Health {
    /// How it is as a whole.
    pub status: HealthStatus,
    /// The version that runs.
    pub version: String,
    /// How each part is.
    pub components: Components,
}

/// How the service is, in a word.
///
/// - `ok`: all parts are there.
/// - `degraded`: no worker was seen lately; sessions can be created, verifications fail.
/// - `down`: queue or store cannot be reached; nothing works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum HealthStatus {
    /// All parts are there.
    Ok,
    /// It answers, and verifications may fail.
    Degraded,
    /// It can do nothing.
    Down,
}

/// The parts of the service.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Components {
    /// The queue that frames go to workers through.
    pub broker: Component,
    /// Where sessions and outcomes are kept.
    pub store: Component,
    /// The processes that measure frames.
    pub workers: Workers,
}

/// One part.
#[derive(Clone, Copy, Debug, Serialize, Object)]
pub struct Component {
    /// How it is.
    pub status: ComponentStatus,
}

/// The workers.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Workers {
    /// How they are: `down` when there is none.
    pub status: ComponentStatus,
    /// How many processes were seen lately.
    pub count: u32,
    /// The set of models that measured last, by its name in the thresholds; absent until something was
    /// measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<String>,
}

/// How a part is.
///
/// - `ok`: it can be reached.
/// - `down`: it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It can be reached.
    Ok,
    /// It cannot.
    Down,
}

impl ComponentStatus {
    fn of(ok: bool) -> Self {
        if ok { Self::Ok } else { Self::Down }
    }
}

/// Looks at every part.
pub async fn look(services: &Services) -> Health {
    let broker = services.publisher.is_connected();
    // The workers' list is in the store: who can count them has reached it.
    let count = match services.presence.count().await {
        Ok(count) => Some(count),
        Err(error) => {
            tracing::warn!(error = %error, "A health check failed: {error}");
            None
        }
    };
    Health::of(broker, count, services.models.name())
}

impl Health {
    /// How the service is, by whether the broker is connected and how many workers the store lists;
    /// `None`: the store cannot be reached. `models`: the set that measured last.
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
