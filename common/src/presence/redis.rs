//! Presence in Redis: a sorted set of workers, "id threads". A worker's score is the time until which it counts.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;

use super::{Presence, StoreError, Worker, Workers};
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

static WORKERS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')",
    )
});

fn member(worker: Worker) -> String {
    format!("{} {}", worker.id.simple(), worker.threads)
}

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
    async fn beat(&self, worker: Worker, keep: Duration) -> Result<(), StoreError> {
        let keep = crate::redis_pool::milliseconds(keep);
        let mut beat = BEAT.key(KEY);
        self.0.invoke(beat.arg(member(worker)).arg(keep)).await
    }

    async fn leave(&self, worker: Worker) -> Result<(), StoreError> {
        self.0
            .query(redis::cmd("ZREM").arg(KEY).arg(member(worker)))
            .await
    }

    async fn workers(&self) -> Result<Workers, StoreError> {
        let members: Vec<String> = self.0.invoke(&WORKERS.key(KEY)).await?;
        let threads = |member: &String| member.split_once(' ')?.1.parse().ok();
        // A worker always has a thread.
        Ok(members.iter().map(|m| threads(m).unwrap_or(1)).collect())
    }
}
