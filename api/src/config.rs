//! The environment, read once.
//!
//! A value that makes no sense stops the start with a sentence that names the variable, what it
//! holds and what it may hold. An empty variable counts as not set. Secrets are never repeated.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use livegate_common::seal::SealKey;

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
    /// `LIVEGATE_MAX_CONCURRENT_VERIFIES`: verifications at once, of all keys together.
    pub max_concurrent_verifies: usize,
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
            max_concurrent_verifies: 64,
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
            max_concurrent_verifies: vars.number(
                "LIVEGATE_MAX_CONCURRENT_VERIFIES",
                defaults.max_concurrent_verifies,
                10_000,
            )?,
            audit_log: match vars.get("LIVEGATE_AUDIT_LOG").as_deref() {
                None | Some("-") => AuditTarget::StandardOutput,
                Some(path) => AuditTarget::File(PathBuf::from(path)),
            },
        };
        Ok(Self {
            server,
            backend: vars.backend()?,
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

    fn number(&self, name: &'static str, default: usize, max: usize) -> Result<usize, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        match value.parse() {
            Ok(number) if (1..=max).contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(invalid(
                name,
                value,
                format!("a whole number from 1 to {max}"),
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
        let threads = self.number("LIVEGATE_WORKER_THREADS", cores, 256)?;
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
mod tests {
    use super::*;

    fn read(vars: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| {
            vars.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn nothing_set_means_the_documented_defaults() {
        let config = read(&[("LIVEGATE_KEYS", ""), ("LIVEGATE_AMQP_URL", " ")]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.server.keys, PathBuf::from("keys.toml"));
        assert_eq!(config.server.session_ttl, Duration::from_secs(300));
        assert_eq!(config.server.audit_log, AuditTarget::StandardOutput);
        assert!(matches!(config.backend, Backend::Embedded { .. }));
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        for (name, value, allowed) in [
            ("LIVEGATE_LISTEN", "8000", "an address and a port"),
            ("LIVEGATE_SESSION_TTL_SECONDS", "0", "from 1 to 3600"),
            ("LIVEGATE_VERIFY_TIMEOUT_SECONDS", "ten", "from 1 to 300"),
            ("LIVEGATE_MAX_CONCURRENT_VERIFIES", "-1", "from 1 to 10000"),
            ("LIVEGATE_WORKER_THREADS", "0", "from 1 to 256"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
            assert!(error.contains(allowed), "{error}");
        }
    }

    #[test]
    fn broker_and_store_come_together_and_with_a_key() {
        let (amqp, redis) = ("LIVEGATE_AMQP_URL", "LIVEGATE_REDIS_URL");
        let alone = read(&[(amqp, "amqp://u:secret@h")]).unwrap_err();
        assert_eq!(
            alone,
            ConfigError::Alone {
                set: amqp,
                missing: redis
            }
        );
        assert!(read(&[(redis, "redis://h")]).is_err());
        let both = [(amqp, "amqp://u:secret@h"), (redis, "redis://h")];
        assert_eq!(read(&both).unwrap_err(), ConfigError::SealKey);
        let bad = [both[0], both[1], ("LIVEGATE_SEAL_KEY", "hunter2")];
        assert!(!read(&bad).unwrap_err().to_string().contains("hunter2"));
        let key = base64_simd::STANDARD.encode_to_string([7; 32]);
        let good = [both[0], both[1], ("LIVEGATE_SEAL_KEY", key.as_str())];
        let config = read(&good).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
