//! Runs a worker process on RabbitMQ and Redis.

use std::sync::Arc;

use anyhow::Context;
use livegate_common::broker::{Queue, RabbitConsumer};
use livegate_common::presence::RedisPresence;
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::RedisResults;
use livegate_common::shutdown::Shutdown;
use livegate_telemetry::metrics::MetricsPort;
use livegate_worker::{AnalyzerPool, beat};
use prometheus_client::registry::Registry;

use crate::pool::prefetch;
use crate::settings::WorkerSettings;

/// Works on the queues until told to stop.
///
/// Broker and store may be down at any time: the worker waits for them.
///
/// # Errors
/// When the address for metrics cannot be used.
pub async fn run(
    settings: &WorkerSettings,
    pool: Arc<AnalyzerPool>,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let metrics = match settings.metrics_listen {
        Some(address) => {
            let port = MetricsPort::bind(address).await;
            let port = port.with_context(|| format!("cannot listen on {address} for metrics"))?;
            let mut registry = Registry::default();
            pool.metrics().register(&mut registry);
            let stop = shutdown.clone();
            Some(tokio::spawn(port.run(registry, || async {}, async move {
                stop.wait().await
            })))
        }
        None => None,
    };
    let redis = RedisPool::connect(&settings.servers.store);
    let prefetch = prefetch(pool.threads());
    let consumer = RabbitConsumer::new(&settings.servers.brokers, &Queue::ALL, prefetch);
    let results = Arc::new(RedisResults::new(redis.clone()));
    let presence = Arc::new(RedisPresence::new(redis));
    let heart = tokio::spawn(beat(presence, pool.threads(), shutdown.clone()));
    livegate_worker::run(
        Box::new(consumer),
        results,
        pool,
        settings.seal.clone(),
        shutdown,
    )
    .await;
    heart.await?;
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    Ok(())
}
