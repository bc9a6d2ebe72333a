//! Where queue, stores and workers run.

use std::num::NonZeroUsize;

use livegate_common::broker::BrokerAddresses;
use livegate_common::redis_pool::StoreAddress;
use livegate_common::seal::SealKey;

/// The servers that all processes of a distributed service share.
#[derive(Clone, Debug)]
pub struct Servers {
    /// `LIVEGATE_AMQP_URL` or `LIVEGATE_AMQP_URL_FILE`, with the files for TLS.
    pub brokers: BrokerAddresses,
    /// `LIVEGATE_REDIS_URL` or `LIVEGATE_REDIS_URL_FILE`, with the files for TLS.
    pub store: StoreAddress,
}

/// Where queue, stores and workers run.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In this process.
    Embedded {
        /// Inference threads, from `LIVEGATE_WORKER_THREADS`.
        threads: NonZeroUsize,
    },
    /// At RabbitMQ and Redis, with workers in processes of their own.
    Distributed {
        /// Where these are.
        servers: Box<Servers>,
        /// `LIVEGATE_REDIS_REPLICAS`: how many replicas must have a change of a session.
        replicas: u32,
        /// `LIVEGATE_SEAL_KEY` or `LIVEGATE_SEAL_KEY_FILE`.
        seal: SealKey,
    },
}
