//! Creating a session and reading its status.

use livegate_api::keys::create::NewKey;
use livegate_liveness::challenge::Action;
use livegate_tests::app::spawn_app;
use livegate_tests::client::{Capture, Client};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const ALL: [&str; 5] = ["blink", "turn_down", "turn_left", "turn_right", "turn_up"];

fn keys(body: &Value) -> Vec<&String> {
    let mut keys: Vec<_> = body.as_object().unwrap().keys().collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn a_session_has_the_documented_body() {
    let app = spawn_app().await;
    let before = OffsetDateTime::now_utc();
    let asked = json!({
        "actions": ["turn_left", "blink", "turn_right"], "yaw_deg": 25, "pitch_deg": 18, "blink_ear": 0.20,
    });
    let created = app.client.create(&asked).await;
    assert_eq!(created.status, 200);
    assert_eq!(
        keys(&created.body),
        ["challenge", "config", "expires_at", "session_id"]
    );
    assert_eq!(created.body["challenge"], asked["actions"]);
    assert_eq!(
        created.body["config"],
        json!({"min_images": 8, "max_images": 20, "max_video_size_mb": 25, "accepted_modes": ["images", "video"]})
    );
    let id = created.body["session_id"].as_str().unwrap();
    let digits = id.strip_prefix("live_").unwrap();
    assert!(
        digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        "{id}"
    );
    let text = created.body["expires_at"].as_str().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
    let left = OffsetDateTime::parse(text, &Rfc3339).unwrap() - before;
    assert!((299..=310).contains(&left.whole_seconds()), "{left}");
}

#[tokio::test]
async fn the_body_is_optional_and_its_actions_are_then_shuffled() {
    let app = spawn_app().await;
    let mut orders = Vec::new();
    for round in 0..12 {
        let request = app.client.request(Method::POST, "/v1/liveness/session");
        let created = Client::send(match round % 4 {
            0 => request,
            1 => request.header("content-type", "application/json"),
            2 => request
                .header("content-type", "application/json")
                .body("{}"),
            _ => request.json(&json!({"actions": null, "yaw_deg": null})),
        })
        .await;
        assert_eq!(created.status, 200, "{}", created.body);
        let order: Vec<String> = serde_json::from_value(created.body["challenge"].clone()).unwrap();
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, ALL);
        orders.push(order);
    }
    // The same order twelve times: once in 120^11.
    assert!(orders.iter().any(|o| *o != orders[0]));
}

#[tokio::test]
async fn a_field_that_is_none_or_of_the_wrong_type_is_named() {
    let app = spawn_app().await;
    for (body, named) in [
        (json!({"action": ["blink", "turn_up"]}), "\"action\""),
        (json!({"actions": {}}), "actions"),
        (json!({"mirrored": 1}), "mirrored"),
        (json!(["actions"]), "object"),
    ] {
        let answer = app.client.create(&body).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains(named), "{body}: {}", answer.error());
    }
}

#[tokio::test]
async fn a_key_has_its_own_actions_and_angles_which_a_request_may_replace() {
    let app = spawn_app().await;
    let own = [Action::TurnLeft, Action::TurnRight, Action::Blink];
    let key = app.add_key(&NewKey {
        actions: Some(own.to_vec()),
        yaw_deg: Some(35.0),
        ..NewKey::named("strict")
    });
    let client = app.client.with_key(&key.secret);
    app.until_known(&client).await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        let created = client.create(&json!({})).await;
        let order: Vec<String> = serde_json::from_value(created.body["challenge"].clone()).unwrap();
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, ["blink", "turn_left", "turn_right"]);
        orders.push(order);
    }
    // The same order twelve times: once in 6^11.
    assert!(orders.iter().any(|o| *o != orders[0]));
    // 30 and 32 degrees are enough for 25, not for the key's 35.
    client
        .verify_new(&Capture::good())
        .await
        .assert_rejected(&["challenge_failed"]);
    let asked = client
        .create(&json!({"actions": ["turn_left", "turn_right"], "yaw_deg": 25}))
        .await;
    let answer = client
        .verify(asked.body["session_id"].as_str().unwrap(), &Capture::good())
        .await;
    assert_eq!(answer.body["verified"], json!(true));
}

#[tokio::test]
async fn options_in_the_query_are_refused_and_not_ignored() {
    let app = spawn_app().await;
    for (query, named) in [("yaw_deg=40", "yaw_deg"), ("a%62c", "abc"), ("=1", "\"\"")] {
        let path = format!("/v1/liveness/session?{query}");
        let answer = Client::send(app.client.request(Method::POST, &path)).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains(named), "{}", answer.error());
    }
    let answer = Client::send(app.client.request(Method::POST, "/v1/liveness/session?")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
