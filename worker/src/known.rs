//! Which models these are.

use livegate_common::liveness::thresholds::{
    Models, OperatingPoint, OperatingPointError, PadThresholds,
};
use livegate_models::ModelSet;

/// The models of a set, as an operating point names them.
pub fn models(set: &ModelSet, name: &str) -> Models {
    let anti_spoof = set.anti_spoof.iter().map(|m| m.file.sha256.clone());
    Models {
        name: name.to_owned(),
        detector: set.detector.sha256.clone(),
        landmarks: set.landmarks.sha256.clone(),
        blendshapes: set.blendshapes.sha256.clone(),
        embedder: set.embedder.file.sha256.clone(),
        anti_spoof: anti_spoof.collect(),
        pad: PadThresholds::default(),
    }
}

/// Makes sure that an operating point is for these models: numbers that were measured on others'
/// scores decide nothing about theirs.
///
/// # Errors
/// [`OperatingPointError::OtherModels`] where it is not.
pub fn check(point: &OperatingPoint, set: &ModelSet) -> Result<(), OperatingPointError> {
    point.is_for(&models(set, "in use"))
}
