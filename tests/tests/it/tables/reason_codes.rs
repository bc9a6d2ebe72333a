//! The reason codes, each reached over HTTP, and what is told of what was measured and needed.

use livegate_liveness::sampling::Sampling;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::{Act, Scene, jpeg, thresholds};
use serde_json::{Value, json};

use super::{LEFT_RIGHT, assert_failed, assert_verified};

const PASSED: [&str; 3] = [
    "liveness_passed",
    "challenge_completed",
    "no_spoof_detected",
];

/// The verdict on a capture, with the status that then shows the same reasons.
async fn verdict(app: &App, capture: &Capture) -> Answer {
    let session = app.client.session(&LEFT_RIGHT).await;
    let answer = app.client.verify(&session, capture).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let status = app.client.status(&session).await;
    assert_eq!(status.body["verified"], answer.body["verified"]);
    assert_eq!(status.body["reason_codes"], answer.body["reason_codes"]);
    answer
}

/// The rejection details of a capture that fails for exactly these reasons.
async fn rejected(app: &App, capture: &Capture, reasons: &[&str]) -> Value {
    let answer = verdict(app, capture).await;
    answer.assert_rejected(reasons);
    answer.body["rejection_details"].clone()
}

/// Captures that each fail one check.
fn failing() -> [Capture; 4] {
    [
        Capture::left_right(|_, s| s.bona_fide = 0.2),
        Capture::left_right(|_, s| s.yaw = 0.0),
        Capture::left_right(|i, s| s.person = u16::from(i == 1)),
        Capture::left_right(|i, s| s.faces = u8::from(![0, 2, 5].contains(&i))),
    ]
}

#[tokio::test]
async fn liveness_passed() {
    let app = spawn_app().await;
    let answer = verdict(&app, &Capture::good()).await;
    assert_verified(&answer);
    assert_eq!(answer.body["reason_codes"], json!(PASSED));
    for capture in failing() {
        let answer = verdict(&app, &capture).await;
        assert_eq!(answer.body["verified"], json!(false), "{}", answer.body);
        let reasons = answer.body["reason_codes"].as_array().unwrap();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(PASSED.iter().all(|code| reasons[0] != *code), "{reasons:?}");
    }
}

#[tokio::test]
async fn challenge_completed() {
    let app = spawn_app().await;
    let answer = verdict(&app, &Capture::good()).await;
    assert_eq!(answer.body["reason_codes"][1], "challenge_completed");
    assert_eq!(answer.body["challenge_passed"], json!(true));
    assert_eq!(
        answer.body["challenge_details"],
        json!({ "passed": true, "completed_actions": LEFT_RIGHT })
    );
    // One action of two is not every one.
    let half = Capture::left_right(|i, s| s.yaw = if i > 3 { 0.0 } else { s.yaw });
    let answer = verdict(&app, &half).await;
    answer.assert_rejected(&["challenge_failed"]);
    assert_eq!(answer.body["challenge_passed"], json!(false));
    assert_eq!(
        answer.body["challenge_details"],
        json!({ "passed": false, "completed_actions": ["turn_left"] })
    );
}

#[tokio::test]
async fn no_spoof_detected() {
    let app = spawn_app().await;
    let threshold = thresholds().pad.threshold(Sampling::Chosen);
    // The threshold is cleared where it is met.
    let answer = verdict(&app, &Capture::left_right(|_, s| s.bona_fide = threshold)).await;
    assert_verified(&answer);
    assert_eq!(answer.body["reason_codes"][2], "no_spoof_detected");
    assert_eq!(
        answer.body["anti_spoof_avg_score"],
        json!(f64::from(threshold))
    );
}

