//! The examples of the server-to-server document, taken from it and run as they stand: only the
//! host is ours, the key comes from the variable that each reads, and what they leave to the
//! integrator (the camera, the payload) is there.

use std::fs;
use std::time::Duration;

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::base64;
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::camera::{capture, save_pictures};
use super::passages::{Document, assert_as_documented, replaced};
use super::tools::{base_url, file, python, run, system};

/// How long an example may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The document beside a running API.
struct Examples {
    document: Document,
    app: App,
    folder: TempDir,
}

impl Examples {
    async fn start() -> Self {
        Self {
            document: Document::of_reference("server-to-server.txt"),
            app: spawn_app().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The example between these, for our host.
    fn example(&self, after: &str, before: &str) -> String {
        let host = self.document.passage("Base URL: ", " · Version v1");
        let example = self.document.passage(after, before);
        replaced(example, host, &base_url(&self.app))
    }

    /// Runs a curl example and gives the JSON that it prints.
    async fn curl(&self, example: &str) -> Value {
        assert_eq!(example.matches("curl ").count(), 1, "{example}");
        let mut shell = system("sh");
        shell
            .args(["-c", example])
            .current_dir(self.folder.path())
            .env("TASKINOGO_API_KEY", &self.app.key.secret);
        let printed = run(shell, LIMIT).await;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Runs the quickstart's second call with this payload.
    async fn verify(&self, payload: &Value) -> Value {
        let verify = self.example(
            "# 2) Capture the selfie sequence, then verify it\n",
            " How it works\n",
        );
        let path = self.folder.path().join("verify_payload.json");
        fs::write(path, payload.to_string()).unwrap();
        self.curl(&verify).await
    }

    /// Runs the document's call for a session of its own actions and angles.
    async fn session_with_options(&self) -> Value {
        let create = self.example(
            "Any field you omit keeps its default.\n",
            " Optional body fields\n",
        );
        self.curl(&create).await
    }

    /// The document's payload for this session, its elided pictures filled in.
    fn payload(&self, session: &Value, change: impl Fn(&mut Scene)) -> Value {
        let elided = "Base64 JPEG (quality 80–90, ≥720p recommended). |\n";
        let mut payload = self.document.json(elided, " Video mode\n");
        let pictures = capture(&session["challenge"], change).frames();
        let frames = payload["frames"].as_array_mut().unwrap();
        assert_eq!(frames.len(), pictures.len());
        for (frame, picture) in frames.iter_mut().zip(pictures) {
            assert_eq!(frame["phase"], picture["phase"]);
            frame["image_b64"] = picture["image_b64"].clone();
        }
        payload["session_id"] = session["session_id"].clone();
        payload
    }

    #[track_caller]
    fn assert_session(&self, session: &Value) {
        let example = self.document.json(
            "Values outside the allowed range return 400. Response:\n",
            "Capture in the exact order",
        );
        assert_as_documented(session, &example);
        assert!(session["session_id"].as_str().unwrap().starts_with("live_"));
        let expires_at = session["expires_at"].as_str().unwrap();
        assert!(OffsetDateTime::parse(expires_at, &Rfc3339).is_ok());
        let documented = example["expires_at"].as_str().unwrap();
        assert_eq!(expires_at.len(), documented.len(), "{expires_at}");
        let limits = [
            "min_images",
            "max_images",
            "max_video_size_mb",
            "accepted_modes",
        ];
        for limit in limits {
            assert_eq!(session["config"][limit], example["config"][limit]);
        }
    }

    #[track_caller]
    fn assert_verified(&self, verdict: &Value) {
        let example = self.document.json(
            "returns the verdict, scores, the face embedding, and the best frame:\n",
            " A rejected check (verified: false)",
        );
        assert_eq!(verdict["verified"], true, "{verdict}");
        assert_as_documented(verdict, &example);
        assert_eq!(verdict["reason_codes"], example["reason_codes"]);
        assert_eq!(verdict["embedding"].as_array().unwrap().len(), 512);
        for score in ["confidence", "anti_spoof_avg_score", "same_person_score"] {
            assert!((0.0..=1.0).contains(&verdict[score].as_f64().unwrap()));
        }
        let base64 = verdict["best_frame_b64"].as_str().unwrap();
        let best_frame = base64_simd::STANDARD.decode_to_vec(base64).unwrap();
        let format = image::guess_format(&best_frame).unwrap();
        assert_eq!(format, image::ImageFormat::Jpeg);
        assert!(image::load_from_memory(&best_frame).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_quickstart_verifies_somebody_live() {
    let examples = Examples::start().await;
    let create = examples.example(
        "# 1) Create a session — returns the challenge order and input limits\n",
        "# 2) Capture the selfie sequence",
    );
    let session = examples.curl(&create).await;
    examples.assert_session(&session);
    assert_eq!(session["challenge"].as_array().unwrap().len(), 5);
    let payload = json!({
        "session_id": session["session_id"],
        "mode": "images",
        "frames": capture(&session["challenge"], |_| {}).frames(),
    });
    let verdict = examples.verify(&payload).await;
    examples.assert_verified(&verdict);
    let completed = &verdict["challenge_details"]["completed_actions"];
    assert_eq!(completed, &session["challenge"]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_documents_options_and_payload_and_status_go_together() {
    let examples = Examples::start().await;
    let session = examples.session_with_options().await;
    examples.assert_session(&session);
    let payload = examples.payload(&session, |_| {});
    examples.assert_verified(&examples.verify(&payload).await);

    let elided = examples.example(
        "Poll a session's status (no biometric data) with:\n",
        " A public health check is available at GET ",
    );
    let id = session["session_id"].as_str().unwrap();
    let status = replaced(&elided, "live_a1b2c3d4...", id);
    let status = examples.curl(&status).await;
    assert_eq!(status["session_id"], id);
    assert_eq!(
        (&status["state"], &status["verified"]),
        (&json!("verified"), &json!(true))
    );
    let text = status.to_string();
    assert!(!text.contains("embedding") && !text.contains("best_frame"));

    let again = examples.verify(&payload).await;
    assert_eq!(again["code"], "SESSION_USED", "{again}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn a_rejection_has_the_documented_body() {
    let examples = Examples::start().await;
    let session = examples.session_with_options().await;
    let payload = examples.payload(&session, |scene| scene.bona_fide = 0.1);
    let verdict = examples.verify(&payload).await;
    let example = examples.document.json(
        "returns the reason and details, and no embedding or best frame:\n",
        " | Field | Meaning |\n",
    );
    assert_as_documented(&verdict, &example);
    assert_eq!(verdict["verified"], false);
    assert_eq!(verdict["reason_codes"], example["reason_codes"]);
    for absent in ["embedding", "best_frame_b64", "confidence"] {
        assert!(verdict.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_health_check_needs_no_key() {
    let examples = Examples::start().await;
    let path = examples
        .document
        .passage("A public health check is available at GET ", " (no auth).");
    let health = format!("curl {}{path}", base_url(&examples.app));
    assert_eq!(examples.curl(&health).await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_node_example_runs_unchanged() {
    let examples = Examples::start().await;
    let example = examples.example("Code examples\nNode.js\n", " Python\nimport os");
    let program = format!(
        "{example}\n\
         const {{ capture }} = await import(process.env.CAMERA);\n\
         console.log(JSON.stringify(await runLiveness(capture)));\n"
    );
    let path = examples.folder.path().join("example.mjs");
    fs::write(&path, program).unwrap();
    let mut node = system("node");
    node.arg(&path)
        .env("CAMERA", file("camera.mjs"))
        .env("PICTURES", save_pictures(examples.folder.path()))
        .env("TASKINOGO_API_KEY", &examples.app.key.secret);
    let verdict: Value = serde_json::from_str(&run(node, LIMIT).await).unwrap();
    examples.assert_verified(&verdict);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_python_example_runs_unchanged() {
    let examples = Examples::start().await;
    // The document's text has lost its indentation, of which this example had none that counts.
    let example = examples.example("} Python\n", " Best practices\n");
    let camera = "# 2) Capture frames in the order of session[\"challenge\"], then verify.\n";
    let with_camera =
        format!("{camera}from camera import capture\nframes = capture(session[\"challenge\"])\n");
    let program = replaced(&example, camera, &with_camera)
        + "\nimport json; print(json.dumps([session, result]))\n";
    let path = examples.folder.path().join("example.py");
    fs::write(&path, program).unwrap();
    let mut python = python();
    python
        .arg(&path)
        .env("PICTURES", save_pictures(examples.folder.path()))
        .env("TASKINOGO_API_KEY", &examples.app.key.secret);
    let printed = run(python, LIMIT).await;
    let (line, answers) = printed.split_once('\n').unwrap();
    let [session, verdict]: [Value; 2] = serde_json::from_str(answers).unwrap();
    examples.assert_session(&session);
    examples.assert_verified(&verdict);
    assert_eq!(line, format!("True {}", verdict["confidence"]));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
async fn the_video_payload_verifies_a_clip() {
    let examples = Examples::start().await;
    let session = examples.session_with_options().await;
    // The document's comment on the elided clip is none of JSON's.
    let example = examples.document.passage(
        "Keep it under config.max_video_size_mb.\n",
        " Challenges & angles",
    );
    let comment = " // base64 of an mp4/webm clip";
    let mut payload: Value = serde_json::from_str(&replaced(example, comment, "")).unwrap();
    payload["session_id"] = session["session_id"].clone();
    // Its actions: turn_left, blink, turn_right.
    let clip = of_scenes(
        &left_right(|at, s| s.ear = if at == 17 { 0.05 } else { 0.3 }),
        15,
    );
    payload["video_b64"] = base64(&clip).into();
    examples.assert_verified(&examples.verify(&payload).await);
}
