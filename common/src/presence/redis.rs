//! Presence in Redis: a sorted set of workers. A worker's score is the time until which it counts.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use uuid::Uuid;

use super::{Presence, StoreError};
use crate::redis_pool::RedisPool;

const KEY: &str = "livegate:workers";

// Times are those of the server's clock, so the clocks of workers and replicas need not agree.
static BEAT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
        return 1",
    )
});

static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf')",
    )
});

/// The workers that share a Redis server.
pub struct RedisPresence(RedisPool);

impl RedisPresence {
    /// Presence in the server of this pool.
    pub fn new(pool: RedisPool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn beat(&self, worker: Uuid, keep: Duration) -> Result<(), StoreError> {
        let keep = crate::redis_pool::milliseconds(keep);
        let worker = worker.simple().to_string();
        self.0.invoke(BEAT.key(KEY).arg(worker).arg(keep)).await
    }

    async fn leave(&self, worker: Uuid) -> Result<(), StoreError> {
        self.0
            .query(redis::cmd("ZREM").arg(KEY).arg(worker.simple().to_string()))
            .await
    }

    async fn count(&self) -> Result<u32, StoreError> {
        self.0.invoke(&COUNT.key(KEY)).await
    }
}
