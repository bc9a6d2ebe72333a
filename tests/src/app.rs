//! Starts the API in this process, on a port of its own.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use livegate_api::admission::{Admission, Admissions, Work};
use livegate_api::application::Application;
use livegate_api::config::{AuditTarget, ServerConfig};
use livegate_api::contract::defaults::SessionDefaults;
use livegate_api::keys::KeyRecord;
use livegate_api::keys::create::{CreatedKey, NewKey, create};
use livegate_api::services::Services;
use livegate_common::shutdown::{Shutdown, Trigger};
use livegate_liveness::thresholds::ThresholdSets;
use livegate_server::embedded;
use livegate_worker::clip::ClipReader;
use livegate_worker::{AnalyzerFactory, AnalyzerPool};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::client::{Answer, Client};
use crate::scripted;

/// How to start the API.
pub struct Options {
    /// The server's settings. [`spawn`] chooses address, key file and audit log.
    pub server: ServerConfig,
    /// Threads that measure, each with an analyzer of its own; 0 for none.
    pub workers: usize,
    /// Makes the analyzers.
    pub analyzers: AnalyzerFactory,
    /// What reads clips; `None` for the usual one.
    pub clip_reader: Option<ClipReader>,
    /// Operating points, by the models that measure.
    pub thresholds: ThresholdSets,
    /// Services to use instead of services in memory. Their workers are up to the caller.
    pub services: Option<Services>,
    /// Properties of the first key.
    pub key: NewKey,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: ServerConfig {
                verify_timeout: Duration::from_secs(10),
                ..ServerConfig::default()
            },
            workers: 2,
            analyzers: scripted::factory(),
            clip_reader: None,
            thresholds: scripted::thresholds().into(),
            services: None,
            key: NewKey::named("test"),
        }
    }
}

/// A running API.
pub struct App {
    /// A caller with the first key.
    pub client: Client,
    /// The first key.
    pub key: CreatedKey,
    /// The services that the API uses.
    pub services: Services,
    /// The key file.
    pub keys: PathBuf,
    /// The audit log.
    pub audit: PathBuf,
    /// Address of its metrics.
    pub metrics: SocketAddr,
    trigger: Trigger,
    server: JoinHandle<()>,
    workers: Option<embedded::Workers>,
    _folder: TempDir,
}

/// Starts the API with services in memory and a scripted analyzer.
pub async fn spawn_app() -> App {
    spawn(Options::default()).await
}

/// The same as [`spawn_app`], with this first key.
pub async fn spawn_with_key(key: NewKey) -> App {
    spawn(Options {
        key,
        ..Options::default()
    })
    .await
}

/// The way to the workers for a live frame of a key, without an API.
pub async fn live_admission() -> Admission {
    let key = Arc::new(KeyRecord {
        id: "key".to_owned(),
        name: "test".to_owned(),
        is_test: false,
        liveness: true,
        requests_per_minute: 100,
        concurrency: 10,
        attempts: None,
        defaults: SessionDefaults::default(),
    });
    let admissions = Admissions::new(Duration::from_secs(30));
    let none = Work::default();
    admissions.admit_live(&key, &none).await.unwrap()
}

/// Starts the API.
pub async fn spawn(options: Options) -> App {
    let folder = tempfile::tempdir().unwrap();
    let (keys, audit) = (
        folder.path().join("keys.toml"),
        folder.path().join("audit.jsonl"),
    );
    let key = create(&keys, &options.key).unwrap();
    let config = ServerConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        keys: keys.clone(),
        audit_log: AuditTarget::File(audit.clone()),
        metrics_listen: Some(([127, 0, 0, 1], 0).into()),
        ..options.server
    };
    let (services, workers) = match options.services {
        Some(services) => (services, None),
        None => {
            let (services, broker) = embedded::services(options.thresholds).unwrap();
            let workers = NonZeroUsize::new(options.workers).map(|threads| {
                let mut pool = AnalyzerPool::start(threads, options.analyzers).unwrap();
                if let Some(reader) = options.clip_reader {
                    pool = pool.with_clip_reader(reader);
                }
                let counted = pool.metrics().clone();
                let workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
                (workers, counted)
            });
            (services, workers)
        }
    };
    let mut app = Application::bind(config, services.clone()).await.unwrap();
    let workers = workers.map(|(workers, counted)| {
        counted.register(app.registry());
        workers
    });
    let metrics = app.metrics_addr().unwrap();
    let client = Client::new(app.local_addr(), Some(&key.secret));
    let (trigger, shutdown) = Shutdown::new();
    let server = tokio::spawn(app.run(shutdown));
    App {
        client,
        key,
        services,
        keys,
        audit,
        metrics,
        trigger,
        server,
        workers,
        _folder: folder,
    }
}

impl App {
    /// Makes another key in the server's file.
    pub fn add_key(&self, new: &NewKey) -> CreatedKey {
        create(&self.keys, new).unwrap()
    }

    /// Repeats a request until the answer is as wanted. Fails the test after five seconds.
    pub async fn until(
        &self,
        ask: impl AsyncFn() -> Answer,
        wanted: impl Fn(&Answer) -> bool,
    ) -> Answer {
        let patience = Instant::now() + Duration::from_secs(5);
        loop {
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < patience, "still {}", answer.body);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Creates sessions until the server accepts the caller's key.
    pub async fn until_known(&self, client: &Client) -> Answer {
        self.until(
            async || client.create(&json!({})).await,
            |a| a.status == 200,
        )
        .await
    }

    /// Reads a session's status until it has this state.
    pub async fn until_state(&self, session_id: &str, state: &str) -> Answer {
        self.until(
            async || self.client.status(session_id).await,
            |a| a.body["state"] == state,
        )
        .await
    }

    /// Reads the health page until it reports this status.
    pub async fn until_health(&self, status: &str) -> Answer {
        let nobody = self.client.without_key();
        self.until(
            async || nobody.get("/v1/liveness/health").await,
            |a| a.body["status"] == status,
        )
        .await
    }

    /// Waits until the audit log has this many lines. Fails the test after five seconds.
    pub async fn until_recorded(&self, lines: usize) {
        let patience = Instant::now() + Duration::from_secs(5);
        while std::fs::read_to_string(&self.audit).map_or(0, |log| log.lines().count()) < lines {
            assert!(Instant::now() < patience, "less than {lines} lines");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops the server and returns the lines of its audit log.
    pub async fn stop(self) -> Vec<serde_json::Value> {
        self.trigger.stop();
        self.server.await.unwrap();
        if let Some(workers) = self.workers {
            workers.stop().await;
        }
        let text = std::fs::read_to_string(&self.audit).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
