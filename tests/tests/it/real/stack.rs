//! The service with its real models, put together in both ways.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_api::distributed;
use livegate_common::liveness::thresholds::Thresholds;
use livegate_common::seal::SealKey;
use livegate_models::ModelSet;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::media::{models, root};
use livegate_tests::servers;

/// What API and workers of these tests seal with.
const SEAL_KEY: &str = "dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=";

/// How much a capture may take here: a debug build, on a machine that runs other tests.
const PATIENCE: Duration = Duration::from_secs(60);

fn server() -> ServerConfig {
    ServerConfig {
        verify_timeout: PATIENCE,
        ..ServerConfig::default()
    }
}

/// Everything in this process.
pub async fn embedded(model_config: Option<&Path>) -> App {
    embedded_at(model_config, Thresholds::default()).await
}

/// The same at another operating point.
pub async fn embedded_at(model_config: Option<&Path>, thresholds: Thresholds) -> App {
    let models = ModelSet::load(&models(), model_config).unwrap();
    spawn(Options {
        server: server(),
        analyzers: livegate_worker::onnx::factory(models).unwrap(),
        thresholds,
        ..Options::default()
    })
    .await
}

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
        let services =
            distributed::services(&amqp_url, &redis_url, seal, Thresholds::default()).unwrap();
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
        while self.app.services.presence.count().await.unwrap() as usize != count {
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

/// A binary of the workspace, built beside this test.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{name} is not built: run `make test`, or `cargo build --workspace` first"
    );
    path
}

/// A configuration that adds both MiniFASNets to the shipped anti-spoof model; `None`, said aloud,
/// where the optional weights are not at hand (`LIVEGATE_OPTIONAL_MODELS`, default
/// `../shared/models`).
pub fn three_anti_spoof_models(folder: &Path) -> Option<PathBuf> {
    let weights = std::env::var_os("LIVEGATE_OPTIONAL_MODELS")
        .map_or_else(|| root().join("../shared/models"), PathBuf::from);
    let mut toml = "[[anti_spoof]]\nbuiltin = \"fr_liveness\"\n".to_owned();
    for (name, scale) in [
        ("minifasnet_v2_2.7x_80", 2.7),
        ("minifasnet_v1se_4.0x_80", 4.0),
    ] {
        let path = weights.join(format!("{name}.onnx"));
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("SKIPPED: {name}.onnx is not in {}", weights.display());
            return None;
        };
        let sha256 = livegate_models::hash::of_bytes(&bytes);
        toml += &format!(
            "[[anti_spoof]]\npath = {path:?}\nsha256 = \"{sha256}\"\nwidth = 80\nheight = 80\nchannels = \"bgr\"\n\
             mean = [0, 0, 0]\nstd = [1, 1, 1]\ncrop_scale = {scale:.1}\nlive_class = 1\noutput = \"logits\"\n"
        );
    }
    let config = folder.join("models.toml");
    std::fs::write(&config, toml).unwrap();
    Some(config)
}
