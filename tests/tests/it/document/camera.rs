//! The integrator's camera: pictures for whatever challenge a session has.

use std::fs;
use std::path::{Path, PathBuf};

use livegate_tests::client::{Capture, base64};
use livegate_tests::scripted::{CHALLENGES, Scene, png};
use serde_json::{Map, Value, json};

/// Every phase that a frame can belong to.
const PHASES: [&str; 6] = [
    "center",
    "turn_left",
    "turn_right",
    "turn_up",
    "turn_down",
    "blink",
];

/// What somebody live shows in the frames of a phase: as many as the document asks for.
fn scenes(phase: &str) -> [Scene; 2] {
    let tilted = |pitch| Scene {
        pitch,
        ..Scene::default()
    };
    match phase {
        "center" => [Scene::default(), Scene::turned(1.0)],
        "turn_left" => [Scene::turned(-20.0), Scene::turned(-30.0)],
        "turn_right" => [Scene::turned(20.0), Scene::turned(30.0)],
        "turn_up" => [tilted(-15.0), tilted(-25.0)],
        "turn_down" => [tilted(15.0), tilted(25.0)],
        "blink" => [Scene::eyes_closed(), Scene::default()],
        other => panic!("no scenes for {other}"),
    }
}

/// The frames of somebody live for `challenge`; `change` may change each picture.
pub fn capture(challenge: &Value, change: impl Fn(&mut Scene)) -> Capture {
    let actions = challenge.as_array().unwrap().iter();
    let phases = ["center"]
        .into_iter()
        .chain(actions.map(|action| action.as_str().unwrap()));
    Capture::of(phases.flat_map(|phase| {
        let change = &change;
        scenes(phase).map(|mut scene| {
            change(&mut scene);
            (phase, scene)
        })
    }))
}

/// Writes the pictures of each phase, and of each challenge of the interactive API, into a file, from
/// which `camera.py` and `camera.mjs` of the tools take frames.
pub fn save_pictures(folder: &Path) -> PathBuf {
    let phases = PHASES.map(|phase| (phase, scenes(phase).to_vec()));
    let challenges = CHALLENGES.map(|challenge| (challenge, Scene::doing(challenge)));
    let pictures: Map<String, Value> = phases
        .into_iter()
        .chain(challenges)
        .map(|(name, scenes)| {
            let pictures: Vec<String> = scenes.iter().map(|s| base64(&png(s))).collect();
            (name.to_owned(), json!(pictures))
        })
        .collect();
    let path = folder.join("pictures.json");
    fs::write(&path, Value::from(pictures).to_string()).unwrap();
    path
}
