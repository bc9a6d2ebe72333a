//! The binary `livegate-worker`: measures the batches from the queue.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use livegate_common::hardening;
use livegate_common::shutdown::Shutdown;
use livegate_server::pool::start_pool;
use livegate_server::settings::{MEASURING, WORKER, WorkerSettings, help, operating_point};
use livegate_server::worker;
use livegate_telemetry as telemetry;
use tracing::info;

/// Takes batches of frames and clips from RabbitMQ, measures them and stores the outcomes in Redis. Run
/// as many workers as the load needs.
#[derive(Parser)]
#[command(version, after_help = help(&[WORKER, MEASURING]))]
struct Arguments {}

fn main() -> ExitCode {
    // Before the runtime starts threads.
    livegate_jail::launcher_if_asked().unwrap_or_else(run)
}

#[tokio::main]
async fn run() -> ExitCode {
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
    match start().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            tracing::error!("{e:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> anyhow::Result<()> {
    hardening::keep_memory_private().context("the process cannot keep its memory to itself")?;
    let settings = WorkerSettings::from_env()?;
    hardening::keep_memory_out_of_swap();
    let point = operating_point::read(settings.models.thresholds.as_deref())?.point;
    let pool = Arc::new(start_pool(&settings.models, &point, settings.threads).await?);
    let shutdown = Shutdown::on_signals().context("signals cannot be handled")?;
    let name = point.models.iter().find(|m| m.id() == *pool.models());
    let name = name.map_or("unknown", |m| m.name.as_str());
    info!(models = %name, "Ready with {} inference threads and the models `{name}`", settings.threads);
    worker::run(&settings, pool, shutdown).await
}
