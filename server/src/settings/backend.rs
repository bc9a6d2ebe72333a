//! Where queue, stores and workers run.

use std::fmt;
use std::num::NonZeroUsize;

use livegate_common::seal::SealKey;

/// Where queue, stores and workers run.
#[derive(Clone)]
pub enum Backend {
    /// In this process.
    Embedded {
        /// Inference threads, from `LIVEGATE_WORKER_THREADS`.
        threads: NonZeroUsize,
    },
    /// At RabbitMQ and Redis, with workers in processes of their own.
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
