//! What speaks against a capture beside scores and actions: it is named, with its numbers and a
//! sentence, in both APIs.

use livegate_common::liveness::measurement::Cues;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Capture;
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

/// Names and numbers of the evidence against a capture that is rejected for this reason alone.
async fn evidence(app: &App, capture: &Capture, reason: &str) -> Vec<(Value, Value, Value)> {
    let answer = app.client.verify_new(capture).await;
    answer.assert_rejected(&[reason]);
    spoken(&answer.body)
}

fn spoken(body: &Value) -> Vec<(Value, Value, Value)> {
    let all = body["rejection_details"]["evidence"].as_array();
    let all = all.unwrap_or_else(|| panic!("no evidence: {body}"));
    for one in all {
        assert!(one["text"].as_str().unwrap().ends_with('.'), "{one}");
    }
    let of = |e: &Value| {
        let [name, measured, required] = ["name", "measured", "required"].map(|k| e[k].clone());
        (name, measured, required)
    };
    all.iter().map(of).collect()
}

#[tokio::test]
async fn a_picture_that_comes_again_after_a_movement_is_a_copy() {
    let app = spawn_app().await;
    // Frontal frames are 0 and 1, and 4: the last one is the first again.
    let copied = Capture::left_right(|i, s| {
        s.picture = [7, 0, 0, 0, 7, 0, 0, 0][i];
        s.yaw = if i == 4 { 0.0 } else { s.yaw };
    });
    let said = evidence(&app, &copied, "spoof_detected").await;
    assert_eq!(said, [(json!("repeated_pictures"), json!(1.0), json!(0.0))]);
    let details = &app.client.verify_new(&copied).await.body["rejection_details"];
    let text = details["evidence"][0]["text"].as_str().unwrap();
    assert!(text.contains("frame 4"), "{text}");
    // No score failed, so none is named.
    assert_eq!(details["threshold"], Value::Null);
    // The same picture twice in a row is a preview that was read twice.
    let twice = Capture::left_right(|i, s| s.picture = u64::from(i < 2));
    assert_eq!(app.client.verify_new(&twice).await.body["verified"], true);
}

#[tokio::test]
async fn a_face_lost_in_noise_does_not_count_as_seen() {
    let app = spawn_app().await;
    let noisy = |frames: &'static [usize]| {
        Capture::left_right(move |i, s| s.noise = if frames.contains(&i) { 12.0 } else { 4.0 })
    };
    let answer = app.client.verify_new(&noisy(&[1, 4, 7])).await;
    answer.assert_rejected(&["insufficient_face_detections"]);
    let seen = &answer.body["rejection_details"]["face_detection_ratio"];
    assert_eq!(seen, &json!(0.625));
    // A few such frames are no harm.
    let answer = app.client.verify_new(&noisy(&[1, 7])).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn signs_of_a_screen_are_named() {
    let app = spawn_app().await;
    let screen = Capture::left_right(|_, s| {
        s.cues = Cues {
            periodicity: Some(5.5),
            border: None,
        }
    });
    let said = evidence(&app, &screen, "spoof_detected").await;
    assert_eq!(said, [(json!("screen_raster"), json!(5.5), json!(2.5))]);
}

#[tokio::test]
async fn a_clip_whose_head_is_elsewhere_at_once_is_spliced() {
    let app = spawn_app().await;
    let clip = of_scenes(
        &left_right(|index, scene| {
            if index == 20 {
                scene.yaw = -65.0;
            }
        }),
        15,
    );
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify_clip(&session, &clip).await;
    answer.assert_rejected(&["spoof_detected"]);
    let said = spoken(&answer.body);
    assert_eq!(said[0].0, json!("head_speed"));
    assert!(said[0].1.as_f64().unwrap() > 600.0, "{said:?}");
}

#[tokio::test]
async fn stills_in_turn_that_pass_a_live_session_are_found_by_their_copies() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("TURN_LEFT,TURN_RIGHT").await;
    let still = |yaw: f32, picture| Scene {
        picture,
        ..Scene::turned(yaw)
    };
    let (rest, left, right) = (
        still(0.0, 1),
        [still(-14.0, 2), still(-30.0, 3)],
        [still(14.0, 4), still(30.0, 5)],
    );
    app.client.play(&id, &[rest, left[0], left[1]]).await;
    let answer = app.client.play(&id, &[rest, right[0], right[1]]).await;
    assert_eq!(answer.body["state"], json!("completed"), "{}", answer.body);
    assert_eq!(answer.body["is_live"], json!(false));
    assert_eq!(answer.body["reason_codes"], json!(["spoof_detected"]));
    assert_eq!(
        spoken(&answer.body),
        [(json!("repeated_pictures"), json!(1.0), json!(0.0))]
    );
}
