//! A network: its file, how its input is made and its output read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

/// How an anti-spoof model's input is made and its output read: all of an `[[anti_spoof]]` table but its file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AntiSpoofSettings {
    /// Of the input, pixels.
    pub width: u32,
    /// Of the input, pixels.
    pub height: u32,
    /// Order of the input's channels.
    pub channels: ChannelOrder,
    /// Subtracted from values 0 to 255, in the order of `channels`.
    pub mean: [f32; 3],
    /// What the difference is divided by, in the order of `channels`.
    pub std: [f32; 3],
    /// Where the crop lies.
    pub crop: CropRule,
    /// Size of the crop in sizes of the face box, 1 to 10.
    pub crop_scale: f32,
    /// How the crop is brought to the input's size.
    pub resample: Resample,
    /// Widest face, as a share of the frame's shorter side, that the model does not abstain on.
    pub most_face_share: Option<f32>,
    /// Index of the class of bona fide presentations.
    pub live_class: usize,
    /// What the output holds.
    pub output: ClassOutput,
}
