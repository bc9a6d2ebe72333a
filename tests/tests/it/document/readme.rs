//! The README's own calls, run as they stand but for host and port.

use std::fs;
use std::time::Duration;

use livegate_tests::app::spawn_app;
use livegate_tests::media::root;
use serde_json::{Value, json};

use super::camera::capture;
use super::passages::{Document, replaced};
use super::tools::{base_url, run, system};

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_calls_verify_somebody_live() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let calls = Document::new("README.md", text).commands("curl ");
    let [create, verify] = calls.as_slice() else {
        panic!("README.md has changed: run all of its calls here: {calls:#?}");
    };
    let call = async |command: &str| -> Value {
        let mut shell = system("sh");
        let command = replaced(command, "http://127.0.0.1:8000", &base_url(&app));
        shell
            .args(["-c", &command])
            .current_dir(folder.path())
            .env("KEY", &app.key.secret);
        let printed = run(shell, Duration::from_secs(60)).await;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    };
    let session = call(create).await;
    let payload = json!({
        "session_id": session["session_id"],
        "mode": "images",
        "frames": capture(&session["challenge"], |_| {}).frames(),
    });
    fs::write(
        folder.path().join("verify_payload.json"),
        payload.to_string(),
    )
    .unwrap();
    let verdict = call(verify).await;
    assert_eq!(verdict["verified"], true, "{verdict}");
}
