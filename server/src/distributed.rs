//! The distributed service: queue at RabbitMQ, stores at Redis, workers in processes of their own. Any
//! number of API replicas share them.

use std::sync::Arc;

use livegate_api::metrics::Metrics;
use livegate_api::services::{LatestModels, Services};
use livegate_common::broker::{BrokerUrlError, RabbitPublisher};
use livegate_common::limits::RedisLimits;
use livegate_common::presence::RedisPresence;
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::{RedisResults, StoreError};
use livegate_common::seal::SealKey;
use livegate_common::sessions::RedisSessions;
use livegate_liveness::thresholds::ThresholdSets;

/// Why the services cannot be made. Servers that are down are not an error: the services wait for them.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The broker's URL is not valid.
    #[error("LIVEGATE_AMQP_URL cannot be used: {0}")]
    Broker(#[from] BrokerUrlError),
    /// The store's URL is not valid.
    #[error("LIVEGATE_REDIS_URL cannot be used: {0}")]
    Store(#[from] StoreError),
}

/// Services that use the servers at these URLs. Call it inside a tokio runtime.
///
/// # Errors
/// [`ConnectError`] when a URL is not valid.
pub fn services(
    amqp_url: &str,
    redis_url: &str,
    seal: SealKey,
    thresholds: impl Into<ThresholdSets>,
) -> Result<Services, ConnectError> {
    let publisher = RabbitPublisher::connect(amqp_url)?;
    let redis = RedisPool::connect(redis_url)?;
    Ok(Services {
        publisher: Arc::new(publisher),
        results: Arc::new(RedisResults::new(redis.clone())),
        sessions: Arc::new(RedisSessions::new(redis.clone())),
        limits: Arc::new(RedisLimits::new(redis.clone())),
        presence: Arc::new(RedisPresence::new(redis)),
        seal,
        thresholds: thresholds.into(),
        models: LatestModels::default(),
        metrics: Metrics::default(),
    })
}
