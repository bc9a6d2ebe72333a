//! The measured services, run as processes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use livegate_api::keys::create::{NewKey, create};
use livegate_tests::bound::Bound;
use livegate_tests::client::{Capture, Client, clip_body};
use livegate_tests::media::root;
use livegate_tests::scrape::Scrape;
use serde_json::{Value, json};

/// The binaries of one tree, and where they are started.
#[derive(Clone)]
pub struct Build {
    binaries: PathBuf,
    tree: PathBuf,
}

impl Build {
    /// Those of this tree, beside this program.
    pub fn this() -> Self {
        let own = std::env::current_exe().unwrap();
        Self {
            binaries: own.parent().unwrap().to_owned(),
            tree: root(),
        }
    }

    /// Those of another tree, built into its `target` with the same profile.
    pub fn of(tree: &Path) -> Self {
        let tree = fs::canonicalize(tree).unwrap();
        let profile = Self::this().binaries.file_name().unwrap().to_owned();
        Self {
            binaries: tree.join("target").join(profile),
            tree,
        }
    }
}

/// A running API and a client of it.
pub struct Service {
    /// The API's process.
    pub process: Running,
    /// A client with a key.
    pub client: Client,
    keys: PathBuf,
    audit: PathBuf,
    metrics: SocketAddr,
    /// Time from the start of the process until it answered, milliseconds.
    pub ready_ms: f64,
}

impl Service {
    /// Starts this tree's API and waits until it is ready.
    pub async fn api(folder: &Path, name: &str, variables: &[(&str, String)]) -> Self {
        Self::api_of(&Build::this(), folder, name, variables).await
    }

    /// The same with the binaries of `build`.
    pub async fn api_of(
        build: &Build,
        folder: &Path,
        name: &str,
        variables: &[(&str, String)],
    ) -> Self {
        let (keys, audit) = (
            folder.join(format!("{name}.toml")),
            folder.join(format!("{name}.jsonl")),
        );
        let new = NewKey {
            requests_per_minute: 1_000_000,
            concurrency: 1_000,
            ..NewKey::named("bench")
        };
        let key = create(&keys, &new).unwrap();
        let (address, metrics) = (free_address(), free_address());
        let mut all = variables.to_vec();
        all.extend([
            ("LIVEGATE_LISTEN", address.to_string()),
            ("LIVEGATE_KEYS", keys.display().to_string()),
            ("LIVEGATE_AUDIT_LOG", audit.display().to_string()),
            ("LIVEGATE_METRICS_LISTEN", metrics.to_string()),
        ]);
        let began = Instant::now();
        let process = Running::start_of(build, "livegate-api", &all);
        let client = Client::new(address, Some(&key.secret));
        // The socket listens before the models are loaded. The service is ready when it answers.
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while client.get("/v1/liveness/health").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self {
            process,
            client,
            keys,
            audit,
            metrics,
            ready_ms: began.elapsed().as_secs_f64() * 1e3,
        }
    }

    /// Makes a key and returns its client once the server knows it.
    pub async fn key(&self, new: &NewKey) -> Client {
        let key = create(&self.keys, new).unwrap();
        let client = self.client.with_key(&key.secret);
        while client.create(&json!({})).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client
    }

    /// Verifies once and returns the time that it took.
    pub async fn verify(&self, capture: &Capture) -> Duration {
        let (status, took) = self.try_verify(capture).await;
        assert_eq!(status, 200);
        took
    }

    /// Verifies once. Returns the status and the time from the first byte of the request to the last of
    /// the answer.
    pub async fn try_verify(&self, capture: &Capture) -> (u16, Duration) {
        let session = self.client.session(&["turn_left", "turn_right"]).await;
        let body = capture.body(&session);
        let began = Instant::now();
        let answer = self.client.verify_raw(&body).await;
        let took = began.elapsed();
        if answer.status == 200 {
            assert_eq!(
                answer.body["frames_analyzed"],
                capture.0.len(),
                "{}",
                answer.body
            );
        }
        (answer.status, took)
    }

    /// Verifies a clip once and returns the time that it took.
    pub async fn verify_clip(&self, clip: &[u8]) -> Duration {
        let session = self.client.session(&["turn_left", "turn_right"]).await;
        let body = clip_body(&session, clip);
        let began = Instant::now();
        let answer = self.client.verify_raw(&body).await;
        let took = began.elapsed();
        assert_eq!(answer.body["frames_analyzed"], 75, "{}", answer.body);
        took
    }

    /// Processor time of the API so far, milliseconds.
    pub fn cpu_ms(&self) -> f64 {
        self.process.cpu_ms()
    }

    /// Peak memory of the API, MB.
    pub fn peak_mb(&self) -> f64 {
        self.process.memory_mb("VmHWM")
    }

    /// Reads its metrics.
    pub async fn metrics(&self) -> Scrape {
        Scrape::of(self.metrics).await
    }

    /// The records of its audit log.
    pub fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.audit).unwrap();
        let record = |line| serde_json::from_str(line).unwrap();
        text.lines().map(record).collect()
    }
}

/// A release binary. It ends when dropped, and with the bench.
pub struct Running(Bound);

impl Running {
    /// Starts a binary of this tree with only these variables.
    pub fn start(name: &str, variables: &[(&str, String)]) -> Self {
        Self::start_of(&Build::this(), name, variables)
    }

    /// The same with a binary of `build`.
    fn start_of(build: &Build, name: &str, variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(build.binaries.join(name));
        command
            .current_dir(&build.tree)
            .envs(variables.iter().map(|(n, v)| (n, v)))
            .env("LIVEGATE_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self(Bound::start(&mut command).unwrap())
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Processor time of the process so far, milliseconds.
    pub fn cpu_ms(&self) -> f64 {
        cpu_ms(&self.0.id().to_string())
    }

    /// A memory figure of the process, MB.
    pub fn memory_mb(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024.0 / 1e6
    }
}

/// Processor time of a process so far, milliseconds; `self` is this one.
pub fn cpu_ms(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The fields follow the name, which may hold spaces. User and system time are the 14th and 15th
    // field, in clock ticks; Linux has 100 ticks a second.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|f| f.parse::<u64>().unwrap())
        .sum();
    ticks as f64 * 10.0
}

/// A free address on this machine.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
