//! Outcomes of interactive sessions.

use std::collections::BTreeSet;

use livegate_api::config::{Origins, ServerConfig};
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::{Answer, Client};
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

use super::{assert_test, documented_errors, id_of, live_session, spawn_without_workers, test_key};

/// Frames that pass a challenge of a test session.
const FRAMES: usize = 3;

/// Sends pictures of nobody until the session is over, at most this number; returns all answers.
async fn play(client: &Client, id: &str, most: usize) -> Vec<Answer> {
    let mut answers = Vec::new();
    for _ in 0..most {
        let answer = client.frame(id, &png(&Scene::empty())).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_test(&answer);
        let is_over = answer.body["state"] != "in_progress";
        answers.push(answer);
        if is_over {
            break;
        }
    }
    answers
}

#[tokio::test]
async fn three_pictures_of_anything_pass_each_challenge() {
    let app = spawn_without_workers().await;
    for query in ["", "num_challenges=3&test_outcome=verified"] {
        let created = live_session(&app, query).await;
        let answers = play(&app.client, id_of(&created), 20).await;
        assert_eq!(answers.len(), 3 * FRAMES);
        let mut hints = BTreeSet::new();
        for (position, answer) in answers.iter().enumerate() {
            let (body, passes) = (&answer.body, position % FRAMES == 2);
            assert_eq!(
                body["challenge_type"],
                created.body["challenges"][position / FRAMES]["type"]
            );
            assert_eq!(body["passed"], json!(passes));
            assert_eq!(body["confidence"].as_f64().unwrap() >= 0.5, passes);
            if position % FRAMES == 0 {
                assert_eq!(body["feedback"], "keep_going");
            }
            hints.insert(body["feedback"].as_str());
        }
        assert!(hints.len() > 3, "{hints:?}");
        let last = &answers[8].body;
        assert_eq!(
            (&last["state"], &last["is_live"], &last["session_complete"]),
            (&json!("completed"), &json!(true), &json!(true))
        );
        assert_eq!(
            last["reason_codes"],
            json!([
                "liveness_passed",
                "challenge_completed",
                "no_spoof_detected"
            ])
        );
        assert!(last["anti_spoof_avg_score"].as_f64().unwrap() >= 0.5);
        let status = app.client.interactive_status(id_of(&created)).await;
        assert_test(&status);
        assert_eq!(status.body["is_live"], json!(true));
    }
}

#[tokio::test]
async fn each_reason_of_a_live_session_can_be_asked_for() {
    let app = spawn_without_workers().await;
    for (reason, state, frames, detail) in [
        (
            "insufficient_face_detections",
            "completed",
            2 * FRAMES,
            "face_detection_ratio",
        ),
        (
            "different_persons_detected",
            "failed",
            FRAMES,
            "same_person_score",
        ),
        ("spoof_detected", "completed", 2 * FRAMES, "threshold"),
    ] {
        let query = format!("challenges=BLINK,TURN_LEFT&test_outcome={reason}");
        let created = live_session(&app, &query).await;
        let answers = play(&app.client, id_of(&created), 20).await;
        assert_eq!(answers.len(), frames, "{reason}");
        let last = &answers[frames - 1].body;
        assert_eq!(
            (&last["state"], &last["is_live"]),
            (&json!(state), &json!(false))
        );
        assert_eq!(last["reason_codes"], json!([reason]));
        assert!(last["rejection_details"][detail].is_number(), "{last}");
        // The browser learns as much as of a real session.
        let token = created.body["client_token"].as_str().unwrap();
        let browser = app.client.with_token(token);
        let status = browser.interactive_status(id_of(&created)).await;
        assert_test(&status);
        assert!(status.body.get("rejection_details").is_none());
        let told = status.body.get("reason_codes").is_some();
        assert_eq!(told, reason == "insufficient_face_detections");
    }
}

#[tokio::test]
async fn a_failed_challenge_shows_every_hint_and_ends_with_its_time() {
    let app = spawn_without_workers().await;
    let created = live_session(
        &app,
        "challenges=SMILE,TURN_LEFT&timeout_seconds=1&test_outcome=challenge_failed",
    )
    .await;
    let id = id_of(&created);
    let answers = play(&app.client, id, FRAMES + 10).await;
    assert_eq!(answers.len(), FRAMES + 10);
    let hints: BTreeSet<&str> = answers[FRAMES..]
        .iter()
        .map(|a| a.body["feedback"].as_str().unwrap())
        .collect();
    let document = app.client.get("/openapi.json").await.body;
    let all = document["components"]["schemas"]["Feedback"]["enum"].clone();
    let all: Vec<String> = serde_json::from_value(all).unwrap();
    assert_eq!(hints, all.iter().map(String::as_str).collect());
    let over = app
        .until(
            async || app.client.interactive_status(id).await,
            |status| status.body["state"] == "failed",
        )
        .await;
    assert_eq!(over.body["reason_codes"], json!(["challenge_failed"]));
    let details = &over.body["rejection_details"];
    assert_eq!(details["completed_actions"], json!(["SMILE"]));
    assert_eq!(details["failed_actions"][0]["action"], "TURN_LEFT");
}

