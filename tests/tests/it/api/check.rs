//! The check of a folder: the same rules as verify, without a server.

use std::num::NonZeroUsize;

use livegate_lab::check::{CheckError, Report, check_frames, read_folder};
use livegate_lab::progress::Progress;
use livegate_liveness::challenge::{Action, Angles, Challenge};
use livegate_tests::client::Capture;
use livegate_tests::scripted;
use livegate_worker::AnalyzerPool;
use serde_json::json;
use tempfile::TempDir;

fn folder(capture: &Capture) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (i, (phase, image)) in capture.0.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{i:02}_{phase}.png")), image).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "not a frame").unwrap();
    folder
}

async fn report(capture: &Capture, mirrored: bool) -> Report {
    let folder = folder(capture);
    let frames = read_folder(folder.path()).unwrap();
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
    let actions = vec![Action::TurnLeft, Action::TurnRight];
    let challenge = Challenge {
        actions,
        angles: Angles::default(),
        mirrored,
    };
    let progress = Progress::new(frames.len(), false);
    check_frames(
        &pool,
        &scripted::thresholds().into(),
        &challenge,
        frames,
        &progress,
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn a_folder_is_judged_as_verify_would() {
    let report = report(&Capture::good(), false).await;
    assert!(report.is_verified());
    let body = report.to_json().unwrap();
    assert_eq!(body["verified"], json!(true));
    assert_eq!(
        body["challenge_details"]["completed_actions"],
        json!(["turn_left", "turn_right"])
    );
    assert!(body.get("embedding").is_none() && body.get("best_frame_b64").is_none());
    assert_eq!(body["frames"].as_array().unwrap().len(), 8);
    assert_eq!(body["frames"][3]["file"], "03_turn_left.png");
    assert_eq!(body["frames"][3]["face"]["yaw"], json!(-30.0));
    let text = report.to_text();
    assert!(
        text.contains("03_turn_left.png") && text.contains("VERIFIED"),
        "{text}"
    );
}

#[tokio::test]
async fn a_rejection_says_why_in_words() {
    let still = Capture::left_right(|_, s| (s.yaw, s.bona_fide) = (3.0, 0.2));
    let report = report(&still, true).await;
    assert!(!report.is_verified());
    let text = report.to_text();
    for part in [
        "REJECTED",
        "anti-spoof        0.2000, required",
        "turn_left",
        "not_reached",
        "spoof_detected, challenge_failed",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(
        report.to_json().unwrap()["frames"][0]["face"]["yaw"],
        json!(-3.0),
        "mirrored"
    );
}

#[tokio::test]
async fn an_undecodable_frame_is_shown_as_one() {
    let mut capture = Capture::good();
    let whole = capture.0[2].1.len();
    capture.0[2].1.truncate(whole - 40);
    let body = report(&capture, false).await.to_json().unwrap();
    assert_eq!(body["reason_codes"], json!(["invalid_input"]));
    assert!(body["frames"][2]["undecodable"].is_string());
}

#[test]
fn frames_that_verify_would_refuse_are_named() {
    let mut capture = Capture::good();
    capture.0[4].0 = "smile".to_owned();
    let refused = |capture: &Capture| read_folder(folder(capture).path()).unwrap_err();
    let error = refused(&capture).to_string();
    assert!(
        error.contains("04_smile.png") && error.contains("phase"),
        "{error}"
    );
    let mut capture = Capture::good();
    capture.0[4].1 = b"GIF89a".to_vec();
    assert!(
        refused(&capture)
            .to_string()
            .contains("neither a JPEG nor a PNG")
    );
    capture.0.truncate(7);
    assert!(matches!(refused(&capture), CheckError::Count { .. }));
    assert!(read_folder(std::path::Path::new("/nonexistent")).is_err());
}
