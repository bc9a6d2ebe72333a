//! The operator's own models: reads the TOML file that `LIVEGATE_MODEL_CONFIG` names.
//!
//! Each table replaces one role; roles without a table stay as shipped. Relative paths start at the folder
//! of the configuration file. Every file needs its sha256. Fields that are not listed here are refused.
//!
//! ```toml
//! [detector]                # likewise [landmarks], [blendshapes]:
//! path = "detector.onnx"    # inputs and outputs as of the shipped model, see `ModelSet`
//! sha256 = "64 hex digits"
//!
//! [embedder]                # one input [1, 3, height, width], one output [1, dimensions]
//! path = "arcface.onnx"
//! sha256 = "64 hex digits"
//! width = 112
//! height = 112
//! channels = "rgb"          # or "bgr"
//! mean = [127.5, 127.5, 127.5]   # (x - mean) / std for x in 0..255, in the order of `channels`
//! std = [128, 128, 128]
//!
//! [[anti_spoof]]            # the list replaces the shipped one; to keep that, name it:
//! builtin = "fr_liveness"
//!
//! [[anti_spoof]]            # one input [1, 3, height, width], one output [1, classes]
//! path = "pad.onnx"
//! sha256 = "64 hex digits"
//! width = 80
//! height = 80
//! channels = "bgr"
//! mean = [0, 0, 0]
//! std = [1, 1, 1]
//! crop_scale = 2.7          # size of the crop in sizes of the face box
//! crop = "clamped"          # inside the frame, stretched; or "reflected": a square, reflected outside it
//! resample = "linear"       # or "area": area average when shrinking, cubic when enlarging
//! most_face_share = 0.7     # the model abstains on faces wider than this share of the frame's shorter side
//! live_class = 1            # index of the bona fide class
//! output = "logits"         # or "probabilities"
//! ```
//!
//! `crop`, `resample` and `most_face_share` are optional. The defaults are "clamped", "linear", and a model
//! that never abstains.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::ModelsError;
use crate::hash;
use crate::network::{
    AntiSpoofModel, AntiSpoofSettings, ChannelOrder, ClassOutput, CropRule, EmbedderModel,
    InputSpec, ModelFile, Resample,
};

/// Name by which a list of anti-spoof models keeps the shipped one.
const BUILTIN: &str = "fr_liveness";
/// Largest side of an input, pixels. No face model has larger ones; a typing error could otherwise fill the
/// memory.
const MAX_SIDE: u32 = 1024;

/// A configuration for writing; [`Document`] is the one for reading.
#[derive(Serialize)]
struct Written<'a> {
    anti_spoof: Vec<WrittenEntry<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenEntry<'a> {
    Builtin {
        builtin: &'a str,
    },
    File {
        path: &'a str,
        sha256: &'a str,
        #[serde(flatten)]
        settings: &'a AntiSpoofSettings,
    },
}

/// The text of a configuration with the shipped anti-spoof model and these models: path, sha256 and
/// settings of each.
///
/// # Errors
/// The serializer's error if a value has no form in TOML. None of these types has such values.
pub fn write_beside_builtin<'a>(
    models: impl Iterator<Item = (&'a str, &'a str, &'a AntiSpoofSettings)>,
) -> Result<String, toml::ser::Error> {
    let files = models.map(|(path, sha256, settings)| WrittenEntry::File {
        path,
        sha256,
        settings,
    });
    let builtin = WrittenEntry::Builtin { builtin: BUILTIN };
    toml::to_string(&Written {
        anti_spoof: std::iter::once(builtin).chain(files).collect(),
    })
}

/// The models that the operator replaces. Every file was checked.
#[derive(Debug, Default)]
pub(crate) struct ModelConfig {
    pub detector: Option<ModelFile>,
    pub landmarks: Option<ModelFile>,
    pub blendshapes: Option<ModelFile>,
    pub embedder: Option<EmbedderModel>,
    /// `None` within the list is the shipped model.
    pub anti_spoof: Option<Vec<Option<AntiSpoofModel>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    detector: Option<FileEntry>,
    landmarks: Option<FileEntry>,
    blendshapes: Option<FileEntry>,
    embedder: Option<EmbedderEntry>,
    anti_spoof: Option<Vec<AntiSpoofEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    path: PathBuf,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbedderEntry {
    path: PathBuf,
    sha256: String,
    width: u32,
    height: u32,
    channels: ChannelOrder,
    mean: [f32; 3],
    std: [f32; 3],
}

/// One `[[anti_spoof]]` table: either `builtin` alone, or all other fields.
///
/// The code checks this itself, because serde's message for either case would not name the field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AntiSpoofEntry {
    builtin: Option<String>,
    path: Option<PathBuf>,
    sha256: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    channels: Option<ChannelOrder>,
    mean: Option<[f32; 3]>,
    std: Option<[f32; 3]>,
    crop: Option<CropRule>,
    crop_scale: Option<f32>,
    resample: Option<Resample>,
    most_face_share: Option<f32>,
    live_class: Option<usize>,
    output: Option<ClassOutput>,
}

/// Reads the configuration at `path` and checks every file that it names.
pub(crate) fn read(path: &Path) -> Result<ModelConfig, ModelsError> {
    let problem = |problem: String| ModelsError::Config {
        path: path.to_owned(),
        problem,
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        problem(format!(
            "cannot be read ({error}): correct LIVEGATE_MODEL_CONFIG"
        ))
    })?;
    let document: Document = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        problem(format!("line {line}: {}", error.message()))
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    resolve(document, folder).map_err(problem)
}