#[tokio::test]
async fn spoof_detected() {
    let app = spawn_app().await;
    let threshold = thresholds().pad.threshold(Sampling::Chosen);
    for score in [0.0, 0.41, threshold - 0.001] {
        let spoof = Capture::left_right(|_, s| s.bona_fide = score);
        let answer = verdict(&app, &spoof).await;
        answer.assert_rejected(&["spoof_detected"]);
        let score = (f64::from(score) * 1000.0).round() / 1000.0;
        let required = f64::from(threshold);
        let details = &answer.body["rejection_details"];
        assert_eq!(
            (&details["anti_spoof_avg_score"], &details["threshold"]),
            (&json!(score), &json!(required))
        );
        let [weakest] = details["evidence"].as_array().unwrap().as_slice() else {
            panic!("{details}")
        };
        assert_eq!(
            (&weakest["name"], &weakest["measured"], &weakest["required"]),
            (&json!("weakest_part"), &json!(score), &json!(required))
        );
        let text = weakest["text"].as_str().unwrap();
        let numbers = [format!("{score:.2}"), format!("{required:.2}")];
        assert!(numbers.iter().all(|n| text.contains(n)), "{text}");
        assert_eq!(answer.body["anti_spoof_avg_score"], json!(score));
        assert_eq!(answer.body["challenge_passed"], json!(true));
    }
}

#[tokio::test]
async fn challenge_failed() {
    let app = spawn_app().await;
    let short = Capture::left_right(|i, s| s.yaw = if i > 3 { 18.0 } else { s.yaw });
    let answer = verdict(&app, &short).await;
    assert_failed(
        &answer,
        "turn_right",
        "not_reached",
        (18.0, 25.0, "degrees"),
    );
    // Each action that is not there is told, with what it lacks.
    let still = Capture::left_right(|i, s| s.yaw = if i == 3 { -13.0 } else { 0.5 });
    let details = rejected(&app, &still, &["challenge_failed"]).await;
    let failed = |action, measured, required| {
        json!({
            "action": action, "why": "not_reached", "measured": measured, "required": required,
            "unit": "degrees",
        })
    };
    assert_eq!(
        details,
        json!({
            "completed_actions": [],
            "failed_actions": [failed("turn_left", -13.0, -25.0), failed("turn_right", 0.5, 25.0)],
        })
    );
    // Nobody did the second action, so there is nothing to measure.
    let session = app.client.session(&["turn_left", "turn_up"]).await;
    let answer = app.client.verify(&session, &Capture::good()).await;
    answer.assert_rejected(&["challenge_failed"]);
    assert_eq!(
        answer.body["rejection_details"]["failed_actions"],
        json!([{
            "action": "turn_up", "why": "no_frames", "measured": null, "required": -20.0,
            "unit": "degrees",
        }])
    );
}

#[tokio::test]
async fn different_persons_detected() {
    let app = spawn_app().await;
    let reasons = ["different_persons_detected"];
    let swap = Capture::left_right(|i, s| s.person = u16::from(i == 1));
    let hundredths = |likeness: f32| (f64::from(likeness) * 100.0).round() / 100.0;
    let t = thresholds();
    let (threshold, least) = (hundredths(t.same_person), hundredths(t.least_likeness));
    assert_eq!(
        rejected(&app, &swap, &reasons).await,
        json!({
            "same_person_score": 0.0, "same_person_threshold": threshold,
            "evidence": [{
                "name": "least_likeness", "measured": 0.0, "required": least,
                "text": format!("Two frames show faces that are not one person's (frame 1): their likeness is 0.00, and that of one person is {least:.2} or more."),
            }],
        })
    );
    // What somebody else does is no action of the person's.
    let swap = Capture::left_right(|i, s| s.person = u16::from(i > 4));
    let both = [reasons[0], "challenge_failed"];
    let details = rejected(&app, &swap, &both).await;
    assert_eq!(details["same_person_score"], json!(0.0));
    assert_eq!(details["completed_actions"], json!(["turn_left"]));
    let failed = &details["failed_actions"][0];
    assert_eq!(
        (&failed["action"], &failed["why"]),
        (&json!("turn_right"), &json!("not_comparable"))
    );
    let company = Capture::left_right(|i, s| s.faces = if i < 3 { 2 } else { 1 });
    let details = rejected(&app, &company, &reasons).await;
    assert_eq!(
        details,
        json!({ "evidence": [{
            "name": "second_face_frames", "measured": 3.0, "required": 1.0,
            "text": "3 frames show a second face of comparable size; at most 1 may. Only one person should be in front of the camera.",
        }] })
    );
    let passing_by = Capture::left_right(|i, s| s.faces = if i == 2 { 2 } else { 1 });
    assert_verified(&verdict(&app, &passing_by).await);
}

