//! What a worker process reads from its environment.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use livegate_common::seal::{SealError, SealKey};
use livegate_common::secret::{AMQP_URL, REDIS_URL, SEAL_KEY, SecretError, SecretSetting};

/// A worker's settings. No `Debug`: the URLs may hold passwords.
pub struct Config {
    /// `LIVEGATE_AMQP_URL` (or a file, `LIVEGATE_AMQP_URL_FILE`): where the jobs come from. May hold a password: never logged.
    pub amqp_url: String,
    /// `LIVEGATE_REDIS_URL` (or a file, `LIVEGATE_REDIS_URL_FILE`): where the outcomes go. May hold a password: never logged.
    pub redis_url: String,
    /// `LIVEGATE_SEAL_KEY` (or a file, `LIVEGATE_SEAL_KEY_FILE`): the key that the API seals with.
    pub seal_key: SealKey,
    /// `LIVEGATE_MODELS`: folder of the prepared models.
    pub models: PathBuf,
    /// `LIVEGATE_MODEL_CONFIG`: replaces models, when set.
    pub model_config: Option<PathBuf>,
    /// `LIVEGATE_THRESHOLDS`: an operating point other than the shipped one. A worker decides nothing; it
    /// makes sure that its models are those which the API's numbers are for.
    pub thresholds: Option<PathBuf>,
    /// `LIVEGATE_WORKER_THREADS`: inference threads; default one a core.
    pub threads: NonZeroUsize,
    /// `LIVEGATE_METRICS_LISTEN`: where metrics are read from; nowhere when it is not set.
    pub metrics_listen: Option<SocketAddr>,
}

/// A setting that is missing or wrong, and what it takes.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error(
        "{0} is not set: a worker needs LIVEGATE_AMQP_URL, LIVEGATE_REDIS_URL and LIVEGATE_SEAL_KEY, the same as the API's"
    )]
    Missing(&'static str),
    /// A file that holds a secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The key is not a key.
    #[error("LIVEGATE_SEAL_KEY is wrong: {0}")]
    SealKey(SealError),
    /// Not a number of threads.
    #[error("LIVEGATE_WORKER_THREADS is `{0}`; it must be a whole number from 1 to 256")]
    Threads(String),
    /// Not an address.
    #[error(
        "LIVEGATE_METRICS_LISTEN is `{0}`; it must be an address and a port, for example 127.0.0.1:9464"
    )]
    MetricsListen(String),
}

impl Config {
    /// Reads the settings through `lookup`, which stands for the process environment. An empty
    /// variable counts as not set.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first variable that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| lookup(name).filter(|v| !v.trim().is_empty());
        let need = |setting: SecretSetting| {
            let secret = setting.read(get)?;
            secret.ok_or(ConfigError::Missing(setting.name))
        };
        Ok(Self {
            amqp_url: need(AMQP_URL)?,
            redis_url: need(REDIS_URL)?,
            seal_key: SealKey::from_base64(&need(SEAL_KEY)?).map_err(ConfigError::SealKey)?,
            models: get("LIVEGATE_MODELS")
                .unwrap_or_else(|| "./models/cache".to_owned())
                .into(),
            model_config: get("LIVEGATE_MODEL_CONFIG").map(PathBuf::from),
            thresholds: get("LIVEGATE_THRESHOLDS").map(PathBuf::from),
            threads: threads(get("LIVEGATE_WORKER_THREADS"))?,
            metrics_listen: get("LIVEGATE_METRICS_LISTEN")
                .map(|text| {
                    text.trim()
                        .parse()
                        .map_err(|_| ConfigError::MetricsListen(text))
                })
                .transpose()?,
        })
    }
}

/// The number of inference threads that a setting asks for; one a core when it asks for nothing.
///
/// # Errors
/// [`ConfigError::Threads`] for anything but 1 to 256.
pub fn threads(setting: Option<String>) -> Result<NonZeroUsize, ConfigError> {
    match setting {
        None => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        Some(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|n: &NonZeroUsize| n.get() <= 256)
            .ok_or(ConfigError::Threads(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Config, String> {
        let mut vars = vec![
            ("LIVEGATE_AMQP_URL", "amqp://x"),
            ("LIVEGATE_REDIS_URL", "redis://x"),
            (
                "LIVEGATE_SEAL_KEY",
                "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
            ),
        ];
        vars.extend(changes);
        let lookup = |name: &str| {
            vars.iter()
                .rev()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        };
        Config::from_lookup(lookup).map_err(|e| e.to_string())
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_takes() {
        assert!(read(&[]).is_ok());
        for (name, value) in [
            ("LIVEGATE_AMQP_URL", ""),
            ("LIVEGATE_REDIS_URL", " "),
            ("LIVEGATE_SEAL_KEY", "short"),
            ("LIVEGATE_SEAL_KEY_FILE", "both"),
            ("LIVEGATE_WORKER_THREADS", "0"),
            ("LIVEGATE_WORKER_THREADS", "many"),
            ("LIVEGATE_WORKER_THREADS", "257"),
            ("LIVEGATE_METRICS_LISTEN", "9464"),
        ] {
            let error = read(&[(name, value)]).err().expect(name);
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn secrets_may_be_files() {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("url");
        std::fs::write(&url, "amqp://of-the-file\n").unwrap();
        let file = ("LIVEGATE_AMQP_URL_FILE", url.to_str().unwrap());
        let config = read(&[("LIVEGATE_AMQP_URL", ""), file]).unwrap();
        assert_eq!(config.amqp_url, "amqp://of-the-file");
    }

    #[test]
    fn no_secret_is_printed() {
        let text = format!("{:?}", read(&[]).unwrap().seal_key);
        assert!(!text.contains("Bwc"), "{text}");
    }
}
