//! Limits in Redis, timed by the server's clock.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{Claim, Claimed, Limits, Load, Permit, Rate, StoreError, Window, token_interval_us};
use crate::redis_pool::{RedisPool, milliseconds};

// A token bucket is stored as one number: the time at which it will be full again, microseconds since 1970.
// Each token taken moves that time by one interval. The bucket is empty when the time is `capacity`
// intervals ahead. Lua's doubles hold such numbers exactly. A bucket that was larger before counts as just
// empty.
static TAKE_TOKENS: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local taken, all = ARGV[1] * ARGV[3], ARGV[1] * ARGV[2]
        local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
        full_at = math.min(math.max(full_at, now), now + all)
        local wait = full_at + taken - (now + all)
        if wait > 0 then return wait end
        local keep = math.ceil((full_at + taken - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', full_at + taken), 'PX', keep)
        return 0",
    )
});

// The places taken are members of a sorted set: "id work key", the work in microseconds. A member's score is
// the time at which its lease ends. A hash has the sums of each key: "places work weight". So a claim reads
// as many entries as there are keys with work in hand, and not as many as there are places. Lua's doubles
// hold the sums exactly.
const RELEASE_ONE: &str = r"
    local function release(member)
        if redis.call('ZREM', KEYS[1], member) == 0 then return end
        local work, key = string.match(member, '^%S+ (%d+) (.*)$')
        local sums = redis.call('HGET', KEYS[2], key)
        if not sums then return end
        local n, all, weight = string.match(sums, '^(%d+) (%d+) (%d+)$')
        if tonumber(n) <= 1 then redis.call('HDEL', KEYS[2], key) return end
        redis.call('HSET', KEYS[2], key, string.format('%.0f %.0f %s', n - 1, all - work, weight))
    end
";

static RELEASE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&format!("{RELEASE_ONE} release(ARGV[1])")));

static TAKE_PLACE: LazyLock<Script> = LazyLock::new(|| {
    let take = r"
        local key, work, places, weight, lease = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
        local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        -- Both expire together, give or take a moment.
        if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
        local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
        for _, member in ipairs(over) do release(member) end
        local own_places, own, all, others = 0, 0, 0, 0
        local sums = redis.call('HGETALL', KEYS[2])
        for i = 1, #sums, 2 do
            local n, of_key, of_other = string.match(sums[i + 1], '^(%d+) (%d+) (%d+)$')
            all = all + of_key
            if sums[i] == key then
                own_places, own = tonumber(n), tonumber(of_key)
            else
                others = others + of_other
            end
        end
        local load = {own_places, own, all, others}
        if own_places >= tonumber(places) then return {0, load} end
        redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), ARGV[1])
        local with = string.format('%.0f %.0f %s', own_places + 1, own + work, weight)
        redis.call('HSET', KEYS[2], key, with)
        if redis.call('PTTL', KEYS[1]) < tonumber(lease) then
            redis.call('PEXPIRE', KEYS[1], lease)
            redis.call('PEXPIRE', KEYS[2], lease)
        end
        return {1, load}";
    Script::new(&format!("{RELEASE_ONE} {take}"))
});

// The ids in a window are members of a sorted set, by the time at which they entered, milliseconds. The id that
// has to leave before there is room is not the first one after `most` was lowered.
static ENTER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local most, lasts = tonumber(ARGV[2]), tonumber(ARGV[3])
        local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - lasts))
        if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
        local over = redis.call('ZCARD', KEYS[1]) - most
        if over >= 0 then
            local entered = redis.call('ZRANGE', KEYS[1], over, over, 'WITHSCORES')[2]
            return math.max(1, entered + lasts - now)
        end
        redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
        redis.call('PEXPIRE', KEYS[1], lasts)
        return 0",
    )
});

fn window_key(name: &str) -> String {
    format!("livegate:window:{name}")
}

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
    async fn take_tokens(
        &self,
        name: &str,
        count: u32,
        capacity: u32,
        per_minute: u32,
    ) -> Result<Rate, StoreError> {
        let mut take = TAKE_TOKENS.key(format!("livegate:rate:{name}"));
        take.arg(token_interval_us(per_minute))
            .arg(capacity)
            .arg(count);
        let wait_us: u64 = self.0.invoke(&take).await?;
        Ok(match wait_us {
            0 => Rate::Allowed,
            wait => Rate::RetryAfter(Duration::from_micros(wait)),
        })
    }

    async fn take_place(&self, claim: &Claim<'_>) -> Result<Claimed, StoreError> {
        let (id, key) = (Uuid::new_v4().simple(), claim.key);
        let work_us = u64::try_from(claim.work.as_micros()).unwrap_or(1 << 50);
        let work_us = work_us.min(1 << 50);
        let place = Place {
            places: format!("livegate:places:{}", claim.kind),
            sums: format!("livegate:places:{}:keys", claim.kind),
            member: format!("{id} {work_us} {key}"),
        };
        let mut take = TAKE_PLACE.key(&place.places);
        take.key(&place.sums)
            .arg(&place.member)
            .arg(key)
            .arg(work_us)
            .arg(claim.places)
            .arg(claim.weight)
            .arg(milliseconds(claim.lease));
        // The permit is made before the server is asked. If this future is dropped half-way, the permit
        // releases a place that the server already gave.
        let permit = self.permit(place);
        let answer: (bool, (u32, u64, u64, u64)) = self.0.invoke(&take).await?;
        let (is_taken, (own_places, own_us, all_us, other_weights)) = answer;
        let load = Load {
            own_places,
            own: Duration::from_micros(own_us),
            all: Duration::from_micros(all_us),
            other_weights,
        };
        if is_taken {
            return Ok(Claimed::Taken(permit, load));
        }
        permit.forget();
        Ok(Claimed::Full(load))
    }

    async fn enter(&self, window: &Window<'_>, id: Uuid) -> Result<Rate, StoreError> {
        let mut enter = ENTER.key(window_key(window.name));
        enter
            .arg(id.simple().to_string())
            .arg(window.most)
            .arg(milliseconds(window.lasts));
        let wait_ms: u64 = self.0.invoke(&enter).await?;
        Ok(match wait_ms {
            0 => Rate::Allowed,
            wait => Rate::RetryAfter(Duration::from_millis(wait)),
        })
    }

    async fn leave(&self, name: &str, id: Uuid) -> Result<(), StoreError> {
        let mut leave = redis::cmd("ZREM");
        leave.arg(window_key(name)).arg(id.simple().to_string());
        self.0.query(&leave).await
    }
}

/// A place as Redis has it: the keys of both structures, and the member.
struct Place {
    places: String,
    sums: String,
    member: String,
}

impl RedisLimits {
    fn permit(&self, place: Place) -> Permit {
        let (pool, runtime) = (self.0.clone(), Handle::current());
        Permit::new(move || {
            runtime.spawn(async move {
                let mut release = RELEASE.key(place.places);
                release.key(place.sums).arg(place.member);
                // If this fails, the place is free when its lease ends.
                if let Err(error) = pool.invoke::<()>(&release).await {
                    tracing::warn!(
                        error = %error,
                        "A place could not be released and stays taken until its lease ends: {error}"
                    );
                }
            });
        })
    }
}
