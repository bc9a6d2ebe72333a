//! Networks: the model file, how its input is made, and how its output is read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A model file whose hash was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// The file's name without its extension, for logs.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// sha256 of the file's content, 64 lower-case hex digits.
    pub sha256: String,
}

/// How a crop becomes a model's input.
///
/// The input has the shape `[1, 3, height, width]`. Each value is `(x - mean) / std` for x from 0 to 255.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Width of the input, pixels.
    pub width: u32,
    /// Height of the input, pixels.
    pub height: u32,
    /// Order of the input's three channels.
    pub channels: ChannelOrder,
    /// Mean of each channel, in the order of `channels`, on the scale 0..255.
    pub mean: [f32; 3],
    /// Divisor of each channel, in the order of `channels`, on the scale 0..255; never 0.
    pub std: [f32; 3],
}

/// Order of an image's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first, as in OpenCV.
    Bgr,
}

/// How a crop is placed around a face, and what fills it beyond the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CropRule {
    /// The face box times the scale, moved or shrunk to stay inside the frame, then stretched to the
    /// input's shape. Source: `CropImage` of minivision's Silent-Face-Anti-Spoofing.
    #[default]
    Clamped,
    /// A square about the centre of the face box. Its side is the scale times the longer side of the box.
    /// Pixels beyond the frame are reflected without repeating the edge (OpenCV's `BORDER_REFLECT_101`).
    Reflected,
}

/// How the crop's pixels are resampled to the input's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resample {
    /// Two neighbours on each axis, also when shrinking, so that fine detail aliases.
    #[default]
    Linear,
    /// When shrinking, the mean of the area that a pixel covers; when enlarging, cubic interpolation.
    Area,
}

/// What a classifier's output numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassOutput {
    /// Logits, which need a softmax.
    Logits,
    /// Probabilities, which sum to 1.
    Probabilities,
}

/// A classifier that distinguishes bona fide presentations from attacks.
#[derive(Clone, Debug, PartialEq)]
pub struct AntiSpoofModel {
    /// The model file.
    pub file: ModelFile,
    /// How its input is made.
    pub input: InputSpec,
    /// How the crop is placed.
    pub crop: CropRule,
    /// Side of the crop as a multiple of the side of the tight face box.
    pub crop_scale: f32,
    /// How the crop is resampled to the input's size.
    pub resample: Resample,
    /// Widest face that leaves room for the crop, as a share of the frame's shorter side, 0 to 1. On a
    /// wider face the model abstains. `None` if it never abstains.
    pub most_face_share: Option<f32>,
    /// Index, from 0, of the class of bona fide presentations.
    pub live_class: usize,
    /// What the output numbers are.
    pub output: ClassOutput,
}

/// A network that turns an aligned face into an embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbedderModel {
    /// The model file.
    pub file: ModelFile,
    /// How its input is made. The five-point template is that of ArcFace at 112x112, scaled.
    pub input: InputSpec,
}

/// Settings of an anti-spoof model: all of an `[[anti_spoof]]` table except its file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AntiSpoofSettings {
    /// Width of the input, pixels.
    pub width: u32,
    /// Height of the input, pixels.
    pub height: u32,
    /// Order of the input's channels.
    pub channels: ChannelOrder,
    /// Subtracted from values of 0 to 255, in the order of `channels`.
    pub mean: [f32; 3],
    /// Divisor of the difference, in the order of `channels`.
    pub std: [f32; 3],
    /// How the crop is placed.
    pub crop: CropRule,
    /// Side of the crop as a multiple of the side of the face box, 1 to 10.
    pub crop_scale: f32,
    /// How the crop is resampled to the input's size.
    pub resample: Resample,
    /// Widest face on which the model does not abstain, as a share of the frame's shorter side, 0 to 1.
    /// `None` if it never abstains.
    pub most_face_share: Option<f32>,
    /// Index, from 0, of the class of bona fide presentations.
    pub live_class: usize,
    /// What the output numbers are.
    pub output: ClassOutput,
}
