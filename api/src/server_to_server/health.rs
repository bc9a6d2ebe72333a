//! `GET /v1/liveness/health`.

use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::services::Services;

/// How the service is.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Health {
    /// `ok`; `degraded`: no worker was seen lately; `down`: queue or store cannot be reached.
    pub status: HealthStatus,
    /// The version that runs.
    pub version: String,
    /// The parts.
    pub components: Components,
}

/// How the service is, in a word.
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
    /// The queue.
    pub broker: Component,
    /// Where sessions and outcomes are kept.
    pub store: Component,
    /// Whoever measures frames.
    pub workers: Workers,
}

/// One part.
#[derive(Clone, Copy, Debug, Serialize, Object)]
pub struct Component {
    /// How it is.
    pub status: ComponentStatus,
}

/// The workers.
#[derive(Clone, Copy, Debug, Serialize, Object)]
pub struct Workers {
    /// How they are: `down` when there is none.
    pub status: ComponentStatus,
    /// How many were seen lately.
    pub count: u32,
}

/// How a part is.
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
    let workers = count.unwrap_or(0);
    let status = match (broker && count.is_some(), workers) {
        (false, _) => HealthStatus::Down,
        (true, 0) => HealthStatus::Degraded,
        (true, _) => HealthStatus::Ok,
    };
    Health {
        status,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        components: Components {
            broker: Component {
                status: ComponentStatus::of(broker),
            },
            store: Component {
                status: ComponentStatus::of(count.is_some()),
            },
            workers: Workers {
                status: ComponentStatus::of(workers > 0),
                count: workers,
            },
        },
    }
}
