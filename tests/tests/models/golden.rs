//! The prepared models compute what the original files compute in other engines.
//!
//! The references in `golden/*.json` were written by `golden/reference.py`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use livegate_models::manifest::Manifest;
use livegate_models::{ClassOutput, ModelFile, ModelSet, hash};
use livegate_prepare::convert;
use livegate_tests::media::{self, optional_weights};
use ndarray::{Array, Array3, ArrayD, Axis, IxDyn, s};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use serde::Deserialize;

/// Largest difference, as a share of the reference's scale: pixels for landmarks, else units of the
/// network's outputs.
const TOLERANCE: f32 = 1e-3;

#[derive(Deserialize)]
struct Reference {
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    name: String,
    shape: Vec<usize>,
    /// Every `step`-th value is kept.
    step: usize,
    values: Vec<f32>,
}

fn models() -> ModelSet {
    ModelSet::load(&media::models(), None).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a model with one thread, as the worker does.
fn run(models: &ModelSet, file: &ModelFile, input: &ArrayD<f32>) -> BTreeMap<String, ArrayD<f32>> {
    // A process has one environment, and a test runner may run all tests in one process.
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    let environment =
        ENVIRONMENT.get_or_init(|| ort::init_from(&models.runtime).unwrap().build().unwrap());
    let mut session = Session::builder(environment)
        .unwrap()
        .with_intra_threads(1)
        .unwrap()
        .commit_from_file(&file.path)
        .unwrap();
    let outputs = session
        .run(ort::inputs![TensorRef::from_array_view(input).unwrap()])
        .unwrap();
    outputs
        .iter()
        .map(|(name, value)| {
            let array = value.try_extract_array::<f32>().unwrap().to_owned();
            (name.to_owned(), array)
        })
        .collect()
}

/// Compares a model's outputs with its reference and returns the outputs.
fn assert_golden(file: &ModelFile, input: &ArrayD<f32>) -> BTreeMap<String, ArrayD<f32>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/models/golden")
        .join(format!("{}.json", file.name));
    let reference: Reference =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let outputs = run(&models(), file, input);
    assert_eq!(outputs.len(), reference.outputs.len());
    for expected in &reference.outputs {
        let name = &expected.name;
        let found = &outputs[name];
        assert_eq!(found.shape(), expected.shape, "{name}");
        let kept: Vec<f32> = found.iter().step_by(expected.step).copied().collect();
        assert_eq!(kept.len(), expected.values.len(), "{name}");
        for (i, (found, expected)) in kept.iter().zip(&expected.values).enumerate() {
            assert!(
                (found - expected).abs() <= TOLERANCE,
                "{name}, kept value {i}: {found} where the reference has {expected}"
            );
        }
    }
    outputs
}

/// A face drawn with smooth functions, RGB 0..1, `[3, height, width]`. `golden/reference.py` draws the same
/// face.
fn drawn_face(height: usize, width: usize) -> Array3<f64> {
    const TONES: [[f64; 3]; 3] = [[0.25, 0.85, 0.10], [0.30, 0.65, 0.30], [0.35, 0.52, 0.28]];
    Array::from_shape_fn((3, height, width), |(channel, y, x)| {
        let u = (x as f64 + 0.5) / width as f64;
        let v = (y as f64 + 0.5) / height as f64;
        let spot = |cx: f64, cy: f64, sx: f64, sy: f64| {
            (-((u - cx) / sx).powi(2) - ((v - cy) / sy).powi(2)).exp()
        };
        let radius = (((u - 0.5) / 0.30).powi(2) + ((v - 0.5) / 0.40).powi(2)).sqrt();
        let skin = 1.0 / (1.0 + (-40.0 * (1.0 - radius)).exp());
        let [background, tone, lips] = TONES[channel];
        let mut value = background + (tone - background) * skin;
        for eye in [0.38, 0.62] {
            value -= 0.35 * spot(eye, 0.33, 0.07, 0.018);
            value += 0.25 * spot(eye, 0.42, 0.055, 0.022);
            value -= 0.65 * spot(eye, 0.42, 0.022, 0.024);
        }
        value += 0.08 * spot(0.5, 0.48, 0.02, 0.1) - 0.18 * spot(0.5, 0.57, 0.06, 0.02);
        value -= lips * spot(0.5, 0.70, 0.10, 0.025) + 0.25 * spot(0.5, 0.70, 0.09, 0.006);
        value.clamp(0.0, 1.0)
    })
}

/// A batch of one image, as floats.
fn batch(image: Array3<f64>) -> ArrayD<f32> {
    let image = image.as_standard_layout().mapv(|v| v as f32);
    image.insert_axis(Axis(0)).into_dyn()
}

