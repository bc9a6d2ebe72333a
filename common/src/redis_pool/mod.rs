//! The Redis connection pool of a process, shared by all its stores.
//!
//! Every connection is to the master: its role is checked when it is opened, and again before each use. With
//! Sentinels it is also given up when they name another master.

mod address;
mod master;
mod server;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Pool, PoolError, RecycleError};
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{FromRedisValue, ScriptInvocation};
use tokio::sync::watch;
use tokio::time::timeout;

pub use self::address::{StoreAddress, StoreUrlError};

use self::address::Host;
use self::master::Master;
use crate::results::StoreError;

/// Longest time for one operation, including the wait for a connection. A store that takes longer counts as
/// unreachable: a request must be answered rather than hang.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest wait for a response. A loaded host exceeds the client's default of 500 ms for an outcome of a
/// megabyte.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_900);
const MAX_CONNECTIONS: usize = 16;
const RETRY_CHECK: Duration = Duration::from_secs(2);

/// Longest wait for replicas to have a change.
const REPLICATION_TIMEOUT: Duration = Duration::from_millis(500);

/// Connections to the master of a Redis store, opened when first needed. Clones share them.
#[derive(Clone)]
pub struct RedisPool {
    pool: Pool<Manager>,
    master: Master,
}

impl std::fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address inside may hold a password.
        f.debug_struct("RedisPool").finish_non_exhaustive()
    }
}

impl RedisPool {
    /// A pool for the store at this address.
    ///
    /// It does not wait for the server. While the server is away, operations fail within about two seconds.
    /// Whenever a server is reached that was not reached before, a warning names each of its settings that
    /// differs from what Livegate needs. Call this inside a tokio runtime.
    pub fn connect(address: &StoreAddress) -> Self {
        let master = Master::new(address.clone());
        let manager = Manager {
            master: master.clone(),
            checked: Arc::default(),
        };
        let builder = Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            .wait_timeout(Some(OPERATION_TIMEOUT))
            .create_timeout(Some(OPERATION_TIMEOUT))
            .recycle_timeout(Some(OPERATION_TIMEOUT))
            .runtime(Runtime::Tokio1);
        #[expect(
            clippy::expect_used,
            reason = "the one error is that there is no runtime for timeouts"
        )]
        let pool = builder.build().expect("a runtime is named");
        let this = Self { pool, master };
        tokio::spawn(reach(this.clone()));
        this
    }

    /// A connection for announcements, and what tells that it is to the wrong server.
    pub(crate) async fn listen(&self) -> Result<(PubSub, Moved), StoreError> {
        // It cannot be asked for its role, so another connection is.
        self.ping().await?;
        let (from, connection) = self.master.listen().await?;
        let changes = self.master.changes();
        Ok((connection, Moved { from, changes }))
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
        self.bounded(async |connection| command.query_async(connection).await.map_err(failed))
            .await
    }

    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.bounded(async |connection| script.invoke_async(connection).await.map_err(failed))
            .await
    }

    /// Runs a script that answers whether it made a change, and waits until `replicas` servers have the
    /// change.
    ///
    /// The script must write something whenever it answers yes: Redis waits for what this connection wrote
    /// last.
    pub(crate) async fn change(
        &self,
        script: &ScriptInvocation<'_>,
        replicas: u32,
    ) -> Result<bool, StoreError> {
        self.bounded(async |connection| {
            let is_changed: bool = script.invoke_async(connection).await.map_err(failed)?;
            if !is_changed || replicas == 0 {
                return Ok(is_changed);
            }
            let mut wait = redis::cmd("WAIT");
            wait.arg(replicas).arg(milliseconds(REPLICATION_TIMEOUT));
            let reached: u32 = wait.query_async(connection).await.map_err(failed)?;
            if reached < replicas {
                return Err(StoreError(format!(
                    "a change has reached {reached} of {replicas} replicas"
                )));
            }
            Ok(true)
        })
        .await
    }

    async fn bounded<T>(
        &self,
        operation: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let work = async {
            let mut connected = match self.pool.get().await {
                Ok(connected) => connected,
                Err(PoolError::Backend(error)) => return Err(error),
                Err(error) => return Err(StoreError(error.to_string())),
            };
            operation(&mut connected.connection).await
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

fn failed(error: redis::RedisError) -> StoreError {
    StoreError(error.to_string())
}

/// Tells when the master is another server than that of a connection.
pub(crate) struct Moved {
    from: Host,
    changes: watch::Receiver<Option<Host>>,
}

impl Moved {
    /// Waits until the master is another server.
    pub(crate) async fn moved(&mut self) {
        let is_another = |host: &Option<Host>| host.as_ref() != Some(&self.from);
        if self.changes.wait_for(is_another).await.is_err() {
            // Nobody looks for the master any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Opens the pool's connections, and checks them before each use.
struct Manager {
    master: Master,
    /// The run of the server whose settings were checked last.
    checked: Arc<Mutex<Option<Option<String>>>>,
}

/// A connection of the pool.
struct Connected {
    host: Host,
    connection: MultiplexedConnection,
}

impl managed::Manager for Manager {
    type Type = Connected;
    type Error = StoreError;

    async fn create(&self) -> Result<Connected, StoreError> {
        let (host, mut connection) = self.master.connect(RESPONSE_TIMEOUT).await?;
        let run = server::run_id(&mut connection).await;
        if self.is_unchecked(run) {
            server::check_settings(&mut connection).await;
        }
        Ok(Connected { host, connection })
    }

    async fn recycle(
        &self,
        connected: &mut Connected,
        _: &Metrics,
    ) -> managed::RecycleResult<StoreError> {
        if !self.master.is(&connected.host) {
            return Err(RecycleError::message("another server is the master"));
        }
        Ok(server::check_master(&mut connected.connection).await?)
    }
}

impl Manager {
    /// Whether the settings of this run of a server are still to be checked. From then on they count as
    /// checked.
    fn is_unchecked(&self, run: Option<String>) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unchecked = checked.as_ref() != Some(&run);
        *checked = Some(run);
        is_unchecked
    }
}

/// Reaches the server once, so that its settings are checked although nobody uses it yet.
async fn reach(pool: RedisPool) {
    while pool.ping().await.is_err() {
        tokio::time::sleep(RETRY_CHECK).await;
    }
}

/// A duration in milliseconds for Redis, at least 1, since Redis refuses an expiry of 0.
pub(crate) fn milliseconds(keep: Duration) -> u64 {
    u64::try_from(keep.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, 1 << 50)
}
