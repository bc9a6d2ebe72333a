//! Outcomes of verify.

use std::time::{Duration, Instant};

use base64_simd::STANDARD;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, spawn_app, spawn_with_key};
use livegate_tests::client::{Capture, base64, clip_body};
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

use super::{
    assert_test, documented_errors, fields, nobody, session, spawn_without_workers, test_key,
};

/// The beginning of an mp4, and nothing after it.
const CLIP: &[u8] = b"\0\0\0\x18ftypisom\0\0\0\0isomavc1\0\0\0\x08moov";

const REASONS: [&str; 5] = [
    "invalid_input",
    "insufficient_face_detections",
    "different_persons_detected",
    "spoof_detected",
    "challenge_failed",
];

#[tokio::test]
async fn a_verified_answer_has_the_fields_of_a_real_one_and_no_face() {
    let (app, real) = (spawn_without_workers().await, spawn_app().await);
    let real = real.client.verify_new(&Capture::good()).await.body;
    let mut embeddings = Vec::new();
    for outcome in [
        json!({}),
        json!({"test_outcome": "verified"}),
        json!({"test_outcome": null}),
    ] {
        let created = app.client.create(&outcome).await;
        let id = created.body["session_id"].as_str().unwrap();
        let answer = app.client.verify(id, &nobody()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_test(&answer);
        let body = answer.body;
        assert_eq!(fields(&body), fields(&real));
        for field in [
            "verified",
            "reason_codes",
            "challenge_passed",
            "best_frame_index",
        ] {
            let expected = if field == "best_frame_index" {
                &json!(0)
            } else {
                &real[field]
            };
            assert_eq!(&body[field], expected, "{field}");
        }
        assert_eq!(
            body["challenge_details"]["completed_actions"],
            created.body["challenge"]
        );
        assert_eq!(body["frames_analyzed"], json!(8));
        assert!(body["anti_spoof_avg_score"].as_f64().unwrap() >= 0.5);
        assert!(body["confidence"].as_f64().unwrap() > 0.5);
        let embedding: Vec<f64> = serde_json::from_value(body["embedding"].clone()).unwrap();
        let length: f64 = embedding.iter().map(|v| v * v).sum();
        assert!(embedding.len() == 512 && (length - 1.0).abs() < 1e-4);
        embeddings.push(embedding);
        // The first frame, encoded anew.
        let best = body["best_frame_b64"].as_str().unwrap();
        let best = STANDARD.decode_to_vec(best).unwrap();
        assert!(best.starts_with(b"\xff\xd8\xff") && best != nobody().0[0].1);
    }
    let dot: f64 = embeddings[0]
        .iter()
        .zip(&embeddings[1])
        .map(|(a, b)| a * b)
        .sum();
    assert!(dot.abs() < 0.3, "{dot}");
}

#[tokio::test]
async fn each_documented_reason_can_be_asked_for_and_has_its_documented_details() {
    let app = spawn_without_workers().await;
    for (reason, details) in REASONS.into_iter().zip([
        &["evidence"][..],
        &["face_detection_ratio", "poor_frames", "required_ratio"],
        &["same_person_score", "same_person_threshold"],
        &["anti_spoof_avg_score", "evidence", "threshold"],
        &["completed_actions", "failed_actions"],
    ]) {
        for is_clip in [false, true] {
            let id = session(&app, reason).await;
            let body = if is_clip {
                clip_body(&id, CLIP)
            } else {
                nobody().body(&id)
            };
            let answer = app.client.verify_raw(&body).await;
            answer.assert_rejected(&[reason]);
            assert_test(&answer);
            let found = &answer.body["rejection_details"];
            assert_eq!(fields(found), details.iter().copied().collect(), "{found}");
            for (measured, required) in [
                ("anti_spoof_avg_score", "threshold"),
                ("same_person_score", "same_person_threshold"),
                ("face_detection_ratio", "required_ratio"),
            ] {
                if let Some(measured) = found[measured].as_f64() {
                    assert!(measured < found[required].as_f64().unwrap(), "{found}");
                }
            }
            let status = app.client.status(&id).await;
            assert_test(&status);
            assert_eq!(
                (&status.body["state"], &status.body["reason_codes"]),
                (&json!("rejected"), &json!([reason]))
            );
            let again = app.client.verify_raw(&body).await;
            again.assert_error(409, "SESSION_USED");
            assert_test(&again);
        }
    }
}

#[tokio::test]
async fn several_reasons_come_in_the_documented_order() {
    let app = spawn_without_workers().await;
    let id = session(
        &app,
        "challenge_failed+spoof_detected+different_persons_detected",
    )
    .await;
    let answer = app.client.verify(&id, &nobody()).await;
    answer.assert_rejected(&REASONS[2..]);
}

#[tokio::test]
async fn each_documented_error_can_be_asked_for_and_leaves_the_session_as_a_real_one() {
    let app = spawn_without_workers().await;
    let documented = documented_errors(&app, "/v1/liveness/verify").await;
    assert!(documented.len() >= 15, "{documented:?}");
    for (status, code) in documented {
        let id = session(&app, &code).await;
        for _ in 0..2 {
            let answer = app.client.verify(&id, &nobody()).await;
            assert_test(&answer);
            let state = app.client.status(&id).await.body["state"].clone();
            if code == "PROCESSING_ERROR" {
                // It has used the session up.
                if answer.status != 409 {
                    answer.assert_error(502, &code);
                }
                assert_eq!(state, json!("failed"));
            } else {
                answer.assert_error(status, &code);
                let expected = if code == "SESSION_EXPIRED" {
                    "expired"
                } else {
                    "pending"
                };
                assert_eq!(state, json!(expected), "{code}");
            }
        }
    }
}

#[tokio::test]
async fn an_error_before_a_verdict_is_answered_once() {
    let app = spawn_without_workers().await;
    for (outcome, code, verdict) in [
        ("RATE_LIMIT,verified", "RATE_LIMIT", json!(true)),
        (
            "spoof_detected, CONCURRENCY_LIMIT",
            "CONCURRENCY_LIMIT",
            json!(false),
        ),
    ] {
        let id = session(&app, outcome).await;
        let refused = app.client.verify(&id, &nobody()).await;
        refused.assert_error(429, code);
        assert_eq!(refused.headers["retry-after"], "1");
        let answer = app.client.verify(&id, &nobody()).await;
        assert_eq!(answer.body["verified"], verdict, "{}", answer.body);
    }
}

#[tokio::test]
async fn an_answer_can_be_held_back_while_the_session_is_processing() {
    let app = spawn_without_workers().await;
    let id = session(&app, "challenge_failed,delay:400").await;
    let began = Instant::now();
    let capture = nobody();
    let (answer, _) = tokio::join!(
        app.client.verify(&id, &capture),
        app.until_state(&id, "processing")
    );
    answer.assert_rejected(&["challenge_failed"]);
    assert!(began.elapsed() >= Duration::from_millis(400));
    // A caller who gives up first finds the verdict in the status.
    let id = session(&app, "delay:300").await;
    let request = app
        .client
        .request(reqwest::Method::POST, "/v1/liveness/verify");
    let request = request
        .json(&capture.body(&id))
        .timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    app.until_state(&id, "verified").await;
}

#[tokio::test]
async fn a_request_is_checked_as_that_of_a_real_session() {
    let app = spawn_without_workers().await;
    let id = session(&app, "verified").await;
    let good = nobody();
    let with = |change: fn(&mut Value)| {
        let mut body = good.body(&id);
        change(&mut body);
        body
    };
    for (body, code) in [
        (json!({}), "MISSING_FIELDS"),
        (with(|b| b["mode"] = json!("film")), "INVALID_INPUT"),
        (
            with(|b| drop(b["frames"].as_array_mut().unwrap().pop())),
            "INVALID_FRAME_COUNT",
        ),
        (
            with(|b| b["frames"][3]["phase"] = json!("nod")),
            "INVALID_FRAME_FORMAT",
        ),
        (
            with(|b| b["frames"][3]["image_b64"] = json!("!")),
            "INVALID_FRAME_FORMAT",
        ),
        (
            with(|b| b["frames"][3]["image_b64"] = json!(base64(b"GIF89a"))),
            "INVALID_FRAME_FORMAT",
        ),
        (
            json!({"session_id": id, "mode": "video", "video_b64": "!"}),
            "INVALID_INPUT",
        ),
    ] {
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, code);
        assert_test(&answer);
    }
    let huge = json!({"session_id": id, "mode": "video", "video_b64": "A".repeat(36 << 20)});
    let answer = app.client.verify_raw(&huge).await;
    answer.assert_error(413, "VIDEO_TOO_LARGE");
    assert_test(&answer);
    // None of these has used the session. Its best frame must be a whole picture.
    let mut cut = good.clone();
    let first = &mut cut.0[0].1;
    first.truncate(first.len() / 2);
    let answer = app.client.verify(&id, &cut).await;
    answer.assert_rejected(&["invalid_input"]);
    assert_eq!(
        answer.body["rejection_details"]["evidence"][0]["name"],
        "undecodable_frame"
    );
    let id = session(&app, "verified").await;
    let answer = app.client.verify_clip(&id, b"no clip at all").await;
    answer.assert_rejected(&["invalid_input"]);
    assert_eq!(
        answer.body["rejection_details"]["evidence"][0]["name"],
        "unplayable_clip"
    );
}