#[tokio::test]
async fn a_session_can_have_expired_at_its_first_frame() {
    let app = spawn_without_workers().await;
    let created = live_session(&app, "test_outcome=expired").await;
    let id = id_of(&created);
    let answers = play(&app.client, id, 2).await;
    let first = &answers[0].body;
    assert_eq!(
        (&first["state"], &first["challenge_type"]),
        (&json!("expired"), &Value::Null)
    );
}

#[tokio::test]
async fn each_documented_error_of_a_frame_can_be_asked_for() {
    let app = spawn_without_workers().await;
    let documented = documented_errors(&app, "/api/v1/liveness/sessions/{id}/frame").await;
    assert!(documented.len() >= 12, "{documented:?}");
    for (status, code) in documented {
        let created = live_session(&app, &format!("test_outcome={code}")).await;
        let token = created.body["client_token"].as_str().unwrap();
        let browser = app.client.with_token(token);
        for client in [&app.client, &browser] {
            let answer = client.frame(id_of(&created), &png(&Scene::empty())).await;
            answer.assert_error(status, &code);
            assert_test(&answer);
        }
        let state = app.client.interactive_status(id_of(&created)).await;
        assert_eq!(state.body["state"], "pending", "{code}");
    }
}

#[tokio::test]
async fn an_error_before_a_verdict_is_answered_once() {
    let app = spawn_without_workers().await;
    let query = "challenges=BLINK&test_outcome=PROCESSING_ERROR,verified";
    let created = live_session(&app, query).await;
    let id = id_of(&created);
    let refused = app.client.frame(id, &png(&Scene::empty())).await;
    refused.assert_error(502, "PROCESSING_ERROR");
    let answers = play(&app.client, id, 20).await;
    assert_eq!(answers.last().unwrap().body["is_live"], json!(true));
}

#[tokio::test]
async fn a_picture_is_checked_and_a_real_session_can_be_cancelled() {
    let app = spawn_without_workers().await;
    let created = live_session(&app, "").await;
    let id = id_of(&created);
    for bytes in [&b"GIF89a\x01\0"[..], b""] {
        let answer = app.client.frame(id, bytes).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        assert_test(&answer);
    }
    let cancelled = app.client.cancel(id).await;
    assert_eq!(cancelled.body["cancelled"], json!(id));
    assert_test(&cancelled);
    let gone = app.client.interactive_status(id).await;
    gone.assert_error(404, "SESSION_NOT_FOUND");
    assert_test(&gone);
}

#[tokio::test]
async fn the_outcome_may_stand_in_the_body_and_stands_once() {
    let app = spawn_without_workers().await;
    let create = async |app: &App, query: &str, body: Value| {
        let path = format!("/api/v1/liveness/sessions?{query}");
        app.client.post(&path, &body).await
    };
    let outcome = json!({"test_outcome": "spoof_detected"});
    let created = create(&app, "challenges=BLINK", outcome.clone()).await;
    let answers = play(&app.client, id_of(&created), 20).await;
    assert_eq!(
        answers.last().unwrap().body["reason_codes"],
        json!(["spoof_detected"])
    );
    for (query, body) in [
        ("test_outcome=verified", outcome),
        ("test_outcome=nope", json!({})),
        ("test_outcome=invalid_input", json!({})),
        (
            "",
            json!({"test_outcome": "spoof_detected+challenge_failed"}),
        ),
        ("", json!({"test_outcome": 7})),
    ] {
        let refused = create(&app, query, body).await;
        refused.assert_error(400, "INVALID_INPUT");
        assert!(
            refused.error().contains("test_outcome"),
            "{}",
            refused.error()
        );
        assert_test(&refused);
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_read_the_mark() {
    let origin = "https://app.example.com";
    let app = spawn(Options {
        key: test_key(),
        server: ServerConfig {
            cors_origins: origin.parse::<Origins>().unwrap(),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await;
    let created = live_session(&app, "").await;
    let path = format!("/api/v1/liveness/sessions/{}", id_of(&created));
    let token = created.body["client_token"].as_str().unwrap();
    let browser = app.client.with_token(token);
    let request = browser.request(reqwest::Method::GET, &path);
    let answer = Client::send(request.header("origin", origin)).await;
    assert_test(&answer);
    let exposed = answer.headers["access-control-expose-headers"]
        .to_str()
        .unwrap();
    assert!(
        exposed.split(", ").any(|name| name == "x-livegate-test"),
        "{exposed}"
    );
}
