//! The calls of the README and of `docs/interactive.md`, run as they stand but for host, port and files.

use std::fs;
use std::time::Duration;

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::base64;
use livegate_tests::fleet::binary;
use livegate_tests::media::root;
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::camera::capture;
use super::passages::{Document, replaced};
use super::tools::{base_url, run, system};

/// What the call for the body of a verify begins with.
const PAYLOAD: &str = "target/release/livegate-lab payload ";

/// The calls of a document beside a running API.
struct Calls<const N: usize> {
    commands: [String; N],
    app: App,
    folder: TempDir,
}

impl<const N: usize> Calls<N> {
    /// The calls of the document at `path` that begin with these, in their order.
    async fn start(path: &str, beginnings: &[&str]) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let document = Document::new(path, text);
        let commands = beginnings.iter().flat_map(|start| document.commands(start));
        let commands: Vec<String> = commands.collect();
        let commands = commands.try_into().unwrap_or_else(|calls: Vec<String>| {
            panic!("{path} has changed: run all of its calls here: {calls:#?}")
        });
        Self {
            commands,
            app: spawn_app().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the call at `position`, with these variables and each `(from, to)` replaced, and gives the JSON that
    /// it prints.
    async fn run(
        &self,
        position: usize,
        variables: &[(&str, &str)],
        changes: &[(&str, &str)],
    ) -> Value {
        let command = &self.commands[position];
        let mut command = replaced(command, "http://127.0.0.1:8000", &base_url(&self.app));
        for (from, to) in changes {
            command = replaced(&command, from, to);
        }
        let mut shell = system("sh");
        shell
            .args(["-c", &command])
            .current_dir(self.folder.path())
            .env("KEY", &self.app.key.secret)
            .envs(variables.iter().copied());
        let printed = run(shell, Duration::from_secs(60)).await;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Puts a file where the calls run.
    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_calls_reach_a_verdict_on_what_was_shown() {
    let calls = Calls::<2>::start("README.md", &["curl ", PAYLOAD]).await;
    let session = calls.run(0, &[], &[]).await;
    fs::create_dir(calls.folder.path().join("capture")).unwrap();
    let frames = capture(&session["challenge"], |_| {}).0;
    for (index, (phase, picture)) in frames.into_iter().enumerate() {
        calls.put(&format!("capture/{index:02}_{phase}.png"), picture);
    }
    let lab = binary("livegate-lab").display().to_string();
    let verdict = calls
        .run(
            1,
            &[("SESSION", session["session_id"].as_str().unwrap())],
            &[
                ("clip.mp4", "capture"),
                ("target/release/livegate-lab", lab.as_str()),
            ],
        )
        .await;
    // Not `verified`: pictures in a folder have no times of their own, and the times that they are given may be longer
    // than this session has existed, which no capture may be.
    assert!(verdict["verified"].is_boolean(), "{verdict}");
    assert_eq!(verdict["challenge_passed"], true, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_on_interactive_sessions_guide_somebody_live() {
    let calls = Calls::<3>::start("docs/interactive.md", &["curl "]).await;
    let session = calls.run(0, &[], &[]).await;
    let [id, token] = ["session_id", "client_token"].map(|f| session[f].as_str().unwrap());
    let mut answer = Value::Null;
    for challenge in session["challenges"].as_array().unwrap() {
        for scene in Scene::doing(challenge["type"].as_str().unwrap()) {
            calls.put("frame.jpg", png(&scene));
            answer = calls.run(1, &[("ID", id), ("TOKEN", token)], &[]).await;
        }
    }
    assert_eq!(answer["is_live"], true, "{answer}");
    let portrait = json!({ "reference_image_b64": base64(&png(&Scene::default())) });
    calls.put("reference.json", portrait.to_string());
    let with_reference = calls.run(2, &[], &[]).await;
    assert_eq!(with_reference["state"], "pending", "{with_reference}");
}