#[tokio::test]
async fn a_clip_is_answered_with_a_drawn_picture() {
    let app = spawn_without_workers().await;
    let id = session(&app, "verified").await;
    let answer = app.client.verify_clip(&id, CLIP).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    let best = answer.body["best_frame_b64"].as_str().unwrap();
    let best = image::load_from_memory(&STANDARD.decode_to_vec(best).unwrap()).unwrap();
    assert_eq!((best.width(), best.height()), (320, 240));
}

#[tokio::test]
async fn a_capture_needs_no_face_no_tags_and_no_time() {
    let app = spawn_without_workers().await;
    // The server draws the challenge; the capture has other tags, and claims to be older than the session.
    let id = session(&app, "verified").await;
    let mut body = Capture::of([("center", Scene::empty()); 8]).body(&id);
    for (index, frame) in body["frames"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        frame["timestamp_ms"] = json!(10_000 * index);
    }
    let answer = app.client.verify_raw(&body).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

#[tokio::test]
async fn a_test_key_has_the_limits_of_any_other() {
    let app = spawn_with_key(NewKey {
        requests_per_minute: 2,
        ..test_key()
    })
    .await;
    let id = session(&app, "verified").await;
    app.client.verify(&id, &nobody()).await;
    let refused = app.client.create(&json!({})).await;
    refused.assert_error(429, "RATE_LIMIT");
    assert_test(&refused);

    let app = spawn_with_key(NewKey {
        concurrency: 1,
        ..test_key()
    })
    .await;
    let (slow, other) = (
        session(&app, "delay:400").await,
        session(&app, "verified").await,
    );
    let capture = nobody();
    let second = async |app: &App| {
        app.until_state(&slow, "processing").await;
        app.client.verify(&other, &capture).await
    };
    let (first, refused) = tokio::join!(app.client.verify(&slow, &capture), second(&app));
    assert_eq!(first.body["verified"], json!(true));
    refused.assert_error(429, "CONCURRENCY_LIMIT");
    let again = app.client.verify(&other, &capture).await;
    assert_eq!(again.body["verified"], json!(true));

    let off = NewKey {
        liveness: false,
        ..test_key()
    };
    let app = spawn_with_key(off).await;
    let refused = app.client.create(&json!({})).await;
    refused.assert_error(403, "LIVENESS_DISABLED");
    assert_test(&refused);
}
