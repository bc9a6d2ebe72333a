//! The attacked service: everything in this process, with the shipped models, or with the optional
//! models added.

use std::path::{Path, PathBuf};

use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_liveness::challenge::Action;
use livegate_liveness::thresholds::OperatingPoint;
use livegate_models::ModelSet;

use crate::app::{App, Options, spawn};
use crate::media::models;
use crate::real::PATIENCE;

/// The optional anti-spoof models, as a configuration.
///
/// # Panics
/// Where they were not obtained.
pub fn optional_models() -> PathBuf {
    let config = models().join("optional.toml");
    assert!(
        config.exists(),
        "{} is not there; `livegate-models fetch --optional` obtains it",
        config.display()
    );
    config
}

/// Starts the service. Its key has high limits. Where a session leaves the actions to the server, it
/// draws the order of a left and a right turn.
pub async fn start(model_config: Option<&Path>) -> App {
    let models = ModelSet::load(&models(), model_config).unwrap();
    spawn(Options {
        server: ServerConfig {
            verify_timeout: PATIENCE,
            ..ServerConfig::default()
        },
        analyzers: livegate_worker::onnx::factory(models).unwrap(),
        thresholds: OperatingPoint::shipped().into(),
        key: NewKey {
            requests_per_minute: 1_000_000,
            concurrency: 64,
            actions: Some(vec![Action::TurnLeft, Action::TurnRight]),
            ..NewKey::named("attacker")
        },
        ..Options::default()
    })
    .await
}
