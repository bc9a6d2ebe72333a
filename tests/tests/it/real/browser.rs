//! The demo page in a real browser, whose camera shows real people: `tests/tools/demo.mjs` uses the
//! page as a person would.

use std::path::{Path, PathBuf};
use std::time::Duration;

use livegate_liveness::thresholds::OperatingPoint;
use livegate_tests::app::App;
use livegate_tests::clips::made;
use livegate_tests::media::{jpeg, media, portrait_frame};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::stack::{embedded, embedded_at, three_anti_spoof_models};
use crate::document::tools::{base_url, file, run, system};

/// How long a browser may take: films are played over and over, on a machine that runs other tests.
const PATIENCE: Duration = Duration::from_secs(240);

/// What a browser's camera is fed with.
struct Camera {
    file: Option<PathBuf>,
    _folder: TempDir,
}

impl Camera {
    /// One that shows a film over and over, at its own pace: Chromium plays 30 pictures a second.
    fn showing(film: &Path, more: &[&str]) -> Self {
        let before = ["-i", film.to_str().unwrap()];
        let pace = [
            "-vf",
            "fps=30,scale=640:640:force_original_aspect_ratio=decrease:force_divisible_by=2",
        ];
        // Of other pixel formats Chromium makes a green picture.
        let form = [
            "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "3", "-an", "-f", "mjpeg",
        ];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("camera.mjpeg");
        std::fs::write(
            &file,
            made(&[more, &before, &pace, &form].concat(), "mjpeg"),
        )
        .unwrap();
        Self {
            file: Some(file),
            _folder: folder,
        }
    }

    /// One that shows a still picture of a face.
    fn still() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("still.jpg");
        std::fs::write(&picture, jpeg(&portrait_frame(640, 0))).unwrap();
        Self::showing(&picture, &["-loop", "1", "-t", "2"])
    }

    /// One that may not be used.
    fn refused() -> Self {
        Self {
            file: None,
            _folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Uses the page, and gives what it showed in the end.
    async fn use_page(&self, app: &App, challenges: &str, timeout_seconds: u32) -> Value {
        let settings = json!({
            "url": base_url(app),
            "key": app.key.secret,
            "camera": self.file,
            "challenges": challenges.split(',').collect::<Vec<_>>(),
            "timeout_seconds": timeout_seconds,
            "tab": "live",
            // Pictures to look at, where somebody wants some.
            "shots": std::env::var("LIVEGATE_SHOTS").ok(),
            "timeout_ms": PATIENCE.as_millis() as u64 * 3 / 4,
        });
        let mut browser = system("node");
        browser.arg(file("demo.mjs")).arg(settings.to_string());
        let shown: Value = serde_json::from_str(&run(browser, PATIENCE).await).unwrap();
        assert_eq!(shown["requests_elsewhere"], json!([]));
        shown
    }
}

fn shows_no_errors(shown: &Value) {
    assert_eq!(shown["console_errors"], json!([]), "{shown}");
    assert_eq!(shown["state"], "ended", "{shown}");
}

/// The service with three anti-spoof models: the shipped one alone is noisy.
///
/// Chromium's camera plays its film in a loop, so that pictures do come again in a session that is still
/// going on by then: here none counts as a copy.
async fn service() -> App {
    let folder = tempfile::tempdir().unwrap();
    let config = three_anti_spoof_models(folder.path());
    let mut point = OperatingPoint::shipped().clone();
    point.thresholds.copy_likeness = 2.0;
    point.thresholds.copy_unmoved_likeness = 2.0;
    embedded_at(Some(&config), &point).await
}

/// What a session showed that was played with a clip of a person.
async fn play(file: &str, challenges: &str) -> Value {
    let film = media(file);
    let app = service().await;
    let shown = Camera::showing(&film, &[])
        .use_page(&app, challenges, 60)
        .await;
    shows_no_errors(&shown);
    let records = app.stop().await;
    assert_eq!(records.len(), 1, "{records:?}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(all(has_media, has_optional_weights)),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
async fn somebody_who_turns_the_head_completes_a_session_and_is_live() {
    let shown = play("live/turns_b.mov", "TURN_LEFT,TURN_RIGHT,LOOK_UP,LOOK_DOWN").await;
    assert_eq!(shown["passed"], 4, "{shown}");
    assert_eq!(shown["verdict"], "live", "{shown}");
    let reasons = [
        "liveness_passed",
        "challenge_completed",
        "no_spoof_detected",
    ];
    assert_eq!(shown["reasons"], json!(reasons));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(all(has_media, has_optional_weights)),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
async fn somebody_who_smiles_and_blinks_completes_a_session() {
    let shown = play("actions/blinks_smile.mp4", "BLINK,SMILE").await;
    assert_eq!(shown["passed"], 2, "{shown}");
    assert!(shown["verdict"].is_string(), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(all(has_media, has_optional_weights)),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
async fn a_replay_is_not_live() {
    // How far it comes is open: which of its pictures are seen depends on how fast the machine is, and
    // filmed off a screen, one face may look like two.
    let shown = play("replay/replay_a.mp4", "TURN_RIGHT,TURN_LEFT").await;
    assert_eq!(shown["verdict"], "not_live", "{shown}");
    assert!(
        shown["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!("spoof_detected")),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn a_still_picture_of_a_smile_fails_by_its_time() {
    let app = embedded(None).await;
    let shown = Camera::still().use_page(&app, "SMILE", 4).await;
    shows_no_errors(&shown);
    let (verdict, passed) = (&shown["verdict"], &shown["passed"]);
    assert_eq!((verdict, passed), (&json!("not_live"), &json!(0)));
    let reasons = shown["reasons"].as_array().unwrap();
    assert!(reasons.contains(&json!("challenge_failed")), "{shown}");
    // It was seen, and smiles: what is missing is the face at rest.
    let audit = std::fs::read_to_string(&app.audit).unwrap();
    let record: Value = serde_json::from_str(&audit).unwrap();
    let session = record["session_id"].as_str().unwrap();
    let status = app.client.interactive_status(session).await.body;
    let missed = &status["rejection_details"]["failed_actions"][0];
    assert_eq!(missed["why"], "no_neutral_before", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn a_refused_camera_is_explained() {
    let app = embedded(None).await;
    let shown = Camera::refused().use_page(&app, "BLINK", 5).await;
    assert_eq!(shown["state"], "error", "{shown}");
    assert_eq!(shown["error"], "camera_denied", "{shown}");
    assert!(shown["problem"].is_string(), "{shown}");
}
