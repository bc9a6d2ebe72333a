//! The calls of the document on interactive sessions, taken from it and run as they stand: only the
//! host and the session are ours, and each gets the key that the document leaves out, in the place of
//! the backslash that it leaves behind.

use std::fs;
use std::time::Duration;

use livegate_tests::app::{App, spawn_app};
use livegate_tests::scripted::{Scene, jpeg, png};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::passages::{Document, assert_as_documented, replaced};
use super::tools::{base_url, run, system};

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The host of the examples.
const HOST: &str = "http://localhost:8000";

/// The session of the examples.
const SESSION_ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";

/// The document beside a running API.
struct Examples {
    document: Document,
    app: App,
    folder: TempDir,
}

impl Examples {
    async fn start() -> Self {
        Self {
            document: Document::of_reference("interactive-sessions.txt"),
            app: spawn_app().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs the call that stands after this, for a session, and gives the JSON that it prints.
    async fn call(&self, after: &str, session_id: &str) -> Value {
        let call = self
            .document
            .passage(&format!("{after}\nTerminal window\n"), "\n{\n");
        assert_eq!(call.matches("curl ").count(), 1, "{call}");
        let call = replaced(call, HOST, &base_url(&self.app)).replace(SESSION_ID, session_id);
        let call = call.strip_suffix('\\').unwrap_or(&call);
        let mut shell = system("sh");
        shell
            .args(["-c", &format!("{call} -H \"X-AI-API-Key: $KEY\"")])
            .current_dir(self.folder.path())
            .env("KEY", &self.app.key.secret);
        let printed = run(shell, LIMIT).await;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Creates a session, and holds it against the document.
    async fn create(&self) -> Value {
        let session = self
            .call(
                "timeout_secondsfloatNoSeconds per challenge (default: 5.0)",
                "",
            )
            .await;
        let example = self.document.json(
            "sessions?num_challenges=3&timeout_seconds=5.0\" \\\n",
            "POST /api/v1/liveness/sessions/{session_id}/frame",
        );
        assert_as_documented(&session, &example);
        assert_eq!(session["state"], example["state"]);
        self.assert_challenges(&session, &example);
        let id = session["session_id"].as_str().unwrap();
        assert_eq!(id.len(), SESSION_ID.len());
        session
    }

    /// Ends the test unless these are as many challenges as the example has, each with the instruction
    /// that the document's table has for it, and the same time.
    #[track_caller]
    fn assert_challenges(&self, answer: &Value, example: &Value) {
        let [challenges, examples] = [answer, example].map(|a| a["challenges"].as_array().unwrap());
        assert_eq!(challenges.len(), examples.len());
        for challenge in challenges {
            let name = challenge["type"].as_str().unwrap();
            let instruction = self.document.passage(&format!("\n{name}"), "\n");
            assert_eq!(challenge["instruction"], instruction);
            assert_eq!(challenge["timeout_seconds"], examples[0]["timeout_seconds"]);
        }
    }

    /// Sends a picture, under the example's name for it: what a file holds decides, not its name.
    async fn frame(&self, session_id: &str, picture: &[u8]) -> Value {
        fs::write(self.folder.path().join("frame.jpg"), picture).unwrap();
        self.call("imagefileYesCamera frame (JPEG, PNG)", session_id)
            .await
    }

    async fn status(&self, session_id: &str) -> Value {
        let status = self.call("\nGET /api/v1/liveness/sessions/{session_id}", session_id);
        let status = status.await;
        let example = self.document.json(
            &format!("\ncurl {HOST}/api/v1/liveness/sessions/{SESSION_ID} \\\n"),
            "DELETE ",
        );
        assert_as_documented(&status, &example);
        self.assert_challenges(&status, &example);
        status
    }

    async fn cancel(&self, session_id: &str) -> Value {
        self.call(
            "\nDELETE /api/v1/liveness/sessions/{session_id}",
            session_id,
        )
        .await
    }

    /// The examples of frames: one that passes a challenge, and one that passes the last.
    fn frame_examples(&self) -> (Value, Value) {
        let passed = self.document.json(
            "-F \"image=@frame.jpg\"\n",
            "When the final challenge passes",
        );
        let last = self.document.json(
            "is_live contains the final verdict:\n",
            "GET /api/v1/liveness/sessions/{session_id}",
        );
        (passed, last)
    }
}

/// Ends the test unless the answer is as the example in every field that says where the session
/// stands.
#[track_caller]
fn assert_stands_as(answer: &Value, example: &Value) {
    assert_as_documented(answer, example);
    for field in [
        "passed",
        "challenges_remaining",
        "session_complete",
        "is_live",
        "state",
    ] {
        assert_eq!(answer[field], example[field], "{field} of {answer}");
    }
    let confidence = answer["confidence"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&confidence), "{confidence}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_documents_calls_play_a_session_from_its_creation_to_its_verdict() {
    let examples = Examples::start().await;
    let session = examples.create().await;
    let id = session["session_id"].as_str().unwrap();
    let (passed, last) = examples.frame_examples();
    let challenges = session["challenges"].as_array().unwrap();
    for (position, challenge) in challenges.iter().enumerate() {
        let challenge = challenge["type"].as_str().unwrap();
        let scenes = Scene::doing(challenge);
        let (there, way) = scenes.split_last().unwrap();
        for scene in way {
            let answer = examples.frame(id, &png(scene)).await;
            // Null until the end, as in the example.
            assert_as_documented(&answer, &passed);
            assert_eq!(
                (&answer["passed"], &answer["state"]),
                (&json!(false), &passed["state"])
            );
        }
        let answer = examples.frame(id, &png(there)).await;
        assert_eq!(answer["challenge_type"], challenge);
        match position {
            0 => assert_stands_as(&answer, &passed),
            2 => assert_stands_as(&answer, &last),
            _ => assert_as_documented(&answer, &passed),
        }
    }
    let status = examples.status(id).await;
    assert_eq!(
        (&status["state"], &status["is_live"]),
        (&json!("completed"), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_documents_frame_is_a_jpeg() {
    let examples = Examples::start().await;
    let session = examples.create().await;
    let id = session["session_id"].as_str().unwrap();
    let answer = examples.frame(id, &jpeg(640, 480)).await;
    assert_as_documented(&answer, &examples.frame_examples().0);
    // An empty room.
    assert_eq!(
        (&answer["state"], &answer["feedback"]),
        (&json!("in_progress"), &json!("no_face"))
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_documents_call_cancels_a_session() {
    let examples = Examples::start().await;
    let session = examples.create().await;
    let id = session["session_id"].as_str().unwrap();
    assert_eq!(examples.status(id).await["state"], "pending");
    let example = examples.document.json(
        &format!("curl -X DELETE {HOST}/api/v1/liveness/sessions/{SESSION_ID} \\\n"),
        "StateDescription",
    );
    assert_as_documented(&examples.cancel(id).await, &example);
    let gone = examples.cancel(id).await;
    assert_eq!(gone["code"], "SESSION_NOT_FOUND", "{gone}");
}
