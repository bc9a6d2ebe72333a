//! The environment, read once.
//!
//! A value that makes no sense stops the start with a sentence that names the variable, what it
//! holds and what it may hold. An empty variable counts as not set. Secrets are never repeated.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use livegate_common::seal::SealKey;

use crate::server_to_server::wire::{MAX_IMAGES, MAX_VERIFY_BODY_BYTES};

/// Frames in flight that one inference thread measures well within the default deadline: 320, at
/// the 30-35 a second measured on a 2-core server, take about 10 of the 15 seconds.
const FRAMES_IN_FLIGHT_A_THREAD: usize = 320;

/// The same for workers that are not counted here: eight threads' worth.
const FRAMES_IN_FLIGHT_DISTRIBUTED: usize = 8 * FRAMES_IN_FLIGHT_A_THREAD;

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
    /// `LIVEGATE_MAX_FRAMES_IN_FLIGHT`: frames of all admitted verifications together.
    pub max_frames_in_flight: usize,
    /// How much longer than a verification may take its key's place is held if its process dies. No
    /// variable: a constant, but for tests.
    pub lease_margin: Duration,
    /// `LIVEGATE_MAX_UPLOAD_MB`: MiB of large bodies held at once, of all keys together.
    pub max_upload_mib: usize,
    /// From the first byte of a request's head to its last. No variable: a constant, but for tests.
    pub head_timeout: Duration,
    /// Connections at once; more wait. No variable either.
    pub max_connections: usize,
    /// `LIVEGATE_AUDIT_LOG`: where audit records go.
    pub audit_log: AuditTarget,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            keys: PathBuf::from("keys.toml"),
            session_ttl: Duration::from_secs(300),
            verify_timeout: Duration::from_secs(15),
            max_frames_in_flight: FRAMES_IN_FLIGHT_A_THREAD,
            lease_margin: Duration::from_secs(30),
            max_upload_mib: 512,
            head_timeout: Duration::from_secs(15),
            max_connections: 4096,
            audit_log: AuditTarget::StandardOutput,
        }
    }
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
        /// `LIVEGATE_AMQP_URL`; may hold a password.
        amqp_url: String,
        /// `LIVEGATE_REDIS_URL`; may hold a password.
        redis_url: String,
        /// `LIVEGATE_SEAL_KEY`.
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
        let frames_in_flight = match &backend {
            Backend::Embedded { threads } => threads.get() * FRAMES_IN_FLIGHT_A_THREAD,
            Backend::Distributed { .. } => FRAMES_IN_FLIGHT_DISTRIBUTED,
        };
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
            max_frames_in_flight: vars.number(
                "LIVEGATE_MAX_FRAMES_IN_FLIGHT",
                frames_in_flight,
                MAX_IMAGES..=1_000_000,
            )?,
            lease_margin: defaults.lease_margin,
            // Less than one body needs would keep it from ever getting in beside another.
            max_upload_mib: vars.number(
                "LIVEGATE_MAX_UPLOAD_MB",
                defaults.max_upload_mib,
                (MAX_VERIFY_BODY_BYTES >> 20)..=1_000_000,
            )?,
            head_timeout: defaults.head_timeout,
            max_connections: defaults.max_connections,
            audit_log: match vars.get("LIVEGATE_AUDIT_LOG").as_deref() {
                None | Some("-") => AuditTarget::StandardOutput,
                Some(path) => AuditTarget::File(PathBuf::from(path)),
            },
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

struct Variables<F> {
    lookup: F,
}

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    fn get(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        default: T,
        allowed: &str,
    ) -> Result<T, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        value
            .parse()
            .map_err(|_| invalid(name, value, allowed.to_owned()))
    }

    fn number(
        &self,
        name: &'static str,
        default: usize,
        allowed: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        match value.parse() {
            Ok(number) if allowed.contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(invalid(
                name,
                value,
                format!(
                    "a whole number from {} to {}",
                    allowed.start(),
                    allowed.end()
                ),
            )),
        }
    }

    fn seconds(
        &self,
        name: &'static str,
        default: Duration,
        max: u64,
    ) -> Result<Duration, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        match value.parse() {
            Ok(seconds) if (1..=max).contains(&seconds) => Ok(Duration::from_secs(seconds)),
            Ok(_) | Err(_) => Err(invalid(
                name,
                value,
                format!("a whole number of seconds from 1 to {max}"),
            )),
        }
    }

    fn key_file(&self) -> PathBuf {
        self.get("LIVEGATE_KEYS")
            .map_or_else(|| ServerConfig::default().keys, PathBuf::from)
    }

    fn models(&self) -> ModelsConfig {
        ModelsConfig {
            cache: self
                .get("LIVEGATE_MODELS")
                .unwrap_or_else(|| "models/cache".into())
                .into(),
            config: self.get("LIVEGATE_MODEL_CONFIG").map(PathBuf::from),
        }
    }

    fn threads(&self) -> Result<NonZeroUsize, ConfigError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.number("LIVEGATE_WORKER_THREADS", cores, 1..=256)?;
        Ok(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
    }

    fn backend(&self) -> Result<Backend, ConfigError> {
        const AMQP: &str = "LIVEGATE_AMQP_URL";
        const REDIS: &str = "LIVEGATE_REDIS_URL";
        match (self.get(AMQP), self.get(REDIS)) {
            (None, None) => Ok(Backend::Embedded {
                threads: self.threads()?,
            }),
            (Some(amqp_url), Some(redis_url)) => {
                let key = self.get("LIVEGATE_SEAL_KEY").ok_or(ConfigError::SealKey)?;
                let seal = SealKey::from_base64(&key).map_err(|_| ConfigError::SealKey)?;
                Ok(Backend::Distributed {
                    amqp_url,
                    redis_url,
                    seal,
                })
            }
            (Some(_), None) => Err(ConfigError::Alone {
                set: AMQP,
                missing: REDIS,
            }),
            (None, Some(_)) => Err(ConfigError::Alone {
                set: REDIS,
                missing: AMQP,
            }),
        }
    }
}

fn invalid(name: &'static str, value: String, allowed: String) -> ConfigError {
    ConfigError::Invalid {
        name,
        value,
        allowed,
    }
}

#[cfg(test)]
mod tests;
