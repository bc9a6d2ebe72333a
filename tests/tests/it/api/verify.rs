//! What a verify answers.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Capture;
use livegate_tests::scripted::Scene;
use reqwest::Method;
use serde_json::{Value, json};

fn keys(body: &Value) -> Vec<&String> {
    let mut keys: Vec<_> = body.as_object().unwrap().keys().collect();
    keys.sort();
    keys
}

async fn details(app: &App, capture: &Capture, reasons: &[&str]) -> Value {
    let answer = app.client.verify_new(capture).await;
    answer.assert_rejected(reasons);
    answer.body["rejection_details"].clone()
}

#[tokio::test]
async fn a_verified_capture_has_the_documented_body() {
    let app = spawn_app().await;
    let capture = Capture::left_right(|i, s| s.sharpness = if i == 1 { 200.0 } else { 100.0 });
    let body = app.client.verify_new(&capture).await.body;
    assert_eq!(
        keys(&body),
        [
            "anti_spoof_avg_score",
            "best_frame_b64",
            "best_frame_index",
            "challenge_details",
            "challenge_passed",
            "confidence",
            "embedding",
            "frames_analyzed",
            "processing_time_ms",
            "reason_codes",
            "same_person_score",
            "verified",
        ]
    );
    assert_eq!(body["verified"], json!(true));
    assert_eq!(body["anti_spoof_avg_score"], json!(0.95));
    assert_eq!(body["same_person_score"], json!(1.0));
    assert_eq!(body["challenge_passed"], json!(true));
    assert_eq!(
        body["challenge_details"],
        json!({"passed": true, "completed_actions": ["turn_left", "turn_right"]})
    );
    assert_eq!(
        body["reason_codes"],
        json!([
            "liveness_passed",
            "challenge_completed",
            "no_spoof_detected"
        ])
    );
    assert_eq!(
        (&body["frames_analyzed"], &body["best_frame_index"]),
        (&json!(8), &json!(1))
    );
    assert!(body["processing_time_ms"].as_u64().unwrap() < 10_000);
    let confidence = body["confidence"].as_f64().unwrap();
    assert!((0.9..=1.0).contains(&confidence), "{confidence}");
    let embedding: Vec<f64> = serde_json::from_value(body["embedding"].clone()).unwrap();
    assert_eq!(embedding.len(), 512);
    assert!((embedding.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-4);
    let jpeg = base64_simd::STANDARD
        .decode_to_vec(body["best_frame_b64"].as_str().unwrap())
        .unwrap();
    let picture = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (160, 160));
}

#[tokio::test]
async fn numbers_are_printed_without_the_noise_of_floats() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let request = app.client.request(Method::POST, "/v1/liveness/verify");
    let answer = request
        .json(&Capture::good().body(&session))
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("\"anti_spoof_avg_score\":0.95,"),
        "{}",
        &text[..200]
    );
}

#[tokio::test]
async fn a_rejection_has_all_its_fields_and_what_was_not_measured_is_null() {
    let app = spawn_app().await;
    let answer = app
        .client
        .verify_new(&Capture::left_right(|_, s| s.faces = 0))
        .await;
    answer.assert_rejected(&["insufficient_face_detections"]);
    let mut body = answer.body;
    assert!(
        body.as_object_mut()
            .unwrap()
            .remove("processing_time_ms")
            .unwrap()
            .is_u64()
    );
    assert_eq!(
        body,
        json!({
            "verified": false,
            "anti_spoof_avg_score": null,
            "same_person_score": null,
            "challenge_passed": false,
            "challenge_details": {"passed": false, "completed_actions": []},
            "reason_codes": ["insufficient_face_detections"],
            "rejection_details": {
                "face_detection_ratio": 0.0,
                "required_ratio": 0.7,
                "poor_frames": [{
                    "reason": "no_face",
                    "count": 8,
                    "frames": [0, 1, 2, 3, 4, 5, 6, 7],
                    "measured": null,
                    "required": null,
                    "text": "Frames 0 to 7: no face was found: keep the whole face in the picture, towards the camera, in even light, with nothing before it.",
                }],
            },
            "frames_analyzed": 0,
        })
    );
}

