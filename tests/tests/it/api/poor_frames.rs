//! Poor frames: which, why, and what to change.

use livegate_liveness::evidence::poor::{BRIGHT, DARK};
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::app::spawn_app;
use livegate_tests::client::Capture;
use livegate_tests::scripted::{Scene, thresholds};
use serde_json::{Value, json};

/// The poor frames, as `rejection_details` has them.
fn poor(body: &Value) -> &Vec<Value> {
    let all = body["rejection_details"]["poor_frames"].as_array();
    all.unwrap_or_else(|| panic!("no poor frames: {body}"))
}

#[tokio::test]
async fn each_reason_is_named_with_its_frames_its_numbers_and_what_to_change() {
    let app = spawn_app().await;
    let t = thresholds();
    type Change = fn(&mut Scene, &Thresholds);
    let cases: [(Change, &str, Option<f32>, &str); 7] = [
        (
            |s, _| s.noise = 9.1,
            "noise",
            Some(t.face_noise),
            "Frames 3, 4 and 7: noise of 9.1 grey levels where at most 8 is accepted: use more light, and no filters.",
        ),
        (
            |s, t| s.coarse_noise = 2.0 * t.coarse_luma_noise,
            "noise",
            Some(t.coarse_luma_noise),
            "coarse noise of",
        ),
        (|s, _| s.faces = 0, "no_face", None, "no face was found"),
        (
            |s, t| s.face_width = t.face_px / 2.0 / 160.0,
            "face_too_small",
            Some(t.face_px),
            "come nearer",
        ),
        (
            |s, _| s.roll = 50.0,
            "face_tilted",
            Some(t.upright_deg),
            "hold head and device upright",
        ),
        (
            |s, _| s.roll = -90.0,
            "face_tilted",
            Some(t.upright_deg),
            "EXIF orientation",
        ),
        (
            |s, t| s.detail_px = Some(t.face_detail_px / 2.0),
            "blurred",
            Some(t.face_detail_px),
            "hold still",
        ),
    ];
    for (change, reason, required, says) in cases {
        let capture = Capture::left_right(|i, s| {
            if [3, 4, 7].contains(&i) {
                change(s, &t);
            }
        });
        let answer = app.client.verify_new(&capture).await;
        let all = poor(&answer.body);
        assert_eq!(all.len(), 1, "{}", answer.body);
        let one = &all[0];
        assert_eq!(one["reason"], reason, "{one}");
        assert_eq!(one["frames"], json!([3, 4, 7]));
        assert_eq!(one["count"], 3);
        let is_required = match required {
            Some(required) => {
                (one["required"].as_f64().unwrap() - f64::from(required)).abs() < 1e-3
            }
            None => one["required"].is_null() && one["measured"].is_null(),
        };
        assert!(is_required, "{one}");
        let text = one["text"].as_str().unwrap();
        assert!(
            text.starts_with("Frames 3, 4 and 7: ") && text.contains(says),
            "{text}"
        );
        let reasons = answer.body["reason_codes"].as_array().unwrap();
        assert!(reasons.contains(&json!("insufficient_face_detections")));
    }
}

#[tokio::test]
async fn an_action_that_fails_for_frames_that_were_not_seen_says_so() {
    let app = spawn_app().await;
    // Two of eight: enough faces, and none of them turned to the right.
    let capture = Capture::left_right(|_, s| s.noise = if s.yaw > 12.0 { 20.0 } else { 1.0 });
    let answer = app.client.verify_new(&capture).await;
    let reasons = answer.body["reason_codes"].as_array().unwrap();
    assert!(
        reasons.contains(&json!("challenge_failed")),
        "{}",
        answer.body
    );
    assert_eq!(poor(&answer.body)[0]["reason"], "noise");
    // Nothing of it where every frame is fine.
    let spoof = Capture::left_right(|_, s| s.bona_fide = 0.1);
    let answer = app.client.verify_new(&spoof).await;
    answer.assert_rejected(&["spoof_detected"]);
    assert!(
        answer.body["rejection_details"]
            .get("poor_frames")
            .is_none()
    );
}

#[tokio::test]
async fn light_that_makes_scores_suffer_is_named_beside_the_score() {
    let app = spawn_app().await;
    for (level, reason, required) in [(20.0, "too_dark", DARK), (240.0, "too_bright", BRIGHT)] {
        let hard = |bona_fide: f32| {
            Capture::left_right(move |_, s| (s.brightness, s.bona_fide) = (level, bona_fide))
        };
        let answer = app.client.verify_new(&hard(0.1)).await;
        answer.assert_rejected(&["spoof_detected"]);
        let one = &poor(&answer.body)[0];
        assert_eq!(
            (
                &one["reason"],
                &one["measured"],
                &one["required"],
                &one["count"]
            ),
            (&json!(reason), &json!(level), &json!(required), &json!(8))
        );
        // It counts as seen.
        let answer = app.client.verify_new(&hard(0.95)).await;
        assert_eq!(answer.body["verified"], true, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_live_session_tells_its_owner_alone() {
    let app = spawn_app().await;
    let created = app
        .client
        .interactive("challenges=SMILE&timeout_seconds=1")
        .await;
    let id = created.body["session_id"].as_str().unwrap().to_owned();
    let token = created.body["client_token"].as_str().unwrap().to_owned();
    let noisy = Scene {
        noise: 20.0,
        ..Scene::default()
    };
    app.client.play(&id, &[noisy, noisy]).await;
    let owner = app
        .until(
            async || app.client.interactive_status(&id).await,
            |a| a.body["state"] == "failed",
        )
        .await;
    let one = &poor(&owner.body)[0];
    assert_eq!(
        (&one["reason"], &one["count"]),
        (&json!("noise"), &json!(2))
    );
    let held = app.client.with_token(&token).interactive_status(&id).await;
    assert_eq!(held.body["state"], "failed");
    assert!(
        held.body.get("rejection_details").is_none(),
        "{}",
        held.body
    );
}
