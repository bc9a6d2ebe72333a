//! Creating a session and reading its status.

use livegate_api::keys::create::NewKey;
use livegate_liveness::challenge::Action;
use livegate_tests::app::spawn_app;
use livegate_tests::client::{Capture, Client};
use livegate_tests::scripted::Scene;
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
async fn a_wrong_field_is_named_with_what_is_allowed() {
    let app = spawn_app().await;
    for (body, named) in [
        (json!({"action": ["blink", "turn_up"]}), "\"action\""),
        (json!({"actions": ["blink"]}), "at least 2"),
        (json!({"actions": ["blink", "blink"]}), "actions"),
        (json!({"actions": ["blink", "smile"]}), "turn_up"),
        (json!({"actions": {}}), "actions"),
        (
            json!({"yaw_deg": 14.9}),
            "yaw_deg must be a number from 15 to 40",
        ),
        (json!({"yaw_deg": "25"}), "yaw_deg"),
        (
            json!({"pitch_deg": 30.1}),
            "pitch_deg must be a number from 10 to 30",
        ),
        (
            json!({"blink_ear": 0.29}),
            "blink_ear must be a number from 0.12 to 0.28",
        ),
        (json!({"mirrored": 1}), "mirrored"),
        (json!(["actions"]), "object"),
    ] {
        let answer = app.client.create(&body).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains(named), "{body}: {}", answer.error());
    }
    for body in [
        json!({"yaw_deg": 15}),
        json!({"pitch_deg": 30}),
        json!({"blink_ear": 0.28}),
    ] {
        assert_eq!(app.client.create(&body).await.status, 200, "{body}");
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
async fn the_status_follows_the_session_and_holds_no_biometric_data() {
    let app = spawn_app().await;
    let created = app
        .client
        .create(&json!({"actions": ["turn_left", "turn_right"]}))
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let pending = app.client.status(id).await;
    assert_eq!(
        pending.body,
        json!({
            "session_id": id, "state": "pending", "challenge": ["turn_left", "turn_right"],
            "expires_at": created.body["expires_at"],
        })
    );
    app.client.verify(id, &Capture::good()).await;
    let verified = app.client.status(id).await;
    assert_eq!(
        verified.body,
        json!({
            "session_id": id, "state": "verified", "challenge": ["turn_left", "turn_right"],
            "expires_at": created.body["expires_at"], "verified": true,
            "reason_codes": ["liveness_passed", "challenge_completed", "no_spoof_detected"],
        })
    );
    let rejected = app.client.session(&["turn_left", "turn_right"]).await;
    app.client
        .verify(
            &rejected,
            &Capture::left_right(|_, s| *s = Scene::default()),
        )
        .await;
    let status = app.client.status(&rejected).await;
    assert_eq!(status.body["state"], "rejected");
    assert_eq!(status.body["verified"], json!(false));
    assert_eq!(status.body["reason_codes"], json!(["challenge_failed"]));
}

#[tokio::test]
async fn a_session_that_is_none_or_anothers_is_refused() {
    let app = spawn_app().await;
    let malformed = [
        "live_",
        "live_xyz",
        "other",
        &format!("live_{}", "0".repeat(32)),
        &"x".repeat(9000),
    ];
    for id in malformed {
        app.client
            .verify(id, &Capture::good())
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
    }
    app.client
        .status("live_")
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    let other = app.add_key(&NewKey::named("other"));
    let other = app.client.with_key(&other.secret);
    app.until_known(&other).await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    other
        .status(&id)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    other
        .verify(&id, &Capture::good())
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    // Refused, so not used.
    assert_eq!(
        app.client.verify(&id, &Capture::good()).await.body["verified"],
        json!(true)
    );
}
