//! Tests of the models that a worker gets: from the cache, and from the operator's configuration.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use livegate_models::{
    ChannelOrder, ClassOutput, CropRule, ModelSet, ModelsError, Resample, assets, hash,
};
use tempfile::TempDir;

const OWN: &[u8] = b"the operator's model";

fn cache() -> PathBuf {
    std::env::var_os("LIVEGATE_MODELS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("cache"),
        PathBuf::from,
    )
}

/// A folder with `own.onnx` and a configuration. `SHA` in the text stands for the sha256 of `own.onnx`.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.onnx"), OWN).unwrap();
    let text = text.replace("SHA", &hash::of_bytes(OWN));
    fs::write(folder.path().join("models.toml"), text).unwrap();
    folder
}

fn load(text: &str) -> Result<ModelSet, ModelsError> {
    ModelSet::load(&cache(), Some(&folder(text).path().join("models.toml")))
}

const ANTI_SPOOF: &str = r#"
[[anti_spoof]]
path = "own.onnx"
sha256 = "SHA"
width = 80
height = 64
channels = "bgr"
mean = [0, 1.5, 0]
std = [1, 2, 1]
crop_scale = 2.7
live_class = 1
output = "probabilities"
"#;

#[test]
fn without_configuration_the_shipped_models_are_used() {
    let models = ModelSet::load(&cache(), None).unwrap();
    assert!(models.is_default());
    let names: Vec<_> = models
        .anti_spoof
        .iter()
        .map(|m| m.file.name.as_str())
        .collect();
    assert_eq!(names, ["fr_liveness"]);
    assert!(models.runtime.is_file());
}

#[test]
fn an_empty_configuration_changes_nothing() {
    assert!(load("").unwrap().is_default());
    assert!(
        load("[[anti_spoof]]\nbuiltin = \"fr_liveness\"")
            .unwrap()
            .is_default()
    );
}

#[test]
fn models_can_be_added_beside_the_shipped_one() {
    let models = load(&format!(
        "[[anti_spoof]]\nbuiltin = \"fr_liveness\"\n{ANTI_SPOOF}"
    ))
    .unwrap();
    assert!(!models.is_default());
    let [shipped, own] = models.anti_spoof.as_slice() else {
        panic!("{:?}", models.anti_spoof);
    };
    assert_eq!(
        (shipped.file.name.as_str(), shipped.live_class),
        ("fr_liveness", 0)
    );
    assert_eq!((own.file.name.as_str(), own.live_class), ("own", 1));
    assert_eq!((own.input.width, own.input.height), (80, 64));
    assert_eq!(own.input.channels, ChannelOrder::Bgr);
    assert_eq!(
        (own.input.mean, own.input.std),
        ([0.0, 1.5, 0.0], [1.0, 2.0, 1.0])
    );
    assert_eq!(own.output, ClassOutput::Probabilities);
    assert_eq!(own.file.sha256, hash::of_bytes(OWN));
}

#[test]
fn crop_resampling_and_abstention_have_defaults_and_can_be_given() {
    let own = |text: &str| load(text).unwrap().anti_spoof.remove(0);
    let plain = own(ANTI_SPOOF);
    assert_eq!(
        (plain.crop, plain.resample, plain.most_face_share),
        (CropRule::Clamped, Resample::Linear, None)
    );
    let given = own(&format!(
        "{ANTI_SPOOF}crop = \"reflected\"\nresample = \"area\"\nmost_face_share = 0.7\n"
    ));
    assert_eq!(
        (given.crop, given.resample, given.most_face_share),
        (CropRule::Reflected, Resample::Area, Some(0.7))
    );
}

#[test]
fn every_role_can_be_replaced() {
    for role in ["detector", "landmarks", "blendshapes"] {
        let text = format!("[{role}]\npath = \"own.onnx\"\nsha256 = \"SHA\"");
        let models = load(&text).unwrap();
        assert!(!models.is_default());
        let file = match role {
            "detector" => models.detector,
            "landmarks" => models.landmarks,
            _ => models.blendshapes,
        };
        assert_eq!(file.name, "own", "{role}");
    }
    let models = load(
        "[embedder]\npath = \"own.onnx\"\nsha256 = \"SHA\"\nwidth = 112\nheight = 112\nchannels = \"rgb\"\n\
         mean = [127.5, 127.5, 127.5]\nstd = [127.5, 127.5, 127.5]",
    )
    .unwrap();
    assert!(!models.is_default());
    assert_eq!(models.embedder.file.name, "own");
}

