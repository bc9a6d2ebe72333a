//! Limits in Redis, timed by the server's clock.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{Limits, Permit, Rate, StoreError, token_interval_us};
use crate::redis_pool::{RedisPool, milliseconds};

// A token bucket is stored as one number: the time at which it will be full again, microseconds since 1970.
// Each token taken moves that time by one interval. The bucket is empty when the time is `capacity`
// intervals ahead. Lua's doubles hold such numbers exactly. A bucket that was larger before counts as just
// empty.
static TAKE_TOKEN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local interval, all = tonumber(ARGV[1]), ARGV[1] * ARGV[2]
        local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
        full_at = math.min(math.max(full_at, now), now + all)
        local wait = full_at + interval - (now + all)
        if wait > 0 then return wait end
        local keep = math.ceil((full_at + interval - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', full_at + interval), 'PX', keep)
        return 0",
    )
});

// The places taken are members of a sorted set. A member's score is the time at which its lease ends.
static ACQUIRE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
        if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
        redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[3])
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
        end
        return 1",
    )
});

/// Limits in Redis, shared by all replicas that use the same server.
pub struct RedisLimits(RedisPool);

impl RedisLimits {
    /// Limits in the server of this pool.
    pub fn new(pool: RedisPool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl Limits for RedisLimits {
    async fn take_token(
        &self,
        name: &str,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError> {
        let mut take = TAKE_TOKEN.key(format!("livegate:rate:{name}"));
        take.arg(token_interval_us(per_minute)).arg(capacity);
        let wait_us: u64 = self.0.invoke(&take).await?;
        Ok(match wait_us {
            0 => Rate::Allowed,
            wait => Rate::RetryAfter(Duration::from_micros(wait)),
        })
    }

    async fn acquire(
        &self,
        name: &str,
        max: u32,
        lease: Duration,
    ) -> Result<Option<Permit>, StoreError> {
        let key = format!("livegate:places:{name}");
        let id = Uuid::new_v4().simple().to_string();
        // The permit is made before the server is asked. If this future is dropped half-way, the permit
        // releases a place that the server already gave.
        let permit = self.permit(key.clone(), id.clone());
        let mut acquire = ACQUIRE.key(key);
        acquire.arg(max).arg(milliseconds(lease)).arg(id);
        let taken: bool = self.0.invoke(&acquire).await?;
        if taken {
            return Ok(Some(permit));
        }
        permit.forget();
        Ok(None)
    }
}

impl RedisLimits {
    fn permit(&self, key: String, id: String) -> Permit {
        let (pool, runtime) = (self.0.clone(), Handle::current());
        Permit::new(move || {
            runtime.spawn(async move {
                // If this fails, the place is free when its lease ends.
                if let Err(error) = pool.query::<()>(redis::cmd("ZREM").arg(key).arg(id)).await {
                    tracing::warn!(
                        error = %error,
                        "A place could not be released and stays taken until its lease ends: {error}"
                    );
                }
            });
        })
    }
}
