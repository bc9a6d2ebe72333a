//! The service with its real models, put together in both ways.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_common::seal::SealKey;
use livegate_liveness::thresholds::Thresholds;
use livegate_server::distributed;
use livegate_server::settings::Servers;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::fleet::binary;
use livegate_tests::media::models;
use livegate_tests::real::PATIENCE;
pub use livegate_tests::real::{embedded, embedded_at, three_anti_spoof_models};
use livegate_tests::servers;

/// What API and workers of these tests seal with.
const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";

/// The API in this process, RabbitMQ and Redis beside it, and worker processes.
pub struct Distributed {
    /// The API.
    pub app: App,
    /// The workers.
    pub workers: Vec<Worker>,
    amqp_url: String,
    redis_url: String,
}

impl Distributed {
    /// Starts all of it and waits until every worker is there.
    pub async fn start(workers: usize, model_config: Option<&Path>) -> Self {
        Self::start_with(workers, model_config, PATIENCE).await
    }

    /// The same with another time limit for a capture.
    pub async fn start_with(
        workers: usize,
        model_config: Option<&Path>,
        verify_timeout: Duration,
    ) -> Self {
        let (amqp_url, redis_url) = (servers::amqp_url(), servers::redis_url());
        let seal = SealKey::from_base64(SEAL_KEY).unwrap();
        let servers = Servers {
            brokers: amqp_url.parse().unwrap(),
            store: redis_url.parse().unwrap(),
        };
        let services = distributed::services(&servers, 0, seal, Thresholds::default());
        let app = spawn(Options {
            server: ServerConfig {
                verify_timeout,
                ..ServerConfig::default()
            },
            services: Some(services),
            ..Options::default()
        })
        .await;
        let mut stack = Self {
            app,
            workers: Vec::new(),
            amqp_url,
            redis_url,
        };
        for _ in 0..workers {
            stack.add_worker(model_config);
        }
        stack.until_workers(workers).await;
        stack
    }

    /// Starts one more worker process.
    pub fn add_worker(&mut self, model_config: Option<&Path>) {
        let mut command = Command::new(binary("livegate-worker"));
        command
            .env("LIVEGATE_AMQP_URL", &self.amqp_url)
            .env("LIVEGATE_REDIS_URL", &self.redis_url)
            .env("LIVEGATE_SEAL_KEY", SEAL_KEY)
            .env("LIVEGATE_MODELS", models())
            .env("LIVEGATE_WORKER_THREADS", NonZeroUsize::MIN.to_string())
            .stdin(Stdio::null());
        if let Some(config) = model_config {
            command.env("LIVEGATE_MODEL_CONFIG", config);
        }
        self.workers.push(Worker(command.spawn().unwrap()));
    }

    /// Waits until this many workers say that they are there.
    pub async fn until_workers(&self, count: usize) {
        let patience = tokio::time::Instant::now() + PATIENCE;
        while self.app.services.presence.workers().await.unwrap().count as usize != count {
            assert!(
                tokio::time::Instant::now() < patience,
                "{count} workers never came"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A worker process, killed when dropped.
pub struct Worker(pub Child);

impl Worker {
    /// Ends it as a crash would, at once.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