#[tokio::test]
async fn every_failed_check_is_listed_in_the_documented_order() {
    let app = spawn_app().await;
    let bad = Capture::left_right(|i, s| {
        *s = Scene {
            bona_fide: 0.1,
            person: i as u16,
            faces: u8::from(i > 2),
            ..Scene::default()
        };
    });
    let found = details(
        &app,
        &bad,
        &[
            "insufficient_face_detections",
            "different_persons_detected",
            "spoof_detected",
            "challenge_failed",
        ],
    )
    .await;
    assert_eq!(
        keys(&found),
        [
            "anti_spoof_avg_score",
            "completed_actions",
            "evidence",
            "face_detection_ratio",
            "failed_actions",
            "poor_frames",
            "required_ratio",
            "same_person_score",
            "same_person_threshold",
            "threshold",
        ]
    );
}

#[tokio::test]
async fn a_blink_may_come_anywhere_and_head_actions_only_in_order() {
    let app = spawn_app().await;
    let (open, shut) = (Scene::default(), Scene::eyes_closed());
    let blink_first = Capture::of([
        ("center", open),
        ("blink", open),
        ("blink", shut),
        ("blink_end", open),
        ("turn_left", Scene::turned(-30.0)),
        ("center", open),
        ("turn_right", Scene::turned(30.0)),
        ("center_end", open),
    ]);
    for actions in [
        ["turn_left", "turn_right", "blink"],
        ["turn_left", "blink", "turn_right"],
    ] {
        let session = app.client.session(&actions).await;
        let answer = app.client.verify(&session, &blink_first).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        assert_eq!(
            answer.body["challenge_details"]["completed_actions"],
            json!(actions)
        );
    }
    let session = app.client.session(&["turn_right", "turn_left"]).await;
    let answer = app.client.verify(&session, &blink_first).await;
    answer.assert_rejected(&["challenge_failed"]);
    let failed = &answer.body["rejection_details"]["failed_actions"][0];
    assert_eq!(
        (&failed["why"], &failed["unit"]),
        (&json!("out_of_order"), &json!("frame_index"))
    );
}

#[tokio::test]
async fn mirrored_frames_are_judged_by_the_subjects_own_sides() {
    let app = spawn_app().await;
    let mirrored = Capture::left_right(|_, s| s.yaw = -s.yaw);
    app.client
        .verify_new(&mirrored)
        .await
        .assert_rejected(&["challenge_failed"]);
    let asked = json!({"actions": ["turn_left", "turn_right"], "mirrored": true});
    let created = app.client.create(&asked).await;
    let session = created.body["session_id"].as_str().unwrap();
    assert_eq!(
        app.client.verify(session, &mirrored).await.body["verified"],
        json!(true)
    );
}

#[tokio::test]
async fn each_claimed_verification_leaves_one_audit_record_without_media() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let body = Capture::good().body(&session);
    let request = app.client.request(Method::POST, "/v1/liveness/verify");
    let request = request.header("X-Request-Id", "audit-1").json(&body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    app.client
        .verify_raw(&body)
        .await
        .assert_error(409, "SESSION_USED");
    app.client
        .verify_new(&Capture::left_right(|_, s| s.bona_fide = 0.2))
        .await;
    let key = app.key.id.clone();
    let records = app.stop().await;
    let [verified, rejected] = records.as_slice() else {
        panic!("{records:?}")
    };
    assert_eq!(
        keys(verified),
        [
            "anti_spoof_avg_score",
            "caller_request_id",
            "confidence",
            "evidence_level",
            "frames",
            "inference_cpu_ms",
            "key_id",
            "mode",
            "processing_time_ms",
            "reason_codes",
            "request_id",
            "same_person_score",
            "session_id",
            "time",
            "verdict",
            "worker_cpu_ms",
        ]
    );
    for (field, value) in [
        ("key_id", json!(key)),
        ("session_id", json!(session)),
        ("caller_request_id", json!("audit-1")),
        ("mode", json!("images")),
        ("verdict", json!("verified")),
        ("frames", json!(8)),
    ] {
        assert_eq!(verified[field], value, "{field}");
    }
    assert_eq!(
        (&rejected["verdict"], &rejected["confidence"]),
        (&json!("rejected"), &Value::Null)
    );
    assert_eq!(rejected["reason_codes"], json!(["spoof_detected"]));
}
