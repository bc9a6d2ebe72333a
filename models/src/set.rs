//! The models that a worker runs, found, checked and described.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::canonical::CanonicalFace;
use crate::config::{self, ModelConfig};
use crate::hash;
use crate::manifest::{Manifest, Role, SourceFile};

/// Every model file a worker needs, each checked against its sha256.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSet {
    /// The ONNX Runtime library, for `ort::init_from`.
    pub runtime: PathBuf,
    /// Input `input` `[1, 3, H, W]`, BGR 0..255, H and W multiples of 32; outputs `cls_N`, `obj_N` (probabilities), `bbox_N`, `kps_N`, N = 8, 16, 32.
    pub detector: ModelFile,
    /// Input `image` `[1, 3, 256, 256]`, RGB 0..1; outputs `landmarks` `[1, 478, 3]`, x, y, z in crop pixels, and `presence` `[1, 1]`, a logit.
    pub landmarks: ModelFile,
    /// Input `points` `[1, 146, 2]`, image pixels; output `scores` `[1, 52]`, 0..1.
    pub blendshapes: ModelFile,
    /// What poses are measured against.
    pub canonical_face: CanonicalFace,
    /// At least one; each has one input `[1, 3, height, width]` and one output `[1, classes]`.
    pub anti_spoof: Vec<AntiSpoofModel>,
    /// Has one input `[1, 3, height, width]` and one output `[1, dimensions]`, not normalised.
    pub embedder: EmbedderModel,
}

/// A model file that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// The file's name without its extension, for logs.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Of its content, in lower-case hex.
    pub sha256: String,
}

/// How a crop becomes a model's input: `[1, 3, height, width]`, each value `(x - mean) / std` for x in 0..255.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Order of the three channels.
    pub channels: ChannelOrder,
    /// In the model's channel order, on the scale 0..255.
    pub mean: [f32; 3],
    /// In the model's channel order, on the scale 0..255; never 0.
    pub std: [f32; 3],
}

/// Order of an image's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first, as OpenCV has it.
    Bgr,
}

/// Where a crop lies, and what fills it beyond the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CropRule {
    /// The face box times the scale, moved or shrunk to stay inside the frame, then stretched to the input's
    /// shape: `CropImage` of minivision's Silent-Face-Anti-Spoofing.
    #[default]
    Clamped,
    /// A square about the box's centre, its side the scale times the longer side of the box. Pixels beyond the
    /// frame are reflected without repeating the edge (OpenCV's `BORDER_REFLECT_101`).
    Reflected,
}

/// How the crop's pixels become the input's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resample {
    /// Two neighbours on each axis, also when shrinking, which lets fine detail alias.
    #[default]
    Linear,
    /// The mean of the area that a pixel covers when shrinking, cubic interpolation when enlarging.
    Area,
}

/// What a classifier's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassOutput {
    /// Need a softmax.
    Logits,
    /// Sum up to 1.
    Probabilities,
}

/// A classifier of bona fide presentations and attacks.
#[derive(Clone, Debug, PartialEq)]
pub struct AntiSpoofModel {
    /// The network.
    pub file: ModelFile,
    /// How its input is made.
    pub input: InputSpec,
    /// Where the crop lies.
    pub crop: CropRule,
    /// Size of the crop in sizes of the tight face box.
    pub crop_scale: f32,
    /// How the crop is brought to the input's size.
    pub resample: Resample,
    /// Widest face that leaves room for the crop, as a share of the frame's shorter side, 0 to 1; the model
    /// abstains on a wider one. `None`: it never abstains.
    pub most_face_share: Option<f32>,
    /// Index of the class of bona fide presentations.
    pub live_class: usize,
    /// What its output holds.
    pub output: ClassOutput,
}

/// A network that turns an aligned face into a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbedderModel {
    /// The network.
    pub file: ModelFile,
    /// How its input is made; the five-point template is that of ArcFace at 112x112, scaled.
    pub input: InputSpec,
}

/// Why the models cannot be used. Each message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// A shipped model is not in the cache.
    #[error("{path} cannot be read ({source}): run `make build` to obtain the models", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A shipped model is not what it was.
    #[error("{path} is not the file it should be (its sha256 is {found}): run `make build` to obtain the models", path = path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// sha256 of what is there.
        found: String,
    },
    /// There is no runtime for this machine.
    #[error("there is no {role:?} file for {arch} machines: use x86_64 or aarch64", arch = std::env::consts::ARCH)]
    NotForThisMachine {
        /// What is missing.
        role: Role,
    },
    /// The operator's configuration cannot be used.
    #[error("model configuration {path}: {problem}", path = path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong and how to mend it.
        problem: String,
    },
}

impl ModelSet {
    /// Finds and checks the models: those of the manifest in `cache`, except what `config` replaces.
    ///
    /// Files that are replaced need not be in the cache.
    ///
    /// # Errors
    /// When a file is missing or altered, or the configuration is wrong; nothing is used unchecked.
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

    /// Whether these are the shipped models and no others.
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

/// The shipped anti-spoofing network; its licence note is in the manifest.
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
        // Its last operator is a matrix product.
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
