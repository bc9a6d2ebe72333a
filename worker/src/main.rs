//! `livegate-worker`: measures what the queue brings.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use livegate_common::hardening;
use livegate_common::operating_point;
use livegate_common::shutdown::Shutdown;
use livegate_telemetry as telemetry;
use livegate_worker::config::Config;
use livegate_worker::{AnalyzerPool, clip, distributed, known, onnx};
use tracing::info;

/// Takes frame batches from RabbitMQ, measures them and stores the outcomes in Redis. Run as many as
/// there is work for; settings come from the environment (see README).
#[derive(Parser)]
#[command(version)]
struct Arguments {}

fn main() -> ExitCode {
    if let Err(e) = hardening::without_runtime_telemetry() {
        eprintln!("livegate-worker: ONNX Runtime's telemetry cannot be turned off: {e}");
        return ExitCode::FAILURE;
    }
    Arguments::parse();
    let _telemetry = match telemetry::init("livegate-worker") {
        Ok(telemetry) => telemetry,
        Err(e) => {
            eprintln!("livegate-worker: {e}");
            return ExitCode::FAILURE;
        }
    };
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            tracing::error!("{e:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<()> {
    hardening::keep_memory_private().context("the process cannot keep its memory to itself")?;
    let config = Config::from_lookup(|name| std::env::var(name).ok())?;
    let models = livegate_models::ModelSet::load(&config.models, config.model_config.as_deref())?;
    let point = operating_point::read(config.thresholds.as_deref())?;
    known::check(&point, &models).context("LIVEGATE_THRESHOLDS does not fit the models")?;
    let pool = Arc::new(AnalyzerPool::start(config.threads, onnx::factory(models)?)?);
    let runtime = tokio::runtime::Runtime::new().context("the async runtime does not start")?;
    runtime.block_on(async {
        clip::check_tools().await?;
        let shutdown = Shutdown::on_signals().context("signals cannot be handled")?;
        let name = point.models.iter().find(|m| m.id() == *pool.models());
        let name = name.map_or("unknown", |m| m.name.as_str());
        info!(models = %name, "Ready with {} inference threads and the models `{name}`", config.threads);
        distributed::run(&config, pool, shutdown).await
    })
}
