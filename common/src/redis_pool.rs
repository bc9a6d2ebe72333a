//! The Redis connection pool of a process, shared by all its stores.

use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, ScriptInvocation};
use tokio::time::timeout;

use crate::results::StoreError;

/// Longest time for one operation, including the wait for a connection. A store that takes longer counts as
/// unreachable: a request must be answered rather than hang.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest wait for a response. A loaded host exceeds the client's default of 500 ms for an outcome of a
/// megabyte.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_900);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_CONNECTIONS: usize = 16;
const RETRY_CHECK: Duration = Duration::from_secs(2);

/// Connections to one Redis server, opened when first needed. Clones share them.
#[derive(Clone)]
pub struct RedisPool {
    pool: Pool,
    client: Client,
}

impl std::fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL inside may hold a password.
        f.debug_struct("RedisPool").finish_non_exhaustive()
    }
}

impl RedisPool {
    /// A pool for the server at `url` (`redis://[user:password@]host[:port][/database]`).
    ///
    /// It does not wait for the server. While the server is away, operations fail within about two seconds.
    /// When it is first reached, a warning names each of its settings that differs from what Livegate
    /// needs. Call this inside a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`] if the URL does not parse. The message does not repeat the URL.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        let bad_url = || StoreError("the Redis URL does not parse".to_owned());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let manager = Manager::new_with_config(url, config).map_err(|_| bad_url())?;
        let client = Client::open(url).map_err(|_| bad_url())?;
        let pool = Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            .wait_timeout(Some(OPERATION_TIMEOUT))
            .create_timeout(Some(OPERATION_TIMEOUT))
            .recycle_timeout(Some(OPERATION_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| StoreError(e.to_string()))?;
        let this = Self { pool, client };
        tokio::spawn(check_settings(this.clone()));
        Ok(this)
    }

    /// The client, for connections that cannot be shared, such as Pub/Sub.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Checks that the server answers.
    ///
    /// # Errors
    /// [`StoreError`] if it does not answer within two seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.query(&redis::cmd("PING")).await
    }

    pub(crate) async fn query<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
    ) -> Result<T, StoreError> {
        self.bounded(async |connection| command.query_async(connection).await)
            .await
    }

    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.bounded(async |connection| script.invoke_async(connection).await)
            .await
    }

    async fn bounded<T>(
        &self,
        operation: impl AsyncFnOnce(&mut Connection) -> redis::RedisResult<T>,
    ) -> Result<T, StoreError> {
        let work = async {
            let object = self
                .pool
                .get()
                .await
                .map_err(|e: PoolError| StoreError(e.to_string()))?;
            let mut connection = object;
            operation(&mut connection)
                .await
                .map_err(|e| StoreError(e.to_string()))
        };
        match timeout(OPERATION_TIMEOUT, work).await {
            Ok(answer) => answer,
            Err(_) => {
                // If one connection no longer answers, neither do the others, and each would cost some
                // request the same wait.
                self.pool.retain(|_, _| false);
                Err(StoreError(format!(
                    "no answer within {OPERATION_TIMEOUT:?}"
                )))
            }
        }
    }
}

/// A duration in milliseconds for Redis, at least 1, since Redis refuses an expiry of 0.
pub(crate) fn milliseconds(keep: Duration) -> u64 {
    u64::try_from(keep.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, 1 << 50)
}

/// Warns of server settings that break Livegate's guarantees, once the server can be reached.
async fn check_settings(pool: RedisPool) {
    const WANTED: [(&str, &str, &str); 3] = [
        (
            "maxmemory-policy",
            "noeviction",
            "a used session could be evicted and used again",
        ),
        ("save", "", "a restart could bring an old session back"),
        (
            "appendonly",
            "no",
            "a restart could bring an old session back",
        ),
    ];
    while pool.ping().await.is_err() {
        tokio::time::sleep(RETRY_CHECK).await;
    }
    for (setting, wanted, why) in WANTED {
        let answer: Result<Vec<String>, _> = pool
            .query(redis::cmd("CONFIG").arg("GET").arg(setting))
            .await;
        // Managed servers forbid CONFIG; their settings stay unknown.
        if let Ok([_, found]) = answer.as_deref()
            && found != wanted
        {
            tracing::warn!(
                redis.setting = setting,
                "Redis runs with {setting} \"{found}\" instead of \"{wanted}\": {why}"
            );
        }
    }
}
