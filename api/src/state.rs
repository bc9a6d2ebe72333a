//! State that every request handler can reach.

use std::sync::Arc;

use crate::admission::Admissions;
use crate::audit::Audit;
use crate::config::ServerConfig;
use crate::http::uploads::Uploads;
use crate::interactive::in_flight::InFlight;
use crate::keys::watch::LiveKeys;
use crate::receipts::Receipts;
use crate::services::Services;

/// Shared by all requests; created once.
pub struct AppState {
    /// Queue, stores and limits.
    pub services: Services,
    /// The settings.
    pub config: ServerConfig,
    /// The API keys.
    pub keys: Arc<LiveKeys>,
    /// What lets work in, and in which order it goes to the workers.
    pub admissions: Admissions,
    /// Memory for large bodies.
    pub uploads: Uploads,
    /// Memory for the bodies of live frames. Separate, so that holders of client tokens who fill it
    /// keep no verify out.
    pub live_uploads: Uploads,
    /// Live frames in flight.
    pub in_flight: InFlight,
    /// Signs receipts.
    pub receipts: Arc<Receipts>,
    /// The audit log.
    pub audit: Audit,
}