#[tokio::test]
async fn insufficient_face_detections() {
    let app = spawn_app().await;
    // Ten frames; in the first ones nobody is there.
    let with_faces = |n: usize| {
        let scenes = [0.0, 0.0, 0.0, 0.0, 0.0, -30.0, 0.0, 0.0, 30.0, 0.0];
        let tags = ["center", "center", "center", "center", "center"];
        let tags = tags
            .into_iter()
            .chain(["turn_left"; 2])
            .chain(["turn_right"; 3]);
        Capture::of(tags.zip(scenes).enumerate().map(|(i, (tag, yaw))| {
            let faces = u8::from(i >= 10 - n);
            (
                tag,
                Scene {
                    faces,
                    ..Scene::turned(yaw)
                },
            )
        }))
    };
    assert_verified(&verdict(&app, &with_faces(7)).await);
    assert_eq!(
        rejected(&app, &with_faces(6), &["insufficient_face_detections"]).await,
        json!({
            "face_detection_ratio": 0.6,
            "required_ratio": 0.7,
            "poor_frames": [{
                "reason": "no_face",
                "count": 4,
                "frames": [0, 1, 2, 3],
                "measured": null,
                "required": null,
                "text": "Frames 0 to 3: no face was found: keep the whole face in the picture, towards the camera, in even light, with nothing before it.",
            }],
        })
    );
}

#[tokio::test]
async fn invalid_input() {
    let app = spawn_app().await;
    // Whatever else is wrong, what cannot be decoded is all that is told.
    let mut capture = Capture::left_right(|_, s| s.bona_fide = 0.0);
    let whole = capture.0[3].1.len();
    capture.0[3].1.truncate(whole - 40);
    let mut half = jpeg(320, 240);
    half.truncate(half.len() / 2);
    capture.0[5].1 = half;
    let answer = verdict(&app, &capture).await;
    answer.assert_rejected(&["invalid_input"]);
    assert_eq!(answer.body["frames_analyzed"], json!(0));
    let evidence = answer.body["rejection_details"]["evidence"].as_array();
    let evidence = evidence
        .unwrap()
        .iter()
        .map(|e| (&e["name"], &e["measured"]));
    let name = json!("undecodable_frame");
    assert_eq!(
        evidence.collect::<Vec<_>>(),
        [(&name, &json!(3.0)), (&name, &json!(5.0))]
    );

    let no_clip = app
        .client
        .verify_new_clip(&LEFT_RIGHT, b"GkXfo59ChoEB")
        .await;
    no_clip.assert_rejected(&["invalid_input"]);
    assert_eq!(
        no_clip.body["rejection_details"]["evidence"][0]["name"],
        "unplayable_clip"
    );
}

#[tokio::test]
async fn internal_error() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let fails = Capture::left_right(|i, s| s.act = if i == 5 { Act::Fail } else { Act::Measure });
    let answer = app.client.verify(&session, &fails).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let status = app.client.status(&session).await;
    assert_eq!(
        (status.status, &status.body["state"]),
        (200, &json!("failed"))
    );
    assert_eq!(status.body["verified"], json!(false));
    assert_eq!(status.body["reason_codes"], json!(["internal_error"]));
    // Safe to retry with a new session.
    assert_verified(&verdict(&app, &Capture::good()).await);
}
