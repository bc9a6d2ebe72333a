//! Settings of the HTTP server. The crate `livegate-server` reads them from the environment.

mod origins;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::origins::{NoOrigin, Origins};

/// Frames that may be in flight for each inference thread before a verification is refused.
///
/// At the 30-40 frames a second measured on a 2-core server, a verification waits two seconds for them,
/// of the deadline's 15. More would admit larger bursts, but everyone would wait longer under overload.
pub const FRAMES_IN_FLIGHT_A_THREAD: usize = 64;

/// The same limit when the workers are other processes, whose threads are not counted here: that of
/// eight threads.
pub const FRAMES_IN_FLIGHT_DISTRIBUTED: usize = 8 * FRAMES_IN_FLIGHT_A_THREAD;

/// Divisor of the limit on live frames: 1/2 of all frames in flight, and [`LEAST_LIVE_FRAMES`] at
/// least.
///
/// All frames in flight are measured in about two seconds. A live frame that waits longer than one
/// second is useless: the face has moved on, and the time of its challenge has run on.
const LIVE_FRAMES_SHARE: usize = 2;

/// Lowest limit on live frames: a few people at once, each with a frame or two in flight, on however
/// small a server.
const LEAST_LIVE_FRAMES: usize = 8;

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
    /// `LIVEGATE_MAX_FRAMES_IN_FLIGHT`: frames of admitted verifications. Once as many are in flight,
    /// no further verification is admitted.
    pub max_frames_in_flight: usize,
    /// Live frames of all sessions together that wait to be measured or are being measured. Not a
    /// variable: half of `max_frames_in_flight`, and 8 at least.
    pub max_live_frames: usize,
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
    /// `LIVEGATE_AUDIT_LOG`: where audit records are written.
    pub audit_log: AuditTarget,
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

/// The limit on live frames that goes with a limit of `frames_in_flight` frames.
pub fn live_frames(frames_in_flight: usize) -> usize {
    (frames_in_flight / LIVE_FRAMES_SHARE).max(LEAST_LIVE_FRAMES)
}

/// Where audit records are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// Standard output, one JSON line for each record.
    StandardOutput,
    /// Appended to this file.
    File(PathBuf),
}
