//! Settings of the API, from environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;

use livegate_api::config::{AuditTarget, Origins, ServerConfig};
use livegate_api::verify::wire::MAX_VERIFY_BODY_BYTES;

use super::backend::Backend;
use super::error::SettingsError;
use super::models::ModelsSettings;
use super::variables::{Variables, process_environment};

/// All settings of the API.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Settings of the HTTP server.
    pub server: ServerConfig,
    /// Where queue, stores and workers run.
    pub backend: Backend,
    /// Where the models are.
    pub models: ModelsSettings,
}

impl ApiSettings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// [`SettingsError`] for the first variable that cannot be used.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(process_environment)
    }

    /// Reads variables through `lookup`.
    ///
    /// # Errors
    /// [`SettingsError`] for the first variable that cannot be used.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let vars = Variables { lookup };
        let defaults = ServerConfig::default();
        let backend = vars.backend()?;
        // The demo page is meant for one machine. A distributed service must ask for it.
        let demo = match &backend {
            Backend::Embedded { .. } => true,
            Backend::Distributed { .. } => false,
        };
        let is_embedded = demo;
        let demo = vars.switch("LIVEGATE_DEMO", demo)?;
        let listen: SocketAddr = vars.parsed(
            "LIVEGATE_LISTEN",
            defaults.listen,
            "an IP address and a port, for example 0.0.0.0:8000",
        )?;
        let server = ServerConfig {
            listen,
            keys: vars.key_file(),
            session_ttl: vars.seconds(
                "LIVEGATE_SESSION_TTL_SECONDS",
                defaults.session_ttl,
                3600,
            )?,
            verify_timeout: vars.seconds(
                "LIVEGATE_VERIFY_TIMEOUT_SECONDS",
                defaults.verify_timeout,
                300,
            )?,
            lease_margin: defaults.lease_margin,
            // A smaller limit than one body needs would refuse such a body whenever another one is in
            // hand.
            max_upload_mib: vars.number(
                "LIVEGATE_MAX_UPLOAD_MB",
                defaults.max_upload_mib,
                (MAX_VERIFY_BODY_BYTES >> 20)..=1_000_000,
            )?,
            head_timeout: defaults.head_timeout,
            max_connections: defaults.max_connections,
            cors_origins: vars.parsed(
                "LIVEGATE_CORS_ORIGINS",
                defaults.cors_origins,
                Origins::FORM,
            )?,
            demo,
            // Nobody on another machine can connect to a loopback address.
            lends_demo_key: demo && is_embedded && listen.ip().is_loopback(),
            audit_log: match vars.get("LIVEGATE_AUDIT_LOG").as_deref() {
                None | Some("-") => AuditTarget::StandardOutput,
                Some(path) => AuditTarget::File(PathBuf::from(path)),
            },
            receipts: vars.receipts(matches!(backend, Backend::Embedded { .. }))?,
            metrics_listen: vars.metrics_listen()?,
        };
        Ok(Self {
            server,
            backend,
            models: vars.models()?,
        })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
