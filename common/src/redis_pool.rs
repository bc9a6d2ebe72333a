//! The one Redis connection pool of a process, shared by every store that lives there.

use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, ScriptInvocation};
use tokio::time::timeout;

use crate::results::StoreError;

/// What one operation may take, waiting for a connection included. A store that takes longer
/// counts as unreachable: a request must be answered rather than hang.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);

/// The client's own default is 500 ms, which a loaded host overruns on a megabyte of outcome.
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
    /// Does not wait for the server: while it is away operations fail, within about two seconds.
    /// Once it is reached, a warning names each of its settings that is not as Livegate needs it.
    /// Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`] when the URL does not parse; the text does not repeat it.
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

    /// For connections that cannot be shared, as Pub/Sub needs one.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks the server whether it is there.
    ///
    /// # Errors
    /// [`StoreError`] when it is not, or takes more than two seconds to say so.
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
                // Where one connection has fallen silent the others have, too, and each would cost
                // somebody such a wait.
                self.pool.retain(|_, _| false);
                Err(StoreError(format!(
                    "no answer within {OPERATION_TIMEOUT:?}"
                )))
            }
        }
    }
}

/// A duration as Redis takes it; never 0, which Redis refuses as an expiry.
pub(crate) fn milliseconds(keep: Duration) -> u64 {
    u64::try_from(keep.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, 1 << 50)
}

/// Warns, once the server can be reached, of settings that break what Livegate promises.
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
        // Managed servers forbid CONFIG: nothing to learn there.
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
