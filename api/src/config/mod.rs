//! What the HTTP server needs to know; the crate `livegate-server` reads it from the environment.

mod origins;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::origins::{NoOrigin, Origins};

/// Frames of others that a verification may wait for, for each inference thread: at the 30-40 a second
/// measured on a 2-core server, the wait is two seconds of the deadline's 15.
///
/// More would let larger bursts in, and everyone wait longer wherever more is asked than can be done.
pub const FRAMES_IN_FLIGHT_A_THREAD: usize = 64;

/// The same for workers that are not counted here: eight threads' worth.
pub const FRAMES_IN_FLIGHT_DISTRIBUTED: usize = 8 * FRAMES_IN_FLIGHT_A_THREAD;

/// Live frames are this share of all frames in flight, and [`LEAST_LIVE_FRAMES`] at least.
///
/// All of them are measured in about two seconds, but one that waits longer than one is of no use:
/// the face has moved on, and so has the clock of its challenge.
const LIVE_FRAMES_SHARE: usize = 2;

/// Sessions of a few people at once, each with a frame or two on its way, however small the server.
const LEAST_LIVE_FRAMES: usize = 8;

/// What the HTTP server needs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `LIVEGATE_LISTEN`: address and port to listen on.
    pub listen: SocketAddr,
    /// `LIVEGATE_KEYS`: the key file.
    pub keys: PathBuf,
    /// `LIVEGATE_SESSION_TTL_SECONDS`: from creation to verify.
    pub session_ttl: Duration,
    /// `LIVEGATE_VERIFY_TIMEOUT_SECONDS`: from the claim to the answer.
    pub verify_timeout: Duration,
    /// `LIVEGATE_MAX_FRAMES_IN_FLIGHT`: frames of admitted verifications from which on no more are
    /// admitted.
    pub max_frames_in_flight: usize,
    /// Live frames of all sessions together that wait to be looked at or are. No variable: half
    /// of `max_frames_in_flight`, and 8 at least.
    pub max_live_frames: usize,
    /// How much longer than a verification may take its key's place is held if its process dies. No
    /// variable: a constant, but for tests.
    pub lease_margin: Duration,
    /// `LIVEGATE_MAX_UPLOAD_MB`: MiB of large bodies held at once, of all keys together.
    pub max_upload_mib: usize,
    /// From the first byte of a request's head to its last. No variable: a constant, but for tests.
    pub head_timeout: Duration,
    /// Connections at once; more wait. No variable either.
    pub max_connections: usize,
    /// `LIVEGATE_CORS_ORIGINS`: whose pages may use a session's `client_token` from a browser.
    pub cors_origins: Origins,
    /// `LIVEGATE_DEMO`: whether there is a page at `/demo`.
    pub demo: bool,
    /// `LIVEGATE_AUDIT_LOG`: where audit records go.
    pub audit_log: AuditTarget,
    /// `LIVEGATE_METRICS_LISTEN`: where metrics are read from; nowhere when it is not set.
    pub metrics_listen: Option<SocketAddr>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            keys: PathBuf::from("keys.toml"),
            session_ttl: Duration::from_secs(300),
            verify_timeout: Duration::from_secs(15),
            max_frames_in_flight: FRAMES_IN_FLIGHT_A_THREAD,
            max_live_frames: live_frames(FRAMES_IN_FLIGHT_A_THREAD),
            lease_margin: Duration::from_secs(30),
            max_upload_mib: 512,
            head_timeout: Duration::from_secs(15),
            max_connections: 4096,
            cors_origins: Origins::default(),
            demo: true,
            audit_log: AuditTarget::StandardOutput,
            metrics_listen: None,
        }
    }
}

/// Live frames among `frames_in_flight`.
pub fn live_frames(frames_in_flight: usize) -> usize {
    (frames_in_flight / LIVE_FRAMES_SHARE).max(LEAST_LIVE_FRAMES)
}

/// Where audit records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Standard output, one JSON line each.
    StandardOutput,
    /// Appended to this file.
    File(PathBuf),
}
