//! Parsers for the values of variables.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use livegate_common::broker::BrokerAddresses;
use livegate_common::redis_pool::StoreAddress;
use livegate_common::seal::SealKey;
use livegate_common::secret::{self, SecretError, SecretSetting};
use livegate_common::tls::{AMQP_TLS, REDIS_TLS, Tls};

use livegate_api::config::{ReceiptConfig, ServerConfig};

use super::backend::{Backend, Servers};
use super::error::SettingsError;
use super::models::ModelsSettings;

/// Most replicas that can be waited for.
const MAX_REPLICAS: usize = 16;

/// Name of the file of signing keys that an embedded service makes.
pub const OWN_SIGNING_KEYS: &str = "signing-keys.json";

/// Access to the variables by name.
pub struct Variables<F> {
    /// Returns the value of a variable.
    pub lookup: F,
}

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    /// The trimmed value of a variable; `None` where it is not set or empty.
    pub fn get(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    /// A secret from a variable or from the file that its `_FILE` variable names; `None` where neither
    /// is set.
    pub fn secret(&self, setting: SecretSetting) -> Result<Option<String>, SecretError> {
        setting.read(|name| self.get(name))
    }

    /// A parsed value, or `default` where the variable is not set. `allowed` describes the allowed
    /// values in the error.
    pub fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        default: T,
        allowed: &str,
    ) -> Result<T, SettingsError> {
        Ok(self.optional(name, allowed)?.unwrap_or(default))
    }

    /// A parsed value; `None` where the variable is not set. `allowed` describes the allowed values in
    /// the error.
    pub fn optional<T: std::str::FromStr>(
        &self,
        name: &'static str,
        allowed: &str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.parse().map(Some);
        parsed.map_err(|_| invalid(name, value, allowed.to_owned()))
    }

    /// A whole number in a range, or `default` where the variable is not set.
    pub fn number(
        &self,
        name: &'static str,
        default: usize,
        allowed: RangeInclusive<usize>,
    ) -> Result<usize, SettingsError> {
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

    /// A whole number of seconds from 1 to `max`, or `default` where the variable is not set.
    pub fn seconds(
        &self,
        name: &'static str,
        default: Duration,
        max: u64,
    ) -> Result<Duration, SettingsError> {
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

    /// The value `on` or `off`, or `default` where the variable is not set.
    pub fn switch(&self, name: &'static str, default: bool) -> Result<bool, SettingsError> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => match value.as_str() {
                "on" => Ok(true),
                "off" => Ok(false),
                _ => Err(invalid(name, value, "on or off".to_owned())),
            },
        }
    }

    /// Path of the key file, or its default.
    pub fn key_file(&self) -> PathBuf {
        self.get("LIVEGATE_KEYS")
            .map_or_else(|| ServerConfig::default().keys, PathBuf::from)
    }

    /// The settings of receipts. Where no file of keys is named, an embedded service makes its own, beside the key file.
    pub fn receipts(&self, is_embedded: bool) -> ReceiptConfig {
        let named = self.get("LIVEGATE_SIGNING_KEY").map(PathBuf::from);
        let makes_keys = named.is_none() && is_embedded;
        let own = || self.key_file().with_file_name(OWN_SIGNING_KEYS);
        let issuer = self.get("LIVEGATE_RECEIPT_ISSUER");
        ReceiptConfig {
            signing_keys: named.or_else(|| makes_keys.then(own)),
            makes_keys,
            issuer: issuer.unwrap_or_else(|| ReceiptConfig::default().issuer),
        }
    }

    /// The settings of measuring.
    pub fn models(&self) -> Result<ModelsSettings, SettingsError> {
        Ok(ModelsSettings {
            cache: self
                .get("LIVEGATE_MODELS")
                .map_or_else(default_cache, PathBuf::from),
            config: self.get("LIVEGATE_MODEL_CONFIG").map(PathBuf::from),
            thresholds: self.get("LIVEGATE_THRESHOLDS").map(PathBuf::from),
            allow_unconfined_clips: self.switch("LIVEGATE_ALLOW_UNCONFINED_CLIPS", false)?,
        })
    }

    /// Number of inference threads, 1 to 256; by default one for each core.
    pub fn threads(&self) -> Result<NonZeroUsize, SettingsError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.number("LIVEGATE_WORKER_THREADS", cores, 1..=256)?;
        Ok(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN))
    }

    /// A secret that a worker needs. Missing is an error.
    pub fn needed(&self, setting: SecretSetting) -> Result<String, SettingsError> {
        self.secret(setting)?
            .ok_or(SettingsError::Missing(setting.name))
    }

    /// Address for metrics; `None` where the variable is not set.
    pub fn metrics_listen(&self) -> Result<Option<SocketAddr>, SettingsError> {
        self.optional(
            "LIVEGATE_METRICS_LISTEN",
            "an address and a port, for example 127.0.0.1:9464",
        )
    }

    /// The servers at these URLs, with the files that the variables for TLS name.
    pub fn servers(&self, amqp_url: &str, redis_url: &str) -> Result<Servers, SettingsError> {
        let to_broker = Tls::read(AMQP_TLS, |name| self.get(name))?;
        let to_store = Tls::read(REDIS_TLS, |name| self.get(name))?;
        Ok(Servers {
            brokers: BrokerAddresses::parse(amqp_url, &to_broker)?,
            store: StoreAddress::parse(redis_url, &to_store)?,
        })
    }

    /// Where queue, stores and workers run: distributed if both URLs are set, embedded if neither is.
    pub fn backend(&self) -> Result<Backend, SettingsError> {
        const AMQP: &str = secret::AMQP_URL.name;
        const REDIS: &str = secret::REDIS_URL.name;
        match (
            self.secret(secret::AMQP_URL)?,
            self.secret(secret::REDIS_URL)?,
        ) {
            (None, None) => Ok(Backend::Embedded {
                threads: self.threads()?,
            }),
            (Some(amqp_url), Some(redis_url)) => {
                let key = self.secret(secret::SEAL_KEY)?;
                let seal = seal_key(&key.ok_or(SettingsError::SealKey)?)?;
                let replicas = self.number("LIVEGATE_REDIS_REPLICAS", 0, 0..=MAX_REPLICAS)?;
                Ok(Backend::Distributed {
                    servers: Box::new(self.servers(&amqp_url, &redis_url)?),
                    replicas: u32::try_from(replicas).unwrap_or_default(),
                    seal,
                })
            }
            (Some(_), None) => Err(SettingsError::Alone {
                set: AMQP,
                missing: REDIS,
            }),
            (None, Some(_)) => Err(SettingsError::Alone {
                set: REDIS,
                missing: AMQP,
            }),
        }
    }
}

/// The value of a variable of this process; bytes that are not UTF-8 are replaced.
pub fn process_environment(name: &'static str) -> Option<String> {
    std::env::var_os(name).map(|v| v.to_string_lossy().into_owned())
}

/// `models/cache` in the working folder. If that folder does not exist: in the nearest folder above this program that
/// has one.
fn default_cache() -> PathBuf {
    let here = PathBuf::from("models/cache");
    if here.is_dir() {
        return here;
    }
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1);
    let beside = folders.map(|folder| folder.join("models/cache"));
    beside.into_iter().find(|p| p.is_dir()).unwrap_or(here)
}

/// Parses a seal key: 32 bytes in base64, as `openssl rand -base64 32` prints them.
pub fn seal_key(text: &str) -> Result<SealKey, SettingsError> {
    SealKey::from_base64(text).map_err(|_| SettingsError::SealKey)
}

fn invalid(name: &'static str, value: String, allowed: String) -> SettingsError {
    SettingsError::Invalid {
        name,
        value,
        allowed,
    }
}
