//! The whole service as processes: API replicas and workers, on their own RabbitMQ and Redis. Everything
//! in it can be killed and started again.

mod process;
mod processes;

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use livegate_common::broker::Queue;

pub use self::process::Process;
pub use self::processes::Processes;
use crate::client::{Client, Sent};
use crate::servers::{RabbitMq, Redis};

/// The seal key of the processes.
pub const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";

/// Longest time from the return of a part until every replica is healthy.
pub const RECOVERY: Duration = Duration::from_secs(15);

/// Name of the program of a worker without models.
pub const SCRIPTED: &str = "scripted-worker";

/// How to start the service.
pub struct Plan {
    /// Number of API replicas.
    pub replicas: usize,
    /// Number of workers at the beginning.
    pub workers: usize,
    /// Program of the workers: [`SCRIPTED`] or `livegate-worker`.
    pub worker: &'static str,
    /// Deadline of a verify, seconds.
    pub verify_seconds: u64,
    /// Further variables for every process.
    pub variables: Vec<(&'static str, String)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            replicas: 2,
            workers: 2,
            worker: SCRIPTED,
            verify_seconds: 10,
            variables: Vec::new(),
        }
    }
}

/// The running service, with its servers.
pub struct Fleet {
    /// The broker.
    pub rabbitmq: RabbitMq,
    /// The store.
    pub redis: Redis,
    /// The processes of the service.
    pub processes: Processes,
}

impl Deref for Fleet {
    type Target = Processes;

    fn deref(&self) -> &Processes {
        &self.processes
    }
}

impl DerefMut for Fleet {
    fn deref_mut(&mut self) -> &mut Processes {
        &mut self.processes
    }
}

impl Fleet {
    /// Starts the service with its own servers, and waits until it is ready.
    pub async fn start(plan: Plan) -> Self {
        let rabbitmq = tokio::task::spawn_blocking(RabbitMq::start);
        let redis = Redis::start();
        Self::on(rabbitmq.await.unwrap(), redis, plan).await
    }

    /// Starts the service on these servers.
    pub async fn on(rabbitmq: RabbitMq, redis: Redis, plan: Plan) -> Self {
        let urls = (rabbitmq.url(), redis.url());
        Self::through(rabbitmq, redis, urls, plan).await
    }

    /// Starts the service on these servers, which it reaches at these URLs of RabbitMQ and of Redis.
    pub async fn through(
        rabbitmq: RabbitMq,
        redis: Redis,
        urls: (String, String),
        plan: Plan,
    ) -> Self {
        Self {
            rabbitmq,
            redis,
            processes: Processes::start(urls, plan).await,
        }
    }

    /// Number of messages that wait in a queue or are being worked on.
    pub async fn waiting(&self, queue: Queue) -> u32 {
        waiting(&self.rabbitmq, queue.name()).await
    }
}

/// Number of messages that wait in the queue of this name or are being worked on.
pub async fn waiting(rabbitmq: &RabbitMq, queue: &str) -> u32 {
    let properties = ConnectionProperties::default();
    let url = rabbitmq.url();
    let connection = Connection::connect(&url, properties);
    let channel = connection.await.unwrap().create_channel().await.unwrap();
    let look = QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let declared = channel.queue_declare(queue.into(), look, FieldTable::default());
    declared.await.unwrap().message_count()
}

/// Waits until a replica reports that it is healthy.
///
/// # Panics
/// When that takes longer than `within`.
pub async fn until_ready(client: &Client, since: Instant, within: Duration) {
    let nobody = client.without_key();
    let mut last = None;
    loop {
        let request = nobody.request(reqwest::Method::GET, "/v1/liveness/health");
        let sent = Client::try_send(request.timeout(Duration::from_secs(5))).await;
        if let Sent::Answered(answer) = sent {
            if answer.body["status"] == "ok" {
                return;
            }
            last = Some(answer.body);
        }
        let address = client.address();
        assert!(
            since.elapsed() < within,
            "{address} is not ready after {within:?}: {last:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Path of a program of the workspace, built beside this one.
///
/// # Panics
/// When it is not built.
pub fn binary(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let folders = this.ancestors().skip(1).take(2);
    let mut paths = folders.map(|folder| folder.join(name));
    paths.find(|path| path.exists()).unwrap_or_else(|| {
        panic!("{name} is not built: run `make test`, or `cargo build --workspace` first")
    })
}
