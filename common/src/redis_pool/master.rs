//! Finds the master among the servers, and notices when it is another one.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisConnectionInfo;
use redis::aio::{MultiplexedConnection, PubSub};
use tokio::sync::{Mutex, watch};

use super::address::{Host, Servers, StoreAddress};
use super::server;
use crate::results::StoreError;
use crate::tls::TlsClient;

/// Longest wait for a Sentinel's response.
const SENTINEL_PATIENCE: Duration = Duration::from_millis(500);

/// Interval at which the Sentinels are asked for the master. A master that was cut off from them may go on
/// answering, and must not be used for long.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The master of the store's servers. Clones are the same.
#[derive(Clone)]
pub(super) struct Master {
    address: Arc<StoreAddress>,
    finder: Arc<Finder>,
    /// The master that was found last.
    known: watch::Sender<Option<Host>>,
}

enum Finder {
    Fixed(Host),
    Sentinels(Sentinels),
}

struct Sentinels {
    hosts: Vec<Host>,
    master: String,
    login: RedisConnectionInfo,
    /// The Sentinel that answered last.
    last: Mutex<Last>,
}

/// The Sentinel that answered last.
#[derive(Default)]
struct Last {
    index: usize,
    connection: Option<MultiplexedConnection>,
}

impl Master {
    /// The master at this address. Call it inside a tokio runtime.
    pub(super) fn new(address: StoreAddress) -> Self {
        let finder = match address.servers.clone() {
            Servers::One(host) => Finder::Fixed(host),
            Servers::Watched {
                sentinels,
                master,
                login,
            } => Finder::Sentinels(Sentinels {
                hosts: sentinels,
                master,
                login,
                last: Mutex::default(),
            }),
        };
        let this = Self {
            address: Arc::new(address),
            finder: Arc::new(finder),
            known: watch::Sender::new(None),
        };
        if let Finder::Sentinels(_) = &*this.finder {
            tokio::spawn(this.clone().follow());
        }
        this
    }

    /// Opens a connection to the master for commands.
    pub(super) async fn connect(
        &self,
        patience: Duration,
    ) -> Result<(Host, MultiplexedConnection), StoreError> {
        let host = self.find().await?;
        let (login, tls) = (&self.address.login, self.address.tls.as_ref());
        let mut connection = server::connect(&host, login, tls, patience).await?;
        server::check_master(&mut connection).await?;
        Ok((host, connection))
    }

    /// Opens a connection to the master for announcements.
    pub(super) async fn listen(&self) -> Result<(Host, PubSub), StoreError> {
        let host = self.find().await?;
        let (login, tls) = (&self.address.login, self.address.tls.as_ref());
        let connection = server::listen(&host, login, tls).await?;
        Ok((host, connection))
    }

    /// Whether this server is the master, as far as is known.
    pub(super) fn is(&self, host: &Host) -> bool {
        self.known.borrow().as_ref() == Some(host)
    }

    /// Changes when the master is another server.
    pub(super) fn changes(&self) -> watch::Receiver<Option<Host>> {
        self.known.subscribe()
    }

    async fn find(&self) -> Result<Host, StoreError> {
        let host = match &*self.finder {
            Finder::Fixed(host) => host.clone(),
            Finder::Sentinels(sentinels) => sentinels.ask(self.address.tls.as_ref()).await?,
        };
        let is_another = self.known.send_if_modified(|known| {
            let is_another = known.as_ref() != Some(&host);
            *known = Some(host.clone());
            is_another
        });
        if is_another && let Finder::Sentinels(_) = &*self.finder {
            tracing::info!(redis.address = %host, "The Redis master is {host}");
        }
        Ok(host)
    }

    /// Asks the Sentinels now and then, while anybody else uses this.
    async fn follow(self) {
        while Arc::strong_count(&self.finder) > 1 {
            // An error is reported by those who need the master.
            let _ = self.find().await;
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

impl Sentinels {
    /// The master's address, from the first Sentinel that knows it.
    async fn ask(&self, tls: Option<&TlsClient>) -> Result<Host, StoreError> {
        let mut last = self.last.lock().await;
        if let Some(mut connection) = last.connection.take() {
            if let Ok(host) = self.ask_one(&mut connection).await {
                last.connection = Some(connection);
                return Ok(host);
            }
            last.index += 1;
        }
        let mut failed = StoreError("no Sentinel is named".to_owned());
        // First those after the one that failed: it may take its time again.
        for _ in &self.hosts {
            let index = last.index % self.hosts.len();
            let host = &self.hosts[index];
            let connecting = server::connect(host, &self.login, tls, SENTINEL_PATIENCE);
            let asked = match connecting.await {
                Ok(mut connection) => {
                    let asked = self.ask_one(&mut connection).await;
                    asked.map(|master| (master, connection))
                }
                Err(error) => Err(error),
            };
            match asked {
                Ok((master, connection)) => {
                    last.connection = Some(connection);
                    return Ok(master);
                }
                Err(StoreError(error)) => failed = StoreError(format!("Sentinel {error}")),
            }
            last.index = index + 1;
        }
        Err(failed)
    }

    async fn ask_one(&self, connection: &mut MultiplexedConnection) -> Result<Host, StoreError> {
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master);
        let answer: redis::RedisResult<Option<(String, u16)>> = ask.query_async(connection).await;
        match answer {
            Ok(Some((name, port))) => Ok(Host { name, port }),
            Ok(None) => Err(StoreError(format!(
                "knows no master with the name `{}`",
                self.master
            ))),
            Err(error) => Err(StoreError(error.to_string())),
        }
    }
}
