//! The whole service as processes: API replicas and workers, on their own RabbitMQ and Redis. Everything
//! in it can be killed and started again.

mod process;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use livegate_api::keys::create::{CreatedKey, NewKey, create};
use livegate_common::broker::Queue;
use serde_json::Value;
use tempfile::TempDir;

pub use self::process::Process;
use crate::client::{Client, Sent};
use crate::media::models;
use crate::servers::{RabbitMq, Redis, free_port};

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

/// The running service.
pub struct Fleet {
    /// The broker.
    pub rabbitmq: RabbitMq,
    /// The store.
    pub redis: Redis,
    /// The API's replicas.
    pub replicas: Vec<Process>,
    /// The workers.
    pub workers: Vec<Process>,
    /// A client of each replica, with the key.
    pub clients: Vec<Client>,
    /// The key.
    pub key: CreatedKey,
    plan: Plan,
    amqp_url: String,
    redis_url: String,
    folder: TempDir,
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
        (amqp_url, redis_url): (String, String),
        plan: Plan,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Limits high enough for everything that is sent.
        let new = NewKey {
            requests_per_minute: 1_000_000,
            concurrency: 1000,
            ..NewKey::named("fleet")
        };
        let key = create(&folder.path().join("keys.toml"), &new).unwrap();
        let mut fleet = Self {
            rabbitmq,
            redis,
            replicas: Vec::new(),
            workers: Vec::new(),
            clients: Vec::new(),
            key,
            plan,
            amqp_url,
            redis_url,
            folder,
        };
        for n in 0..fleet.plan.replicas {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let replica = fleet.process("livegate-api", &format!("api-{n}"), Some(address));
            fleet.replicas.push(replica);
            let client = Client::new(address, Some(&fleet.key.secret));
            fleet.clients.push(client);
        }
        for _ in 0..fleet.plan.workers {
            fleet.add_worker();
        }
        fleet.recovered(Instant::now(), 4 * RECOVERY).await;
        fleet
    }

    /// Starts one more worker.
    pub fn add_worker(&mut self) {
        self.add_worker_of(self.plan.worker);
    }

    /// Starts one more worker with this program.
    pub fn add_worker_of(&mut self, program: &str) {
        let name = format!("worker-{}", self.workers.len());
        self.workers.push(self.process(program, &name, None));
    }

    fn process(&self, program: &str, name: &str, listen: Option<SocketAddr>) -> Process {
        let folder = self.folder.path().join(name);
        let keys = self.folder.path().join("keys.toml").display().to_string();
        let audit = folder.join("audit.jsonl").display().to_string();
        let mut variables = vec![
            ("LIVEGATE_AMQP_URL", self.amqp_url.clone()),
            ("LIVEGATE_REDIS_URL", self.redis_url.clone()),
            ("LIVEGATE_SEAL_KEY", SEAL_KEY.to_owned()),
            ("LIVEGATE_KEYS", keys),
            ("LIVEGATE_AUDIT_LOG", audit),
            ("LIVEGATE_MODELS", models().display().to_string()),
            ("LIVEGATE_WORKER_THREADS", "1".to_owned()),
            (
                "LIVEGATE_VERIFY_TIMEOUT_SECONDS",
                self.plan.verify_seconds.to_string(),
            ),
        ];
        variables.extend(listen.map(|address| ("LIVEGATE_LISTEN", address.to_string())));
        variables.extend(self.plan.variables.iter().cloned());
        Process::start(binary(program), folder, variables)
    }

    /// The folder with the files of all processes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until every replica reports that it is healthy. Returns how long that took since `since`.
    ///
    /// # Panics
    /// When it takes longer than `within`.
    pub async fn recovered(&self, since: Instant, within: Duration) -> Duration {
        for client in &self.clients {
            until_ready(client, since, within).await;
        }
        since.elapsed()
    }

    /// Number of messages that wait in a queue or are being worked on.
    pub async fn waiting(&self, queue: Queue) -> u32 {
        let properties = ConnectionProperties::default();
        let url = self.rabbitmq.url();
        let connection = Connection::connect(&url, properties).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let look = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let declared = channel.queue_declare(queue.name().into(), look, FieldTable::default());
        declared.await.unwrap().message_count()
    }

    /// Waits until there are this many audit records. A record is written a moment after its answer.
    ///
    /// # Panics
    /// When there are fewer after a few seconds, or more.
    pub async fn recorded(&self, number: usize) {
        let since = Instant::now();
        while self.records().len() < number && since.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.records().len(), number, "audit records");
    }

    /// The audit records of all replicas, in the order of each replica.
    pub fn records(&self) -> Vec<Value> {
        let of_replica = |replica: &Process| {
            let log = std::fs::read_to_string(replica.folder().join("audit.jsonl"));
            log.unwrap_or_default()
        };
        let logs: String = self.replicas.iter().map(of_replica).collect();
        // The last record of a killed replica may be cut off.
        let lines = logs.lines();
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
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
