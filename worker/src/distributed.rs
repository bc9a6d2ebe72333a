//! A worker process on RabbitMQ and Redis.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::broker::{Queue, RabbitConsumer};
use livegate_common::presence::{Presence, RedisPresence};
use livegate_common::redis_pool::RedisPool;
use livegate_common::results::RedisResults;
use livegate_common::shutdown::Shutdown;
use tracing::warn;
use uuid::Uuid;

use crate::config::Config;
use crate::pool::AnalyzerPool;

/// How often a worker says that it is there.
const BEAT: Duration = Duration::from_secs(2);
/// How long it counts as there after it last said so.
const SEEN_FOR: Duration = Duration::from_secs(7);

/// Serves the queue until told to stop. Broker and store may come and go meanwhile.
///
/// # Errors
/// When a URL is not one; servers that are merely away are waited for.
pub async fn run(
    config: &Config,
    pool: Arc<AnalyzerPool>,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let redis = RedisPool::connect(&config.redis_url)?;
    // One batch waits at hand for each that is measured, so that no thread idles over a round trip;
    // more would be taken from workers that could begin them at once.
    let prefetch = u16::try_from(pool.threads().get() * 2).unwrap_or(u16::MAX);
    let consumer = RabbitConsumer::new(
        &config.amqp_url,
        &[Queue::Verify, Queue::Interactive],
        prefetch,
    )?;
    let results = Arc::new(RedisResults::new(redis.clone()));
    let heart = tokio::spawn(beat(RedisPresence::new(redis), shutdown.clone()));
    crate::run(
        Box::new(consumer),
        results,
        pool,
        config.seal_key.clone(),
        shutdown,
    )
    .await;
    heart.await?;
    Ok(())
}

/// Says regularly that this worker is there, and at the end that it no longer is.
pub async fn beat(presence: impl Presence, shutdown: Shutdown) {
    let worker = Uuid::new_v4();
    let mut ticks = tokio::time::interval(BEAT);
    let mut away = false;
    loop {
        tokio::select! {
            () = shutdown.wait() => break,
            _ = ticks.tick() => {}
        }
        match presence.beat(worker, SEEN_FOR).await {
            Ok(()) => away = false,
            // Once is enough: the store's own reconnects are logged too.
            Err(e) if !away => {
                warn!("This worker cannot say that it is there: {e}");
                away = true;
            }
            Err(_) => {}
        }
    }
    let _ = presence.leave(worker).await;
}
