//! Settings of a worker, from environment variables.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use livegate_common::seal::SealKey;
use livegate_common::secret::{AMQP_URL, REDIS_URL, SEAL_KEY};

use super::backend::Servers;
use super::error::SettingsError;
use super::models::ModelsSettings;
use super::variables::{Variables, process_environment, seal_key};

/// All settings of a worker.
pub struct WorkerSettings {
    /// The brokers of the batches, and the store of the outcomes.
    pub servers: Servers,
    /// `LIVEGATE_SEAL_KEY` or `LIVEGATE_SEAL_KEY_FILE`: the key with which the API seals batches.
    pub seal: SealKey,
    /// Where the models are. A worker makes no decisions: it reads the thresholds only to check that its
    /// models are those for which the API's thresholds were made.
    pub models: ModelsSettings,
    /// `LIVEGATE_WORKER_THREADS`: inference threads.
    pub threads: NonZeroUsize,
    /// `LIVEGATE_METRICS_LISTEN`: address on which metrics are served; `None` for no metrics.
    pub metrics_listen: Option<SocketAddr>,
}

impl WorkerSettings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// [`SettingsError`] for the first variable that is missing or cannot be used.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(process_environment)
    }

    /// Reads variables through `lookup`.
    ///
    /// # Errors
    /// [`SettingsError`] for the first variable that is missing or cannot be used.
    pub fn read(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let vars = Variables { lookup };
        let (amqp_url, redis_url) = (vars.needed(AMQP_URL)?, vars.needed(REDIS_URL)?);
        Ok(Self {
            servers: vars.servers(&amqp_url, &redis_url)?,
            seal: seal_key(&vars.needed(SEAL_KEY)?)?,
            models: vars.models()?,
            threads: vars.threads()?,
            metrics_listen: vars.metrics_listen()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<WorkerSettings, String> {
        let mut vars = vec![
            ("LIVEGATE_AMQP_URL", "amqp://x"),
            ("LIVEGATE_REDIS_URL", "redis://x"),
            (
                "LIVEGATE_SEAL_KEY",
                "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
            ),
        ];
        vars.extend(changes);
        let lookup = |name: &'static str| {
            vars.iter()
                .rev()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).to_owned())
        };
        WorkerSettings::read(lookup).map_err(|e| e.to_string())
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_takes() {
        assert!(read(&[]).is_ok());
        for (name, value) in [
            ("LIVEGATE_AMQP_URL", ""),
            ("LIVEGATE_AMQP_URL", "http://x"),
            ("LIVEGATE_REDIS_URL", " "),
            ("LIVEGATE_REDIS_URL", "http://x"),
            ("LIVEGATE_AMQP_CA_FILE", "/none"),
            ("LIVEGATE_REDIS_CERT_FILE", "/none"),
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
        let brokers = format!("{:?}", config.servers.brokers);
        assert!(brokers.contains("of-the-file"), "{brokers}");
    }

    #[test]
    fn no_secret_is_printed() {
        let text = format!("{:?}", read(&[]).unwrap().seal);
        assert!(!text.contains("Bwc"), "{text}");
    }
}
