//! `livegate-worker` with the scripted analyzer in place of models. It is a process of its own, so that
//! tests can kill it.
#![allow(
    clippy::expect_used,
    reason = "test support: a broken surrounding ends the process"
)]

use std::sync::Arc;

use livegate_common::shutdown::Shutdown;
use livegate_server::settings::WorkerSettings;
use livegate_server::worker;
use livegate_tests::scripted;
use livegate_worker::AnalyzerPool;

#[tokio::main]
async fn main() {
    let _telemetry = livegate_telemetry::init("livegate-worker").expect("its variables are right");
    let settings = WorkerSettings::from_env().expect("it has settings");
    let pool = AnalyzerPool::start(settings.threads, scripted::factory()).expect("threads start");
    let shutdown = Shutdown::on_signals().expect("signals can be handled");
    worker::run(&settings, Arc::new(pool), shutdown)
        .await
        .expect("the settings can be used");
}