#[test]
fn errors_name_the_place_and_the_problem() {
    let without = |field: &str| -> String {
        let lines = ANTI_SPOOF.lines().filter(|line| !line.starts_with(field));
        lines.collect::<Vec<_>>().join("\n")
    };
    let with = |from: &str, to: &str| ANTI_SPOOF.replace(from, to);
    for (text, expected) in [
        (
            "[detector]\npath = \"own.onnx\"".to_owned(),
            "line 1: missing field `sha256`",
        ),
        ("\n\n[detector".to_owned(), "line 3"),
        ("[detecter]".to_owned(), "unknown field `detecter`"),
        (format!("{ANTI_SPOOF}\nscale = 3"), "unknown field `scale`"),
        (without("sha256"), "anti_spoof 1: missing field `sha256`"),
        (
            without("live_class"),
            "anti_spoof 1: missing field `live_class`",
        ),
        (without("std"), "anti_spoof 1: missing field `std`"),
        (with("\"SHA\"", "\"12ab\""), "sha256 must be 64 hex digits"),
        (with("SHA", &"0".repeat(64)), "not the configured one"),
        (with("own.onnx", "other.onnx"), "other.onnx cannot be read"),
        (with("width = 80", "width = 0"), "width 0 is not in 1..1024"),
        (
            with("[1, 2, 1]", "[1, 0, 1]"),
            "std must be three positive numbers",
        ),
        (with("[1, 2, 1]", "[1, 2]"), "line 9: invalid length 2"),
        (
            with("0, 1.5, 0", "0, nan, 0"),
            "mean must be three finite numbers",
        ),
        (with("2.7", "0.5"), "crop_scale 0.5 is not in 1..10"),
        (with("\"bgr\"", "\"gray\""), "unknown variant `gray`"),
        (
            format!("{ANTI_SPOOF}\nmost_face_share = 1.5"),
            "most_face_share 1.5 is not in 0..1",
        ),
        (
            format!("{ANTI_SPOOF}\ncrop = \"square\""),
            "unknown variant `square`",
        ),
        (
            "[[anti_spoof]]\nbuiltin = \"fr_liveness\"\nresample = \"area\"".to_owned(),
            "`builtin` takes no other fields",
        ),
        ("anti_spoof = []".to_owned(), "anti_spoof is empty"),
        (
            "[[anti_spoof]]\nbuiltin = \"fr_live\"".to_owned(),
            "no builtin model `fr_live`",
        ),
        (
            "[[anti_spoof]]\nbuiltin = \"fr_liveness\"\nlive_class = 1".to_owned(),
            "`builtin` takes no other fields",
        ),
    ] {
        let message = load(&text).unwrap_err().to_string();
        assert!(message.contains("models.toml: "), "{message}");
        assert!(
            message.contains(expected),
            "{message}\ndoes not say: {expected}"
        );
    }
}

#[test]
fn a_missing_configuration_is_an_error() {
    let error = ModelSet::load(&cache(), Some(Path::new("/nonexistent.toml"))).unwrap_err();
    assert!(
        error.to_string().contains("correct LIVEGATE_MODEL_CONFIG"),
        "{error}"
    );
}

#[test]
fn models_that_were_not_fetched_are_an_error_that_says_how() {
    let empty = tempfile::tempdir().unwrap();
    let error = ModelSet::load(empty.path(), None).unwrap_err();
    assert!(matches!(error, ModelsError::Missing { .. }), "{error}");
    let text = error.to_string();
    for part in ["run `make build` to obtain the models", "LIVEGATE_MODELS"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(assets::astronaut(empty.path()), None);
}

#[test]
fn an_altered_model_is_never_used() {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(cache()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let detector = ModelSet::load(copy.path(), None).unwrap().detector.path;
    let mut bytes = fs::read(&detector).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&detector, bytes).unwrap();
    let error = ModelSet::load(copy.path(), None).unwrap_err();
    assert!(matches!(error, ModelsError::Altered { .. }), "{error}");
    assert!(error.to_string().contains("make build"), "{error}");
}
