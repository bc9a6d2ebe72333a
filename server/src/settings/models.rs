//! Where the models are.

use std::path::PathBuf;

/// Where the models are, and the thresholds for what they measure.
#[derive(Clone, Debug)]
pub struct ModelsSettings {
    /// `LIVEGATE_MODELS`: the folder that `livegate-models` filled.
    pub cache: PathBuf,
    /// `LIVEGATE_MODEL_CONFIG`: the operator's own models.
    pub config: Option<PathBuf>,
    /// `LIVEGATE_THRESHOLDS`: an operating point other than the shipped one.
    pub thresholds: Option<PathBuf>,
}
