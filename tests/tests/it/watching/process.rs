//! The service's binaries over RabbitMQ and Redis, started as an operator starts them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use livegate_api::keys::create::{CreatedKey, NewKey, create};
use livegate_tests::client::Client;
use livegate_tests::media::models;
use livegate_tests::servers;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use livegate_tests::fleet::binary;

/// What the processes of these tests seal with.
const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";

/// How long a process may take to say something: it loads models, on a machine that runs other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// An API process and those who work for it.
pub struct Service {
    /// A caller with its key.
    pub client: Client,
    /// That key.
    pub key: CreatedKey,
    /// The API.
    pub api: Process,
    amqp_url: String,
    redis_url: String,
    variables: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl Service {
    /// Starts an API process with these variables beside those that it needs.
    pub async fn start(variables: &[(&'static str, String)]) -> Self {
        Self::start_for(&NewKey::named("watched"), variables).await
    }

    /// The same for the holder of this key.
    pub async fn start_for(key: &NewKey, variables: &[(&'static str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys: PathBuf = folder.path().join("keys.toml");
        let key = create(&keys, key).unwrap();
        let mut service = Self {
            client: Client::new(([127, 0, 0, 1], 0).into(), None),
            key,
            api: Process::none(),
            amqp_url: servers::amqp_url(),
            redis_url: servers::redis_url(),
            variables: variables.to_vec(),
            _folder: folder,
        };
        let mut command = service.command("livegate-api", SEAL_KEY);
        command.env("LIVEGATE_KEYS", &keys);
        service.api = Process::start(command);
        let address = service.api.address("Listening on http://").await;
        service.client = Client::new(address, Some(&service.key.secret));
        service
    }

    /// Starts a worker process and waits until it is ready.
    pub async fn worker(&self) -> Process {
        self.worker_with_key(SEAL_KEY).await
    }

    /// The same with a seal key of its own.
    pub async fn worker_with_key(&self, seal_key: &str) -> Process {
        let mut worker = Process::start(self.command("livegate-worker", seal_key));
        worker
            .until(|line| line.contains("The consumer is connected").then_some(()))
            .await;
        worker
    }

    fn command(&self, name: &str, seal_key: &str) -> Command {
        let mut command = Command::new(binary(name));
        command
            .env("LIVEGATE_AMQP_URL", &self.amqp_url)
            .env("LIVEGATE_REDIS_URL", &self.redis_url)
            .env("LIVEGATE_SEAL_KEY", seal_key)
            .env("LIVEGATE_LISTEN", "127.0.0.1:0")
            .env("LIVEGATE_METRICS_LISTEN", "127.0.0.1:0")
            .env("LIVEGATE_MODELS", models())
            .env("LIVEGATE_WORKER_THREADS", "1")
            .env("LIVEGATE_VERIFY_TIMEOUT_SECONDS", "60")
            .env("NO_PROXY", "127.0.0.1")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A process and what it has written to its standard error. Killed when dropped.
pub struct Process {
    child: Option<Child>,
    lines: Arc<Mutex<Vec<String>>>,
    written: Arc<Notify>,
}

impl Process {
    fn none() -> Self {
        Self {
            child: None,
            lines: Arc::default(),
            written: Arc::default(),
        }
    }

    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let process = Self {
            child: Some(child),
            ..Self::none()
        };
        let (lines, written) = (Arc::clone(&process.lines), Arc::clone(&process.written));
        tokio::spawn(async move {
            while let Ok(Some(line)) = errors.next_line().await {
                eprintln!("{line}");
                lines.lock().unwrap().push(line);
                written.notify_one();
            }
        });
        process
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line in which `find` finds something.
    pub async fn until<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = self.lines().iter().find_map(|line| find(line)) {
                    return found;
                }
                self.written.notified().await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("not said in {PATIENCE:?}: {:#?}", self.lines()))
    }

    /// Waits for the address that follows these words.
    pub async fn address(&mut self, words: &str) -> SocketAddr {
        self.until(|line| {
            let rest = line.split_once(words)?.1;
            let end = rest.find(['/', '"']).unwrap_or(rest.len());
            rest[..end].trim().parse().ok()
        })
        .await
    }

    /// The most memory that it has had so far, bytes.
    pub fn peak_memory(&self) -> u64 {
        let id = self.child.as_ref().and_then(Child::id).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }

    /// Has it stop as an operator does, and waits until it has.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let id = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        assert!(ended.expect("it stops").unwrap().success());
    }
}
