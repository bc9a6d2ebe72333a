//! The distributed service: queue at RabbitMQ, stores at Redis, workers in processes of their own. Any
//! number of API replicas share them.

use std::sync::Arc;

use livegate_api::metrics::Metrics;
use livegate_api::services::{LatestModels, PointName, Services};
use livegate_common::broker::RabbitPublisher;
use livegate_common::limits::RedisLimits;
use livegate_common::presence::RedisPresence;
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::RedisResults;
use livegate_common::seal::SealKey;
use livegate_common::sessions::RedisSessions;
use livegate_liveness::thresholds::ThresholdSets;

use crate::settings::Servers;

/// Services that use these servers. Call it inside a tokio runtime.
///
/// Servers that are down are not an error: the services wait for them. A change of a session counts once
/// `replicas` replicas of the store have it.
pub fn services(
    servers: &Servers,
    replicas: u32,
    seal: SealKey,
    thresholds: impl Into<ThresholdSets>,
) -> Services {
    let redis = RedisPool::connect(&servers.store);
    Services {
        publisher: Arc::new(RabbitPublisher::connect(&servers.brokers)),
        results: Arc::new(RedisResults::new(redis.clone())),
        sessions: Arc::new(RedisSessions::new(redis.clone(), replicas)),
        limits: Arc::new(RedisLimits::new(redis.clone())),
        presence: Arc::new(RedisPresence::new(redis)),
        seal,
        thresholds: thresholds.into(),
        point: PointName::default(),
        models: LatestModels::default(),
        metrics: Metrics::default(),
    }
}
