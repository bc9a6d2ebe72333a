//! Settings of measuring.

use std::path::PathBuf;

/// Where the models and the thresholds for their measurements are, and which clips are measured.
#[derive(Clone, Debug)]
pub struct ModelsSettings {
    /// `LIVEGATE_MODELS`: the folder that `livegate-models` filled.
    pub cache: PathBuf,
    /// `LIVEGATE_MODEL_CONFIG`: file that names the operator's own models.
    pub config: Option<PathBuf>,
    /// `LIVEGATE_THRESHOLDS`: file of an operating point, in place of the shipped one.
    pub thresholds: Option<PathBuf>,
    /// `LIVEGATE_ALLOW_UNCONFINED_CLIPS`: whether clips are decoded where the kernel cannot keep the
    /// decoder from files.
    pub allow_unconfined_clips: bool,
}
