//! "Optional body fields" of a session: what is allowed, and the default in effect.

use livegate_api::keys::create::NewKey;
use livegate_liveness::challenge::Action;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

use super::{assert_failed, assert_verified, eyes, movement, verify_with};

/// Ends the test unless the range includes its ends, and what is just outside is refused with it.
async fn assert_range(app: &App, field: &str, (min, max): (f64, f64), outside: [f64; 2]) {
    for allowed in [min, max] {
        let created = app.client.create(&json!({ field: allowed })).await;
        assert_eq!(created.status, 200, "{field} {allowed}: {}", created.body);
    }
    for value in outside
        .map(Value::from)
        .into_iter()
        .chain([json!("25"), json!([25])])
    {
        let refused = app.client.create(&json!({ field: value })).await;
        refused.assert_error(400, "INVALID_INPUT");
        assert_eq!(
            refused.error(),
            format!("{field} must be a number from {min} to {max}.")
        );
    }
}

/// The challenges of twelve sessions that name no actions.
async fn default_challenges(client: &Client) -> Vec<Vec<String>> {
    let mut challenges = Vec::new();
    for _ in 0..12 {
        let created = client.create(&json!({})).await;
        challenges.push(serde_json::from_value(created.body["challenge"].clone()).unwrap());
    }
    challenges
}

/// Ends the test unless each is this set, and their order varies.
#[track_caller]
fn assert_shuffled(challenges: &[Vec<String>], set: &[&str]) {
    for challenge in challenges {
        let mut sorted = challenge.clone();
        sorted.sort();
        assert_eq!(sorted, set);
    }
    // The same order twelve times: once in 6^11 for three actions, in 120^11 for five.
    assert!(challenges.iter().any(|c| *c != challenges[0]));
}

#[tokio::test]
async fn actions() {
    let app = spawn_app().await;
    for asked in [
        json!(["turn_left", "turn_right"]),
        json!(["turn_right", "turn_left"]),
        json!(["blink", "turn_up", "turn_down"]),
        json!(["blink", "turn_down", "turn_up", "turn_right", "turn_left"]),
    ] {
        let created = app.client.create(&json!({ "actions": asked })).await;
        assert_eq!(created.body["challenge"], asked, "{}", created.body);
    }
    for refused in [
        json!([]),
        json!(["blink"]),
        json!(["blink", "blink"]),
        json!(["blink", "smile"]),
        json!(["blink", "Turn_Left"]),
        json!(["blink", 5]),
        json!("blink,turn_up"),
    ] {
        let answer = app.client.create(&json!({ "actions": refused })).await;
        answer.assert_error(400, "INVALID_INPUT");
        let rule = "actions must be an array of at least 2 different ones of turn_left, turn_right, \
                    turn_up, turn_down, blink";
        assert!(answer.error().starts_with(rule), "{}", answer.error());
    }

    let all = ["blink", "turn_down", "turn_left", "turn_right", "turn_up"];
    assert_shuffled(&default_challenges(&app.client).await, &all);
    let own = app.add_key(&NewKey {
        actions: Some(vec![Action::Blink, Action::TurnUp, Action::TurnLeft]),
        ..NewKey::named("three actions")
    });
    let own = app.client.with_key(&own.secret);
    app.until_known(&own).await;
    assert_shuffled(
        &default_challenges(&own).await,
        &["blink", "turn_left", "turn_up"],
    );
}

#[tokio::test]
async fn yaw_deg() {
    let app = spawn_app().await;
    assert_range(&app, "yaw_deg", (15.0, 40.0), [14.99, 40.01]).await;
    let actions = ["turn_right", "blink"];
    for (asked, at, short) in [
        (json!({ "actions": actions }), 25.0, 24.9),
        (json!({ "actions": actions, "yaw_deg": null }), 25.0, 24.9),
        (json!({ "actions": actions, "yaw_deg": 15 }), 15.0, 14.9),
        (json!({ "actions": actions, "yaw_deg": 32.5 }), 32.5, 32.4),
        (json!({ "actions": actions, "yaw_deg": 40 }), 40.0, 39.9),
    ] {
        let capture = movement("turn_right", Scene::turned(at));
        assert_verified(&verify_with(&app, &asked, &capture).await);
        let capture = movement("turn_right", Scene::turned(short));
        let answer = verify_with(&app, &asked, &capture).await;
        let (at, short) = (f64::from(at), tenths(short));
        assert_failed(&answer, "turn_right", "not_reached", (short, at, "degrees"));
    }
}

#[tokio::test]
async fn pitch_deg() {
    let app = spawn_app().await;
    assert_range(&app, "pitch_deg", (10.0, 30.0), [9.99, 30.01]).await;
    let actions = ["turn_down", "blink"];
    let looking = |pitch| Scene {
        pitch,
        ..Scene::default()
    };
    for (asked, required, at, short) in [
        (json!({ "actions": actions }), 20.0, 20.0, 19.9),
        (
            json!({ "actions": actions, "pitch_deg": null }),
            20.0,
            20.0,
            19.9,
        ),
        (
            json!({ "actions": actions, "pitch_deg": 10 }),
            10.0,
            10.0,
            9.9,
        ),
        (
            json!({ "actions": actions, "pitch_deg": 12.5 }),
            12.5,
            12.5,
            12.4,
        ),
        (
            json!({ "actions": actions, "pitch_deg": 30 }),
            30.0,
            30.0,
            29.9,
        ),
    ] {
        let capture = movement("turn_down", looking(at));
        assert_verified(&verify_with(&app, &asked, &capture).await);
        let capture = movement("turn_down", looking(short));
        let answer = verify_with(&app, &asked, &capture).await;
        let numbers = (tenths(short), required, "degrees");
        assert_failed(&answer, "turn_down", "not_reached", numbers);
    }
}

#[tokio::test]
async fn blink_ear() {
    let app = spawn_app().await;
    assert_range(&app, "blink_ear", (0.12, 0.28), [0.119, 0.281]).await;
    let actions = ["turn_left", "blink"];
    for (asked, below, at) in [
        (json!({ "actions": actions }), 0.199, 0.2),
        (json!({ "actions": actions, "blink_ear": null }), 0.199, 0.2),
        (
            json!({ "actions": actions, "blink_ear": 0.12 }),
            0.119,
            0.12,
        ),
        (
            json!({ "actions": actions, "blink_ear": 0.28 }),
            0.279,
            0.28,
        ),
    ] {
        // Eyes so wide open that even the largest value is well below them.
        assert_verified(&verify_with(&app, &asked, &eyes(0.5, below, 0.5)).await);
        let answer = verify_with(&app, &asked, &eyes(0.5, at, 0.5)).await;
        let at = (f64::from(at) * 100.0).round() / 100.0;
        assert_failed(
            &answer,
            "blink",
            "not_reached",
            (at, at, "eye_aspect_ratio"),
        );
    }
}

/// As the API prints it: without the noise of an f32.
fn tenths(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}
