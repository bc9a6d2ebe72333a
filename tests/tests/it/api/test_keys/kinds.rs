//! Test keys and live keys are two kinds, and neither gets what the other has.

use livegate_api::keys::change::rotate;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::spawn_app;
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::{Scene, png};
use serde_json::json;

use super::{assert_test, id_of, live_session, nobody, session, spawn_without_workers, test_key};

#[track_caller]
fn assert_unmarked(answer: &Answer) {
    assert!(
        !answer.headers.contains_key("x-livegate-test"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_live_key_refuses_the_field_and_its_answers_have_no_mark() {
    let app = spawn_app().await;
    for outcome in ["verified", "RATE_LIMIT", "nope", ""] {
        let refused = app.client.create(&json!({ "test_outcome": outcome })).await;
        refused.assert_error(400, "INVALID_INPUT");
        assert!(refused.error().contains("tsk_test_"), "{}", refused.error());
        assert_unmarked(&refused);
        let refused = app
            .client
            .interactive(&format!("test_outcome={outcome}"))
            .await;
        refused.assert_error(400, "INVALID_INPUT");
        let body = json!({ "test_outcome": outcome });
        let refused = app.client.post("/api/v1/liveness/sessions", &body).await;
        refused.assert_error(400, "INVALID_INPUT");
    }
    // Left out, as clients write it.
    let created = app.client.create(&json!({ "test_outcome": null })).await;
    assert_eq!(created.status, 200);
    assert_unmarked(&created);
    assert_unmarked(&app.client.verify_new(&Capture::good()).await);
}

#[tokio::test]
async fn an_unknown_outcome_is_refused_and_the_answer_lists_the_allowed_ones() {
    let app = spawn_without_workers().await;
    for outcome in [
        "nope",
        "",
        "liveness_passed",
        "internal_error",
        "delay:99999999",
    ] {
        let refused = app.client.create(&json!({ "test_outcome": outcome })).await;
        refused.assert_error(400, "INVALID_INPUT");
        for allowed in ["verified", "spoof_detected", "PROCESSING_ERROR", "delay:"] {
            assert!(refused.error().contains(allowed), "{}", refused.error());
        }
        assert_test(&refused);
    }
    let refused = app.client.create(&json!({ "test_outcome": 7 })).await;
    refused.assert_error(400, "INVALID_INPUT");
}

#[tokio::test]
async fn a_session_belongs_to_its_key_and_to_its_kind() {
    let app = spawn_app().await;
    let test = app.add_key(&test_key());
    let test = app.client.with_key(&test.secret);
    let created = app.until_known(&test).await;
    let theirs = id_of(&created);
    let live = app.client.session(&["turn_left", "turn_right"]).await;
    for (client, id) in [(&app.client, theirs), (&test, live.as_str())] {
        let status = client.status(id).await;
        status.assert_error(403, "SESSION_FORBIDDEN");
        let verified = client.verify(id, &Capture::good()).await;
        verified.assert_error(403, "SESSION_FORBIDDEN");
    }
}

#[tokio::test]
async fn a_key_whose_kind_is_changed_by_hand_lets_nobody_in() {
    let app = spawn_without_workers().await;
    let id = session(&app, "verified").await;
    let created = live_session(&app, "").await;
    let token = created.body["client_token"].as_str().unwrap();
    let browser = app.client.with_token(token);
    let text = std::fs::read_to_string(&app.keys).unwrap();
    std::fs::write(&app.keys, text.replace("test = true\n", "")).unwrap();
    let refused = app
        .until(
            async || app.client.status(&id).await,
            |answer| answer.status == 401,
        )
        .await;
    refused.assert_error(401, "UNAUTHORIZED");
    let refused = browser.frame(id_of(&created), &png(&Scene::empty())).await;
    refused.assert_error(401, "UNAUTHORIZED");
    // A new secret is a live one, and no session of the test key becomes a live session.
    let live = app
        .client
        .with_key(&rotate(&app.keys, &app.key.id, None).unwrap().secret);
    app.until_known(&live).await;
    for answer in [
        live.status(&id).await,
        live.verify(&id, &nobody()).await,
        live.interactive_status(id_of(&created)).await,
        live.frame(id_of(&created), &png(&Scene::empty())).await,
    ] {
        answer.assert_error(403, "SESSION_FORBIDDEN");
    }
}

#[tokio::test]
async fn a_rotated_test_key_stays_one() {
    let app = spawn_without_workers().await;
    let id = session(&app, "spoof_detected").await;
    let rotated = rotate(&app.keys, &app.key.id, None).unwrap();
    assert!(rotated.secret.starts_with("tsk_test_"));
    let client = app.client.with_key(&rotated.secret);
    app.until_known(&client).await;
    let answer = client.verify(&id, &nobody()).await;
    answer.assert_rejected(&["spoof_detected"]);
    assert_test(&answer);
    let unknown = app.client.with_key(&NewKey::named("x").name);
    assert_unmarked(&unknown.create(&json!({})).await);
}
