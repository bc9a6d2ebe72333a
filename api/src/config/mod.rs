//! Settings of the HTTP server. The crate `livegate-server` reads them from the environment.

mod origins;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::origins::{NoOrigin, Origins};

/// Settings of the HTTP server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `LIVEGATE_LISTEN`: address and port to listen on.
    pub listen: SocketAddr,
    /// `LIVEGATE_KEYS`: the key file.
    pub keys: PathBuf,
    /// `LIVEGATE_SESSION_TTL_SECONDS`: how long a session can be verified after its creation.
    pub session_ttl: Duration,
    /// `LIVEGATE_VERIFY_TIMEOUT_SECONDS`: how long a verify may take from the claim to the answer.
    pub verify_timeout: Duration,
    /// How long a key's place for a verification stays taken, beyond the longest verification, if the
    /// process that holds it dies. Not a variable: a constant, except in tests.
    pub lease_margin: Duration,
    /// `LIVEGATE_MAX_UPLOAD_MB`: large bodies held at once, of all keys together, MiB.
    pub max_upload_mib: usize,
    /// Time from the first byte of a request's head to its last. Not a variable: a constant, except in
    /// tests.
    pub head_timeout: Duration,
    /// Open connections at once; further ones wait. Not a variable.
    pub max_connections: usize,
    /// `LIVEGATE_CORS_ORIGINS`: origins whose pages may use a session's `client_token` from a browser.
    pub cors_origins: Origins,
    /// `LIVEGATE_DEMO`: whether the demo page at `/demo` is served.
    pub demo: bool,
    /// Whether the demo page gets a key lent: only in an embedded service on a loopback address, with
    /// the page on. Not a variable.
    pub lends_demo_key: bool,
    /// `LIVEGATE_AUDIT_LOG`: where audit records are written.
    pub audit_log: AuditTarget,
    /// Receipts.
    pub receipts: ReceiptConfig,
    /// `LIVEGATE_METRICS_LISTEN`: address and port that serve metrics; `None`: metrics are not served.
    pub metrics_listen: Option<SocketAddr>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            keys: PathBuf::from("keys.toml"),
            session_ttl: Duration::from_secs(300),
            verify_timeout: Duration::from_secs(15),
            lease_margin: Duration::from_secs(30),
            max_upload_mib: 512,
            head_timeout: Duration::from_secs(15),
            max_connections: 4096,
            cors_origins: Origins::default(),
            demo: true,
            lends_demo_key: false,
            audit_log: AuditTarget::StandardOutput,
            receipts: ReceiptConfig::default(),
            metrics_listen: None,
        }
    }
}

/// Where audit records are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Standard output, one JSON line for each record.
    StandardOutput,
    /// Appended to this file.
    File(PathBuf),
}

/// Settings of signed receipts.
#[derive(Clone, Debug)]
pub struct ReceiptConfig {
    /// `LIVEGATE_SIGNING_KEY`: the file of the keys that sign; `None`: verdicts have no receipt.
    pub signing_keys: Option<PathBuf>,
    /// Whether to make that file with a fresh key if it is missing, and to go without receipts where it cannot be made.
    pub makes_keys: bool,
    /// `LIVEGATE_RECEIPT_ISSUER`: who signs, as receipts say it.
    pub issuer: String,
}

impl Default for ReceiptConfig {
    fn default() -> Self {
        Self {
            signing_keys: None,
            makes_keys: false,
            issuer: "livegate".to_owned(),
        }
    }
}
