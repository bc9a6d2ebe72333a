//! Errors of settings.

use livegate_common::broker::BrokerUrlError;
use livegate_common::redis_pool::StoreUrlError;
use livegate_common::secret::SecretError;
use livegate_common::tls::TlsError;

/// Why the environment variables cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// A variable has a value that is not allowed.
    #[error("{name} is \"{value}\"; it must be {allowed}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The allowed values, in words.
        allowed: String,
    },
    /// A variable that a worker needs is not set.
    #[error(
        "{0} is not set: a worker needs LIVEGATE_AMQP_URL, LIVEGATE_REDIS_URL and LIVEGATE_SEAL_KEY, the same as the API's"
    )]
    Missing(&'static str),
    /// Two variables belong together and one is missing.
    #[error(
        "{set} is set and {missing} is not: set both for RabbitMQ and Redis, or neither to run everything in this process"
    )]
    Alone {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is missing.
        missing: &'static str,
    },
    /// A key where the name of its file belongs. It is not repeated.
    #[error("LIVEGATE_SIGNING_KEY holds a key; it must be the name of the file that holds it")]
    SigningKey,
    /// A file with a secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The broker's URL cannot be used. It is not repeated.
    #[error("LIVEGATE_AMQP_URL cannot be used: {0}")]
    Broker(#[from] BrokerUrlError),
    /// The store's URL cannot be used. It is not repeated.
    #[error("LIVEGATE_REDIS_URL cannot be used: {0}")]
    Store(#[from] StoreUrlError),
    /// A file for TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The seal key is missing or not valid. Its value is not repeated.
    #[error(
        "LIVEGATE_SEAL_KEY must be 32 bytes in base64, the same for API and workers; make one with `openssl rand -base64 32`"
    )]
    SealKey,
}
