//! The README's own calls, run as they stand but for host and port.

use std::fs;
use std::time::Duration;

use livegate_tests::app::{App, spawn_app};
use livegate_tests::media::root;
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::camera::capture;
use super::passages::{Document, replaced};
use super::tools::{base_url, run, system};

/// The README's calls beside a running API.
struct Calls {
    commands: [String; 4],
    app: App,
    folder: TempDir,
}

impl Calls {
    async fn start() -> Self {
        let text = fs::read_to_string(root().join("README.md")).unwrap();
        let commands = Document::new("README.md", text).commands("curl ");
        let commands = commands.try_into().unwrap_or_else(|calls| {
            panic!("README.md has changed: run all of its calls here: {calls:#?}")
        });
        Self {
            commands,
            app: spawn_app().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the call at `position`, with these variables, and gives the JSON that it prints.
    async fn run(&self, position: usize, variables: &[(&str, &str)]) -> Value {
        let mut shell = system("sh");
        let command = &self.commands[position];
        let command = replaced(command, "http://127.0.0.1:8000", &base_url(&self.app));
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
async fn the_readmes_calls_verify_somebody_live() {
    let calls = Calls::start().await;
    let session = calls.run(0, &[]).await;
    let payload = json!({
        "session_id": session["session_id"],
        "mode": "images",
        "frames": capture(&session["challenge"], |_| {}).frames(),
    });
    calls.put("verify_payload.json", payload.to_string());
    let verdict = calls.run(1, &[]).await;
    assert_eq!(verdict["verified"], true, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_calls_guide_somebody_live() {
    let calls = Calls::start().await;
    let session = calls.run(2, &[]).await;
    let [id, token] = ["session_id", "client_token"].map(|f| session[f].as_str().unwrap());
    let mut answer = Value::Null;
    for challenge in session["challenges"].as_array().unwrap() {
        for scene in Scene::doing(challenge["type"].as_str().unwrap()) {
            calls.put("frame.jpg", png(&scene));
            answer = calls.run(3, &[("ID", id), ("TOKEN", token)]).await;
        }
    }
    assert_eq!(answer["is_live"], true, "{answer}");
}
