//! Session records in Redis, changed by scripts only.
//!
//! Each record is a hash of the version (`v`), the record (`d`) and the tokens of the latest swaps (`t`).

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::Script;
use uuid::Uuid;

use super::{KEPT_TOKENS, SessionStore, StoreError, Versioned};
use crate::redis_pool::{RedisPool, milliseconds};

static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[1], 'v', 1, 'd', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return 1",
    )
});

// Versions are compared as text, as Redis stores them, since Lua's numbers are doubles. Each token has 36
// characters. A repeated swap writes what is there: a caller that waits for replicas waits for its own write.
static SWAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local found = redis.call('HMGET', KEYS[1], 'v', 't')
        local tokens = found[2] or ''
        if string.find(tokens, ARGV[2], 1, true) then
            redis.call('HSET', KEYS[1], 't', tokens)
            return 1
        end
        if found[1] ~= ARGV[1] then return 0 end
        tokens = string.sub(tokens .. ARGV[2], -36 * tonumber(ARGV[5]))
        redis.call('HINCRBY', KEYS[1], 'v', 1)
        redis.call('HSET', KEYS[1], 'd', ARGV[3], 't', tokens)
        redis.call('PEXPIRE', KEYS[1], ARGV[4])
        return 1",
    )
});

static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"if redis.call('HGET', KEYS[1], 'v') ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])",
    )
});

/// Session records in Redis.
pub struct RedisSessions {
    pool: RedisPool,
    replicas: u32,
}

impl RedisSessions {
    /// The store in the server of this pool. A swap counts once `replicas` other servers have it.
    pub fn new(pool: RedisPool, replicas: u32) -> Self {
        Self { pool, replicas }
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
        self.pool.invoke(&create).await
    }

    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError> {
        let (version, value): (Option<u64>, Option<Vec<u8>>) = self
            .pool
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
        token: Uuid,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut swap = SWAP.key(key(id));
        swap.arg(version.to_string())
            .arg(token.hyphenated().to_string())
            .arg(value.as_ref())
            .arg(milliseconds(keep))
            .arg(KEPT_TOKENS);
        self.pool.change(&swap, self.replicas).await
    }

    async fn remove(&self, id: &str, version: u64) -> Result<bool, StoreError> {
        let mut remove = REMOVE.key(key(id));
        remove.arg(version.to_string());
        self.pool.invoke(&remove).await
    }
}
