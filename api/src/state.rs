//! What every request handler can reach.

use std::sync::Arc;

use crate::audit::Audit;
use crate::config::ServerConfig;
use crate::http::uploads::Uploads;
use crate::interactive::in_flight::InFlight;
use crate::keys::watch::LiveKeys;
use crate::limits::Admissions;
use crate::services::Services;

/// Shared by all requests; made once.
pub struct AppState {
    /// Queue, stores and limits.
    pub services: Services,
    /// The settings.
    pub config: ServerConfig,
    /// The API keys.
    pub keys: Arc<LiveKeys>,
    /// The server's own limit.
    pub admissions: Admissions,
    /// Room for large bodies.
    pub uploads: Uploads,
    /// Room for those of live frames: whoever fills it with a client token keeps no verify out.
    pub live_uploads: Uploads,
    /// Live frames on their way into their sessions.
    pub in_flight: InFlight,
    /// Where audit records go.
    pub audit: Audit,
}