fn resolve(document: Document, folder: &Path) -> Result<ModelConfig, String> {
    let plain = |role: &str, entry: Option<FileEntry>| {
        entry
            .map(|entry| file(folder, &entry.path, &entry.sha256).map_err(in_table(role)))
            .transpose()
    };
    let anti_spoof = match document.anti_spoof {
        Some(entries) if entries.is_empty() => {
            return Err("anti_spoof is empty: give at least one model, or leave it out".to_owned());
        }
        Some(entries) => Some(
            (1..)
                .zip(entries)
                .map(|(number, entry)| {
                    anti_spoof(folder, entry).map_err(in_table(&format!("anti_spoof {number}")))
                })
                .collect::<Result<_, _>>()?,
        ),
        None => None,
    };
    Ok(ModelConfig {
        detector: plain("detector", document.detector)?,
        landmarks: plain("landmarks", document.landmarks)?,
        blendshapes: plain("blendshapes", document.blendshapes)?,
        embedder: document
            .embedder
            .map(|entry| embedder(folder, entry).map_err(in_table("embedder")))
            .transpose()?,
        anti_spoof,
    })
}

fn in_table(table: &str) -> impl Fn(String) -> String {
    let table = table.to_owned();
    move |problem| format!("{table}: {problem}")
}

fn embedder(folder: &Path, entry: EmbedderEntry) -> Result<EmbedderModel, String> {
    Ok(EmbedderModel {
        input: input(InputSpec {
            width: entry.width,
            height: entry.height,
            channels: entry.channels,
            mean: entry.mean,
            std: entry.std,
        })?,
        file: file(folder, &entry.path, &entry.sha256)?,
    })
}

fn anti_spoof(folder: &Path, entry: AntiSpoofEntry) -> Result<Option<AntiSpoofModel>, String> {
    fn need<T>(field: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("missing field `{field}`"))
    }
    if let Some(name) = &entry.builtin {
        let alone = entry.path.is_none()
            && entry.sha256.is_none()
            && entry.width.is_none()
            && entry.height.is_none()
            && entry.channels.is_none()
            && entry.mean.is_none()
            && entry.std.is_none()
            && entry.crop.is_none()
            && entry.crop_scale.is_none()
            && entry.resample.is_none()
            && entry.most_face_share.is_none()
            && entry.live_class.is_none()
            && entry.output.is_none();
        return if name != BUILTIN {
            Err(format!(
                "there is no builtin model `{name}`: the shipped one is `{BUILTIN}`"
            ))
        } else if !alone {
            Err("`builtin` takes no other fields: its settings are shipped".to_owned())
        } else {
            Ok(None)
        };
    }
    let path = need("path", entry.path)?;
    let sha256 = need("sha256", entry.sha256)?;
    let crop_scale = need("crop_scale", entry.crop_scale)?;
    if !(1.0..=10.0).contains(&crop_scale) {
        return Err(format!("crop_scale {crop_scale} is not in 1..10"));
    }
    if let Some(share) = entry.most_face_share
        && !(share > 0.0 && share <= 1.0)
    {
        return Err(format!("most_face_share {share} is not in 0..1"));
    }
    Ok(Some(AntiSpoofModel {
        input: input(InputSpec {
            width: need("width", entry.width)?,
            height: need("height", entry.height)?,
            channels: need("channels", entry.channels)?,
            mean: need("mean", entry.mean)?,
            std: need("std", entry.std)?,
        })?,
        crop: entry.crop.unwrap_or_default(),
        crop_scale,
        resample: entry.resample.unwrap_or_default(),
        most_face_share: entry.most_face_share,
        live_class: need("live_class", entry.live_class)?,
        output: need("output", entry.output)?,
        file: file(folder, &path, &sha256)?,
    }))
}

fn input(spec: InputSpec) -> Result<InputSpec, String> {
    for (field, side) in [("width", spec.width), ("height", spec.height)] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(format!("{field} {side} is not in 1..{MAX_SIDE}"));
        }
    }
    if spec.mean.iter().any(|value| !value.is_finite()) {
        return Err("mean must be three finite numbers".to_owned());
    }
    if spec
        .std
        .iter()
        .any(|value| !value.is_finite() || *value <= 0.0)
    {
        return Err("std must be three positive numbers".to_owned());
    }
    Ok(spec)
}

fn file(folder: &Path, path: &Path, sha256: &str) -> Result<ModelFile, String> {
    let expected = sha256.to_ascii_lowercase();
    if expected.len() != 64 || !expected.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("sha256 must be 64 hex digits: see `sha256sum FILE`".to_owned());
    }
    let path = folder.join(path);
    let found = hash::of_file(&path).map_err(|error| {
        format!(
            "{} cannot be read ({error}): correct `path`",
            path.display()
        )
    })?;
    if found != expected {
        return Err(format!(
            "{} has sha256 {found}, not the configured one: use the right file, or correct `sha256`",
            path.display()
        ));
    }
    Ok(ModelFile {
        name: name_of(&path),
        path,
        sha256: found,
    })
}

/// A file's name without its folder and extension.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}
