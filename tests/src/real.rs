//! The service in this process, with its real models.

use std::path::{Path, PathBuf};
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_liveness::thresholds::OperatingPoint;
use livegate_models::ModelSet;

use crate::app::{App, Options, spawn};
use crate::media::{models, optional_weights};

/// Time limit of a verify here: a debug build, on a machine that runs other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the embedded service.
pub async fn embedded(model_config: Option<&Path>) -> App {
    embedded_at(model_config, OperatingPoint::shipped()).await
}

/// Starts the embedded service with this operating point.
pub async fn embedded_at(model_config: Option<&Path>, point: &OperatingPoint) -> App {
    let models = ModelSet::load(&models(), model_config).unwrap();
    spawn(Options {
        server: ServerConfig {
            verify_timeout: PATIENCE,
            ..ServerConfig::default()
        },
        analyzers: livegate_worker::onnx::factory(models).unwrap(),
        thresholds: point.into(),
        ..Options::default()
    })
    .await
}

/// A configuration, written into `folder`, that adds both MiniFASNets to the shipped anti-spoof model; takes
/// `has_optional_weights`.
#[track_caller]
pub fn three_anti_spoof_models(folder: &Path) -> PathBuf {
    let weights = optional_weights();
    let mut toml = "[[anti_spoof]]\nbuiltin = \"fr_liveness\"\n".to_owned();
    for (name, scale) in [
        ("minifasnet_v2_2.7x_80", 2.7),
        ("minifasnet_v1se_4.0x_80", 4.0),
    ] {
        let path = weights.join(format!("{name}.onnx"));
        let sha256 = livegate_models::hash::of_file(&path).unwrap();
        toml += &format!(
            "[[anti_spoof]]\npath = {path:?}\nsha256 = \"{sha256}\"\nwidth = 80\nheight = 80\nchannels = \"bgr\"\n\
             mean = [0, 0, 0]\nstd = [1, 1, 1]\ncrop_scale = {scale:.1}\nlive_class = 1\noutput = \"logits\"\n"
        );
    }
    let config = folder.join("models.toml");
    std::fs::write(&config, toml).unwrap();
    config
}
