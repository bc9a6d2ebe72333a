//! Optional models: only the pinned bytes reach the cache, from any source and whatever a server does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod download;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use livegate_models::AntiSpoofSettings;
use livegate_models::manifest::Recipe;
use livegate_models::manifest::{Manifest, OptionalModel, PublicFile};
use livegate_models::{ChannelOrder, ClassOutput, CropRule, ModelSet, Resample, hash};
use livegate_prepare::optional::{self, Outcome, Supply, Unavailable};
use tempfile::TempDir;

const CONTENT: &[u8] = b"a network";

fn model(name: &str, address: bool) -> OptionalModel {
    OptionalModel {
        name: name.to_owned(),
        sha256: hash::of_bytes(CONTENT),
        licence: "Apache-2.0".to_owned(),
        origin: "owner/name: a network".to_owned(),
        note: "Whether the licence covers the weights is open.".to_owned(),
        recipe: Recipe::Copy,
        output_sha256: hash::of_bytes(CONTENT),
        address: address.then(|| PublicFile {
            repository: "owner/name".to_owned(),
            commit: "c0ffee".to_owned(),
            path: "best/model.onnx".to_owned(),
        }),
        settings: AntiSpoofSettings {
            width: 80,
            height: 80,
            channels: ChannelOrder::Bgr,
            mean: [0.0; 3],
            std: [1.0; 3],
            crop: CropRule::Reflected,
            crop_scale: 2.7,
            resample: Resample::Area,
            most_face_share: Some(0.7),
            live_class: 1,
            output: ClassOutput::Logits,
        },
    }
}

/// `a.onnx` is published, `b.onnx` is not; the best set has both.
fn manifest() -> Manifest {
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Manifest {
        archives: Vec::new(),
        optional: vec![model("a.onnx", true), model("b.onnx", false)],
        optional_sets: vec![set(&["b.onnx", "a.onnx"]), set(&["a.onnx"])],
    }
}

fn run(dir: &TempDir, supply: &Supply) -> Outcome {
    let mut log = Vec::new();
    optional::fetch(dir.path(), &manifest(), supply, &Arc::default(), &mut log).unwrap()
}

/// A folder that has these files.
fn mirror(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), CONTENT).unwrap();
    }
    folder
}

#[test]
fn a_prepared_file_other_than_the_pinned_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = mirror(&["a.onnx"]);
    let mut manifest = manifest();
    manifest.optional[0].output_sha256 = hash::of_bytes(b"something else");
    let supply = Supply::Mirror(mirror.path().to_owned());
    let outcome = optional::fetch(
        dir.path(),
        &manifest,
        &supply,
        &Arc::default(),
        &mut Vec::new(),
    )
    .unwrap();
    assert!(matches!(outcome.absent[0].1, Unavailable::WrongHash { .. }));
    assert!(!dir.path().join("a.onnx").exists());
}

#[test]
fn the_best_complete_set_of_a_mirror_is_used() {
    for (names, expected) in [
        (&["a.onnx", "b.onnx"][..], &["b.onnx", "a.onnx"][..]),
        (&["a.onnx"], &["a.onnx"]),
        (&["b.onnx"], &[]),
        (&[], &[]),
    ] {
        let (dir, mirror) = (tempfile::tempdir().unwrap(), mirror(names));
        let outcome = run(&dir, &Supply::Mirror(mirror.path().to_owned()));
        assert_eq!(outcome.used, expected, "{names:?}");
        assert_eq!(outcome.new, names);
        let config = dir.path().join(optional::CONFIG_FILE);
        assert_eq!(config.exists(), !expected.is_empty());
    }
}

#[test]
fn a_configuration_whose_models_are_gone_is_removed() {
    let (dir, full, empty) = (
        tempfile::tempdir().unwrap(),
        mirror(&["a.onnx"]),
        mirror(&[]),
    );
    assert!(
        run(&dir, &Supply::Mirror(full.path().to_owned()))
            .config
            .is_some()
    );
    fs::write(dir.path().join("a.onnx"), b"tampered").unwrap();
    let outcome = run(&dir, &Supply::Mirror(empty.path().to_owned()));
    assert!(outcome.config.is_none() && !dir.path().join(optional::CONFIG_FILE).exists());
}

#[test]
fn licence_and_origin_are_told_each_time() {
    let (dir, mirror) = (tempfile::tempdir().unwrap(), mirror(&["a.onnx"]));
    let supply = Supply::Mirror(mirror.path().to_owned());
    for _ in 0..2 {
        let mut log = Vec::new();
        optional::fetch(dir.path(), &manifest(), &supply, &Arc::default(), &mut log).unwrap();
        let log = String::from_utf8(log).unwrap();
        for part in ["a.onnx", "Apache-2.0", "owner/name", "is open"] {
            assert!(log.contains(part), "{log}");
        }
    }
}

fn cache() -> PathBuf {
    std::env::var_os("LIVEGATE_MODELS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../cache"),
        PathBuf::from,
    )
}

#[test]
fn the_written_configuration_says_what_the_manifest_says() {
    let (dir, mirror) = (tempfile::tempdir().unwrap(), mirror(&["a.onnx", "b.onnx"]));
    let config = run(&dir, &Supply::Mirror(mirror.path().to_owned()))
        .config
        .unwrap();
    let models = ModelSet::load(&cache(), Some(&config)).unwrap().anti_spoof;
    let names: Vec<_> = models.iter().map(|m| m.file.name.as_str()).collect();
    assert_eq!(names, ["fr_liveness", "b", "a"]);
    let (found, settings) = (&models[2], &manifest().optional[0].settings);
    assert_eq!(
        (found.crop, found.crop_scale),
        (settings.crop, settings.crop_scale)
    );
    assert_eq!(found.resample, settings.resample);
    assert_eq!(found.most_face_share, settings.most_face_share);
    assert_eq!(
        (found.live_class, found.output),
        (settings.live_class, settings.output)
    );
    assert_eq!(
        (found.input.width, found.input.channels),
        (settings.width, settings.channels)
    );
}
