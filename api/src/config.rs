//! The environment, read once.
//!
//! A value that makes no sense stops the start with a sentence that names the variable, what it
//! holds and what it may hold. An empty variable counts as not set. Secrets are never repeated.

mod variables;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use livegate_common::seal::SealKey;
use livegate_common::secret::SecretError;

use self::variables::Variables;
use crate::http::cors::Origins;
use crate::server_to_server::wire::MAX_VERIFY_BODY_BYTES;

/// Frames of others that a verification may wait for, for each inference thread: at the 30-40 a second
/// measured on a 2-core server, the wait is two seconds of the deadline's 15.
///
/// More would let larger bursts in, and everyone wait longer wherever more is asked than can be done.
const FRAMES_IN_FLIGHT_A_THREAD: usize = 64;

/// The same for workers that are not counted here: eight threads' worth.
const FRAMES_IN_FLIGHT_DISTRIBUTED: usize = 8 * FRAMES_IN_FLIGHT_A_THREAD;

/// Live frames are this share of all frames in flight, and [`LEAST_LIVE_FRAMES`] at least.
///
/// All of them are measured in about two seconds, but one that waits longer than one is of no use:
/// the face has moved on, and so has the clock of its challenge.
const LIVE_FRAMES_SHARE: usize = 2;

/// Sessions of a few people at once, each with a frame or two on its way, however small the server.
const LEAST_LIVE_FRAMES: usize = 8;

/// Everything that the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the HTTP server needs.
    pub server: ServerConfig,
    /// Where queue, stores and workers are.
    pub backend: Backend,
    /// Where the models are.
    pub models: ModelsConfig,
}

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

fn live_frames(frames_in_flight: usize) -> usize {
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

/// Where queue, stores and workers are.
#[derive(Clone)]
pub enum Backend {
    /// All in this process.
    Embedded {
        /// `LIVEGATE_WORKER_THREADS`.
        threads: NonZeroUsize,
    },
    /// At RabbitMQ and Redis, with workers of their own.
    Distributed {
        /// `LIVEGATE_AMQP_URL` or `LIVEGATE_AMQP_URL_FILE`; may hold a password.
        amqp_url: String,
        /// `LIVEGATE_REDIS_URL` or `LIVEGATE_REDIS_URL_FILE`; may hold a password.
        redis_url: String,
        /// `LIVEGATE_SEAL_KEY` or `LIVEGATE_SEAL_KEY_FILE`.
        seal: SealKey,
    },
}

/// Prints no URL: it may hold a password.
impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { threads } => f
                .debug_struct("Embedded")
                .field("threads", threads)
                .finish(),
            Self::Distributed { .. } => f.debug_struct("Distributed").finish_non_exhaustive(),
        }
    }
}

/// Where the models are.
#[derive(Clone, Debug)]
pub struct ModelsConfig {
    /// `LIVEGATE_MODELS`: the folder that `livegate-models` filled.
    pub cache: PathBuf,
    /// `LIVEGATE_MODEL_CONFIG`: the operator's own models.
    pub config: Option<PathBuf>,
    /// `LIVEGATE_THRESHOLDS`: an operating point other than the shipped one.
    pub thresholds: Option<PathBuf>,
}

/// Why the environment cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A variable holds something that it may not.
    #[error("{name} is \"{value}\"; it must be {allowed}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        allowed: String,
    },
    /// Two variables belong together and one is missing.
    #[error(
        "{set} is set and {missing} is not: set both for RabbitMQ and Redis, or neither to run everything in this process"
    )]
    Alone {
        /// The one that is set.
        set: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// A file that holds a secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The seal key is required and missing, or it is not a key. Its value is not repeated.
    #[error(
        "LIVEGATE_SEAL_KEY must be 32 bytes in base64, the same for API and workers; make one with `openssl rand -base64 32`"
    )]
    SealKey,
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(process_environment)
    }

    /// Reads variables through `lookup`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first variable that cannot be used.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let vars = Variables { lookup };
        let defaults = ServerConfig::default();
        let backend = vars.backend()?;
        // A page to try the service out is for one machine; where many serve, it is asked for.
        let (frames_in_flight, demo) = match &backend {
            Backend::Embedded { threads } => (threads.get() * FRAMES_IN_FLIGHT_A_THREAD, true),
            Backend::Distributed { .. } => (FRAMES_IN_FLIGHT_DISTRIBUTED, false),
        };
        let max_frames_in_flight = vars.number(
            "LIVEGATE_MAX_FRAMES_IN_FLIGHT",
            frames_in_flight,
            1..=1_000_000,
        )?;
        let server = ServerConfig {
            listen: vars.parsed(
                "LIVEGATE_LISTEN",
                defaults.listen,
                "an address and a port, for example 0.0.0.0:8000",
            )?,
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
            max_frames_in_flight,
            max_live_frames: live_frames(max_frames_in_flight),
            lease_margin: defaults.lease_margin,
            // Less than one body needs would keep it from ever getting in beside another.
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
            demo: vars.switch("LIVEGATE_DEMO", demo)?,
            audit_log: match vars.get("LIVEGATE_AUDIT_LOG").as_deref() {
                None | Some("-") => AuditTarget::StandardOutput,
                Some(path) => AuditTarget::File(PathBuf::from(path)),
            },
            metrics_listen: vars.optional(
                "LIVEGATE_METRICS_LISTEN",
                "an address and a port, for example 127.0.0.1:9464",
            )?,
        };
        Ok(Self {
            server,
            backend,
            models: vars.models(),
        })
    }
}

/// The key file that the environment of this process names.
pub fn key_file() -> PathBuf {
    Variables {
        lookup: process_environment,
    }
    .key_file()
}

/// What measuring in this process takes, by its environment.
///
/// # Errors
/// [`ConfigError`] for the first variable that cannot be used.
pub fn measuring() -> Result<(ModelsConfig, NonZeroUsize), ConfigError> {
    let vars = Variables {
        lookup: process_environment,
    };
    Ok((vars.models(), vars.threads()?))
}

fn process_environment(name: &'static str) -> Option<String> {
    std::env::var_os(name).map(|v| v.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
