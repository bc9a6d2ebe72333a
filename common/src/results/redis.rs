//! Outcomes in Redis: one key with an expiry for each, announced over Pub/Sub.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use redis::Script;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, timeout};
use uuid::Uuid;

use super::watchers::Watchers;
use super::{Announcements, ResultStore, StoreError};
use crate::id::{BatchId, JobId, ReplicaId};
use crate::redis_pool::{OPERATION_TIMEOUT, RedisPool, milliseconds};
use crate::retry::Backoff;

/// Interval at which the subscriber checks that its connection is alive.
///
/// A peer that vanishes silently closes no socket, and announcements would be lost unnoticed.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Longest wait for deleting an outcome that was read.
const DELETE_WAIT: Duration = Duration::from_millis(100);

const RECONNECT_MIN: Duration = Duration::from_millis(200);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

// One script does both, so that an outcome is never announced before it can be read, nor stored without an
// announcement. A repeated put announces again, since the first announcement may have been lost.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local first = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
        redis.call('PUBLISH', KEYS[2], ARGV[3])
        return first and 1 or 0",
    )
});

static COUNT_ATTEMPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"local count = redis.call('INCR', KEYS[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        return count",
    )
});

/// Outcomes in Redis, as seen by one replica. Needs one connection of its own besides the pool's.
pub struct RedisResults {
    pool: RedisPool,
    replica: ReplicaId,
    watchers: Arc<Watchers>,
    subscriber: JoinHandle<()>,
}

impl RedisResults {
    /// The store in the server of this pool, and a subscriber in the background that reconnects without a
    /// limit.
    ///
    /// Call it inside a tokio runtime.
    pub fn new(pool: RedisPool) -> Self {
        let replica = ReplicaId::random();
        let watchers = Arc::new(Watchers::default());
        let subscriber = tokio::spawn(subscribe(
            pool.clone(),
            channel(replica),
            Arc::clone(&watchers),
        ));
        Self {
            pool,
            replica,
            watchers,
            subscriber,
        }
    }
}

impl Drop for RedisResults {
    fn drop(&mut self) {
        self.subscriber.abort();
    }
}

fn channel(replica: ReplicaId) -> String {
    format!("livegate:outcomes:{replica}")
}

fn outcome_key(id: BatchId) -> String {
    format!("livegate:outcome:{id}")
}

#[async_trait]
impl ResultStore for RedisResults {
    async fn put(
        &self,
        id: BatchId,
        reply_to: ReplicaId,
        outcome: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        let mut put = PUT.key(outcome_key(id));
        put.key(channel(reply_to))
            .arg(outcome.as_ref())
            .arg(milliseconds(keep))
            .arg(id.job.to_string());
        self.pool.invoke(&put).await
    }

    async fn take(&self, id: BatchId) -> Result<Option<Bytes>, StoreError> {
        let key = outcome_key(id);
        let outcome: Option<Vec<u8>> = self.pool.query(redis::cmd("GET").arg(&key)).await?;
        if outcome.is_some() {
            // The outcome is deleted only after it was read: if the read's answer were lost, the outcome
            // would be lost with it. It expires anyway, so the caller does not wait long for a server that
            // stopped answering.
            let mut delete = redis::cmd("DEL");
            delete.arg(&key);
            let _ = timeout(DELETE_WAIT, self.pool.query::<()>(&delete)).await;
        }
        Ok(outcome.map(Bytes::from))
    }

    async fn count_attempt(&self, id: BatchId, keep: Duration) -> Result<u32, StoreError> {
        let key = format!("livegate:attempts:{id}");
        self.pool
            .invoke(COUNT_ATTEMPT.key(key).arg(milliseconds(keep)))
            .await
    }

    fn watch(&self, job: JobId) -> Announcements {
        self.watchers.watch(job)
    }

    fn replica(&self) -> ReplicaId {
        self.replica
    }
}

/// Passes announcements to the watchers while the process lives.
async fn subscribe(pool: RedisPool, channel: String, watchers: Arc<Watchers>) {
    let mut backoff = Backoff::new(RECONNECT_MIN, RECONNECT_MAX);
    loop {
        let subscribed = || {
            backoff.reset();
            // Announcements made without a subscription are lost, so all waiting tasks check the store.
            watchers.announce_all();
        };
        let error = listen(&pool, &channel, &watchers, subscribed).await;
        tracing::warn!(error = %error, "Lost the subscription to outcomes: {error}");
        backoff.wait().await;
    }
}

/// Listens until the connection breaks. Returns the error.
async fn listen(
    pool: &RedisPool,
    channel: &str,
    watchers: &Watchers,
    subscribed: impl FnOnce(),
) -> StoreError {
    let failed = |e: redis::RedisError| StoreError(e.to_string());
    let late = |_| StoreError(format!("no answer within {OPERATION_TIMEOUT:?}"));
    let connect = async {
        let (connection, moved) = pool.listen().await?;
        let (mut sink, stream) = connection.split();
        sink.subscribe(channel).await.map_err(failed)?;
        Ok((sink, stream, moved))
    };
    let (mut sink, mut stream, mut moved) = match timeout(OPERATION_TIMEOUT, connect).await {
        Ok(Ok(all)) => all,
        Ok(Err(e)) => return e,
        Err(e) => return late(e),
    };
    subscribed();
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(message) => {
                    let job = message.get_payload::<String>().ok();
                    if let Some(job) = job.and_then(|job| Uuid::try_parse(&job).ok()) {
                        watchers.announce(JobId(job));
                    }
                }
                None => return StoreError("the connection closed".to_owned()),
            },
            () = moved.moved() => return StoreError("another server is the master".to_owned()),
            _ = ping.tick() => match timeout(OPERATION_TIMEOUT, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                Ok(Err(e)) => return failed(e),
                Err(e) => return late(e),
            },
        }
    }
}
