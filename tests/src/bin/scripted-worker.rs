//! `livegate-worker` in all but its models: the scripted analyzer looks at the pictures. A process of its
//! own, so that tests can kill it.
#![allow(
    clippy::expect_used,
    reason = "test support: a broken surrounding ends the process"
)]

use std::sync::Arc;

use livegate_common::shutdown::Shutdown;
use livegate_tests::scripted;
use livegate_worker::config::Config;
use livegate_worker::{AnalyzerPool, distributed};

#[tokio::main]
async fn main() {
    let _telemetry = livegate_telemetry::init("livegate-worker").expect("its variables are right");
    let config = Config::from_lookup(|name| std::env::var(name).ok()).expect("it has settings");
    let pool = AnalyzerPool::start(config.threads, scripted::factory()).expect("threads start");
    let shutdown = Shutdown::on_signals().expect("signals can be handled");
    distributed::run(&config, Arc::new(pool), shutdown)
        .await
        .expect("the settings can be used");
}
