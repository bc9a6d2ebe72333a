//! The set of models that a worker runs: finds, checks and describes the files.

use std::path::{Path, PathBuf};

use livegate_liveness::thresholds::{Models, OperatingPoint, OperatingPointError, PadThresholds};

use crate::canonical::CanonicalFace;
use crate::config::{self, ModelConfig};
use crate::error::ModelsError;
use crate::hash;
use crate::manifest::{Manifest, Role, SourceFile};
use crate::network::{
    AntiSpoofModel, ChannelOrder, ClassOutput, CropRule, EmbedderModel, InputSpec, ModelFile,
    Resample,
};

/// Every model file that a worker needs, each checked against its sha256.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSet {
    /// Path of the ONNX Runtime library, for `ort::init_from`.
    pub runtime: PathBuf,
    /// Face detector. Input `input` `[1, 3, H, W]`, BGR 0..255, H and W multiples of 32. Outputs `cls_N`,
    /// `obj_N` (probabilities), `bbox_N`, `kps_N`, for N = 8, 16, 32.
    pub detector: ModelFile,
    /// Landmark model. Input `image` `[1, 3, 256, 256]`, RGB 0..1. Outputs `landmarks` `[1, 478, 3]` (x, y,
    /// z in crop pixels) and `presence` `[1, 1]` (a logit).
    pub landmarks: ModelFile,
    /// Expression model. Input `points` `[1, 146, 2]`, image pixels. Output `scores` `[1, 52]`, 0..1.
    pub blendshapes: ModelFile,
    /// The face in whose coordinates head poses are measured.
    pub canonical_face: CanonicalFace,
    /// Anti-spoof models, at least one. Each has one input `[1, 3, height, width]` and one output `[1,
    /// classes]`.
    pub anti_spoof: Vec<AntiSpoofModel>,
    /// Embedding model. It has one input `[1, 3, height, width]` and one output `[1, dimensions]`, not
    /// normalised.
    pub embedder: EmbedderModel,
}

impl ModelSet {
    /// Finds and checks the models: the manifest's files in `cache`, except those that `config` replaces.
    ///
    /// Files that are replaced need not be in the cache.
    ///
    /// # Errors
    /// [`ModelsError`] if a file is missing or altered, or if the configuration is wrong. No file is used
    /// unchecked.
    pub fn load(cache: &Path, config: Option<&Path>) -> Result<Self, ModelsError> {
        let config = match config {
            Some(path) => config::read(path)?,
            None => ModelConfig::default(),
        };
        let canonical = shipped(cache, Role::CanonicalFace)?;
        let bytes = std::fs::read(&canonical.path).map_err(|source| ModelsError::Missing {
            path: canonical.path.clone(),
            source,
        })?;
        let canonical_face = CanonicalFace::parse(&bytes).ok_or_else(|| ModelsError::Altered {
            path: canonical.path,
            found: hash::of_bytes(&bytes),
        })?;
        let or_shipped =
            |own: Option<ModelFile>, role| own.map_or_else(|| shipped(cache, role), Ok);
        Ok(Self {
            runtime: shipped(cache, Role::Runtime)?.path,
            detector: or_shipped(config.detector, Role::Detector)?,
            landmarks: or_shipped(config.landmarks, Role::Landmarks)?,
            blendshapes: or_shipped(config.blendshapes, Role::Blendshapes)?,
            canonical_face,
            anti_spoof: match config.anti_spoof {
                Some(entries) => entries
                    .into_iter()
                    .map(|entry| entry.map_or_else(|| fr_liveness(cache), Ok))
                    .collect::<Result<_, _>>()?,
                None => vec![fr_liveness(cache)?],
            },
            embedder: match config.embedder {
                Some(own) => own,
                None => fr_feature(cache)?,
            },
        })
    }

    /// Whether the set has the shipped models and no others.
    #[must_use]
    pub fn is_default(&self) -> bool {
        let is = |file: &ModelFile, role| {
            Manifest::shipped()
                .file(role)
                .is_some_and(|shipped| shipped.output_sha256 == file.sha256)
        };
        is(&self.detector, Role::Detector)
            && is(&self.landmarks, Role::Landmarks)
            && is(&self.blendshapes, Role::Blendshapes)
            && matches!(self.anti_spoof.as_slice(), [only]
                if is(&only.file, Role::AntiSpoof) && *only == fr_liveness_as(only.file.clone()))
            && is(&self.embedder.file, Role::Embedder)
            && self.embedder == fr_feature_as(self.embedder.file.clone())
    }
}

impl ModelSet {
    /// The set as an operating point lists it, under the given name.
    #[must_use]
    pub fn listed_as(&self, name: &str) -> Models {
        let anti_spoof = self.anti_spoof.iter().map(|m| m.file.sha256.clone());
        Models {
            name: name.to_owned(),
            detector: self.detector.sha256.clone(),
            landmarks: self.landmarks.sha256.clone(),
            blendshapes: self.blendshapes.sha256.clone(),
            embedder: self.embedder.file.sha256.clone(),
            anti_spoof: anti_spoof.collect(),
            pad: PadThresholds::default(),
        }
    }

    /// Checks that an operating point lists this set. Thresholds measured on the scores of other models do
    /// not apply to these.
    ///
    /// # Errors
    /// [`OperatingPointError::OtherModels`] if it does not list the set.
    pub fn check_listed(&self, point: &OperatingPoint) -> Result<(), OperatingPointError> {
        point.is_for(&self.listed_as("in use"))
    }
}

/// The shipped anti-spoof model. The manifest has a note on its licence.
fn fr_liveness(cache: &Path) -> Result<AntiSpoofModel, ModelsError> {
    shipped(cache, Role::AntiSpoof).map(fr_liveness_as)
}

fn fr_liveness_as(file: ModelFile) -> AntiSpoofModel {
    AntiSpoofModel {
        file,
        input: InputSpec {
            width: 128,
            height: 128,
            channels: ChannelOrder::Bgr,
            mean: [0.0; 3],
            std: [1.0; 3],
        },
        crop: CropRule::Clamped,
        crop_scale: 2.7,
        resample: Resample::Linear,
        // A wider face leaves no room for the crop, and live people then score as attacks.
        most_face_share: Some(0.7),
        live_class: 0,
        // The network's last operator is a matrix product, so its outputs are logits.
        output: ClassOutput::Logits,
    }
}

fn fr_feature(cache: &Path) -> Result<EmbedderModel, ModelsError> {
    shipped(cache, Role::Embedder).map(fr_feature_as)
}

fn fr_feature_as(file: ModelFile) -> EmbedderModel {
    EmbedderModel {
        file,
        input: InputSpec {
            width: 112,
            height: 112,
            channels: ChannelOrder::Rgb,
            mean: [127.5; 3],
            std: [128.0; 3],
        },
    }
}

fn shipped(cache: &Path, role: Role) -> Result<ModelFile, ModelsError> {
    let file: &SourceFile = Manifest::shipped()
        .file(role)
        .ok_or(ModelsError::NotForThisMachine { role })?;
    let path = cache.join(&file.output);
    match hash::of_file(&path) {
        Ok(found) if found == file.output_sha256 => Ok(ModelFile {
            name: config::name_of(&path),
            path,
            sha256: found,
        }),
        Ok(found) => Err(ModelsError::Altered { path, found }),
        Err(source) => Err(ModelsError::Missing { path, source }),
    }
}
