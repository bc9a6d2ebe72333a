//! The processes of the service: API replicas and workers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use livegate_api::keys::create::{CreatedKey, NewKey, create};
use serde_json::Value;
use tempfile::TempDir;

use super::{Plan, Process, RECOVERY, SEAL_KEY, binary, until_ready};
use crate::client::Client;
use crate::media::models;
use crate::servers::free_port;

/// API replicas and workers on servers that they do not own.
pub struct Processes {
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

impl Processes {
    /// Starts them with these URLs of RabbitMQ and of Redis, and waits until they are ready.
    pub async fn start((amqp_url, redis_url): (String, String), plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Limits high enough for everything that is sent.
        let new = NewKey {
            requests_per_minute: 1_000_000,
            concurrency: 1000,
            ..NewKey::named("fleet")
        };
        let key = create(&folder.path().join("keys.toml"), &new).unwrap();
        let mut this = Self {
            replicas: Vec::new(),
            workers: Vec::new(),
            clients: Vec::new(),
            key,
            plan,
            amqp_url,
            redis_url,
            folder,
        };
        for n in 0..this.plan.replicas {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let replica = this.process("livegate-api", &format!("api-{n}"), Some(address));
            this.replicas.push(replica);
            let client = Client::new(address, Some(&this.key.secret));
            this.clients.push(client);
        }
        for _ in 0..this.plan.workers {
            this.add_worker();
        }
        this.recovered(Instant::now(), 4 * RECOVERY).await;
        this
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