fn bgr(image: &Array3<f64>) -> Array3<f64> {
    image.slice(s![..;-1, .., ..]).mapv(|v| v * 255.0)
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_detector_agrees_with_the_original_at_another_size() {
    let outputs = assert_golden(&models().detector, &batch(bgr(&drawn_face(192, 160))));
    let best = outputs["cls_32"].iter().zip(&outputs["obj_32"]);
    let best = best.map(|(c, o)| (c * o).sqrt()).fold(0.0, f32::max);
    assert!(best > 0.8, "the drawn face scores {best}");
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_landmarks_agree_with_the_original() {
    let outputs = assert_golden(&models().landmarks, &batch(drawn_face(256, 256)));
    assert!(outputs["presence"][[0, 0]] > 0.0);
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_blendshapes_agree_with_the_original() {
    let points = Array::from_shape_fn(IxDyn(&[1, 146, 2]), |index| {
        let i = index[1] as f64;
        let (radius, angle) = (100.0 * (i / 146.0).sqrt(), 2.4 * i);
        let point = [200.0 + radius * angle.cos(), 150.0 + radius * angle.sin()];
        point[index[2]] as f32
    });
    assert_golden(&models().blendshapes, &points);
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_anti_spoof_model_agrees_with_the_original() {
    let model = &models().anti_spoof[0];
    let outputs = assert_golden(&model.file, &batch(bgr(&drawn_face(128, 128))));
    let sum = outputs["output"].sum();
    assert_eq!(model.output, ClassOutput::Logits);
    assert!((sum - 1.0).abs() > 1e-3, "these look like probabilities");
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_embedder_agrees_with_the_original() {
    let image = drawn_face(112, 112).mapv(|v| (v * 255.0 - 127.5) / 128.0);
    assert_golden(&models().embedder.file, &batch(image));
}

/// The same drawn face, and pictures of smooth random colours, in a model's input range.
fn pictures(side: usize, scale: f64) -> Vec<ArrayD<f32>> {
    let waves = (0..6_u8).map(|k| {
        let k = f64::from(k);
        let image = Array::from_shape_fn((3, side, side), |(channel, y, x)| {
            let (x, y) = (x as f64 / side as f64, y as f64 / side as f64);
            let phase = channel as f64 * (1.0 + k);
            0.5 + 0.3 * (7.0 * (k + 1.0) * x + phase).sin() * (5.0 * (k + 1.0) * y - phase).cos()
        });
        batch(image.mapv(|v| v * scale))
    });
    let face = batch(drawn_face(side, side).mapv(|v| v * scale));
    std::iter::once(face).chain(waves).collect()
}

#[test]
#[cfg_attr(
    not(has_optional_weights),
    ignore = "needs the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
fn optional_models_compute_what_the_published_files_compute() {
    let folder = optional_weights();
    let models = models();
    let temp = tempfile::tempdir().unwrap();
    for model in &Manifest::shipped().optional {
        let path = folder.join(&model.name);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(hash::of_bytes(&bytes), model.sha256, "{}", model.name);
        let prepared = temp.path().join(&model.name);
        std::fs::write(&prepared, convert::prepare(model.recipe, &bytes).unwrap()).unwrap();
        let file = |path: &Path| ModelFile {
            name: model.name.clone(),
            path: path.to_owned(),
            sha256: hash::of_file(path).unwrap(),
        };
        assert_eq!(
            file(&prepared).sha256,
            model.output_sha256,
            "{}",
            model.name
        );
        let scale = 255.0 / f64::from(model.settings.std[0]);
        for input in pictures(model.settings.width as usize, scale) {
            let (before, after) = (
                run(&models, &file(&path), &input),
                run(&models, &file(&prepared), &input),
            );
            assert_eq!(before.len(), 1);
            for (name, expected) in before {
                let pairs = after[&name].iter().zip(&expected);
                let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst <= 1e-4, "{}: {worst}", model.name);
                assert!(expected.len() > model.settings.live_class);
            }
        }
    }
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_canonical_face_is_a_face_looking_at_the_viewer() {
    let face = models().canonical_face;
    assert_eq!(face.vertices.len(), 468);
    assert_eq!(face.weights.len(), 33);
    // Landmark 1 is the tip of the nose, 10 the top of the forehead, 152 the chin; 33 and 263 are the outer
    // corners of the eyes.
    let [nose, top, chin, left, right] = [1, 10, 152, 33, 263].map(|i| face.vertices[i]);
    assert!(nose[2] > face.vertices[33][2]);
    assert!(top[1] > chin[1]);
    assert!(left[0] < 0.0 && (left[0] + right[0]).abs() < 1e-3);
}
