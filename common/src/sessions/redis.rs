//! Session records in Redis: a hash with a version and the record, changed by scripts only.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::Script;

use super::{SessionStore, StoreError, Versioned};
use crate::redis_pool::{RedisPool, milliseconds};

static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[1], 'v', 1, 'd', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return 1",
    )
});

// Versions are compared as the text that Redis holds: Lua's numbers are doubles.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('HGET', KEYS[1], 'v') ~= ARGV[1] then return 0 end
        redis.call('HINCRBY', KEYS[1], 'v', 1)
        redis.call('HSET', KEYS[1], 'd', ARGV[2])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return 1",
    )
});

/// Session records in Redis.
pub struct RedisSessions(RedisPool);

impl RedisSessions {
    /// The store in the pool's server.
    pub fn new(pool: RedisPool) -> Self {
        Self(pool)
    }
}

fn key(id: &str) -> String {
    format!("livegate:session:{id}")
}

#[async_trait]
impl SessionStore for RedisSessions {
    async fn create(&self, id: &str, value: Bytes, keep: Duration) -> Result<bool, StoreError> {
        let mut create = CREATE.key(key(id));
        create.arg(value.as_ref()).arg(milliseconds(keep));
        self.0.invoke(&create).await
    }

    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError> {
        let (version, value): (Option<u64>, Option<Vec<u8>>) = self
            .0
            .query(redis::cmd("HMGET").arg(key(id)).arg("v").arg("d"))
            .await?;
        let record = version.zip(value);
        Ok(record.map(|(version, value)| Versioned {
            version,
            value: value.into(),
        }))
    }

    async fn swap(
        &self,
        id: &str,
        version: u64,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut swap = SWAP.key(key(id));
        swap.arg(version.to_string())
            .arg(value.as_ref())
            .arg(milliseconds(keep));
        self.0.invoke(&swap).await
    }

    async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        self.0.query(redis::cmd("DEL").arg(key(id))).await
    }
}
