//! The fields that a frame is answered with.

use std::time::Duration;

use livegate_tests::app::spawn_app;
use livegate_tests::client::Answer;
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

use super::{assert_fields, create, doing, frames, replayed, show, two_people, until, with_ttl};

/// The values that a field has in these answers, one after the other.
fn values(answers: &[Answer], field: &str) -> Vec<Value> {
    let value = |answer: &Answer| answer.body.get(field).cloned();
    answers.iter().map(|a| value(a).unwrap()).collect()
}

/// What a session that is asked to smile and to open the mouth answers to somebody live who does both,
/// and to a frame after that.
async fn smile_and_open_mouth() -> Vec<Answer> {
    let app = spawn_app().await;
    let scenes = [doing(&["SMILE", "OPEN_MOUTH"]), vec![Scene::default()]].concat();
    show(&app, "SMILE,OPEN_MOUTH", &scenes).await
}

#[tokio::test]
async fn session_id() {
    let app = spawn_app().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = create(&app, "challenges=SMILE").await;
        let told = [("session_id", json!(id))];
        for answer in frames(&app, &id, &doing(&["SMILE", "SMILE"])).await {
            assert_fields(&answer, &told);
        }
        assert_fields(&app.client.interactive_status(&id).await, &told);
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn challenge_type() {
    let answers = smile_and_open_mouth().await;
    // Also of the frame that passes it; of none once the session is over.
    let (smile, open_mouth) = (json!("SMILE"), json!("OPEN_MOUTH"));
    assert_eq!(
        values(&answers, "challenge_type"),
        [
            smile.clone(),
            smile,
            open_mouth.clone(),
            open_mouth,
            Value::Null
        ]
    );
    // The frame that finds the time-out carries the type of the challenge.
    let app = spawn_app().await;
    let id = create(&app, "challenges=SMILE&timeout_seconds=1").await;
    let mut answer = frames(&app, &id, &[Scene::default()]).await.remove(0);
    while answer.body["state"] == "in_progress" {
        assert_fields(&answer, &[("challenge_type", json!("SMILE"))]);
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = frames(&app, &id, &[Scene::default()]).await.remove(0);
    }
    let found = [
        ("state", json!("failed")),
        ("challenge_type", json!("SMILE")),
    ];
    assert_fields(&answer, &found);
    let after = frames(&app, &id, &[Scene::smiling()]).await.remove(0);
    assert_fields(&after, &[("challenge_type", Value::Null)]);
    let status = app.client.interactive_status(&id).await;
    let missed = &status.body["rejection_details"]["failed_actions"][0];
    assert_eq!(
        (&missed["action"], &missed["why"]),
        (&json!("SMILE"), &json!("not_reached"))
    );
}

#[tokio::test]
async fn passed() {
    let answers = smile_and_open_mouth().await;
    let expected = [false, true, false, true, false].map(Value::from);
    assert_eq!(values(&answers, "passed"), expected);
}

#[tokio::test]
async fn confidence() {
    let app = spawn_app().await;
    // From 0 where the head faces the camera, by 0.5 at the angle, to 1 at twice the angle and beyond.
    for (yaw, expected) in [
        (0.0, 0.0),
        (-15.0, 0.3),
        (-25.0, 0.5),
        (-50.0, 1.0),
        (-60.0, 1.0),
    ] {
        let scenes = [0.0, -12.0, yaw].map(Scene::turned);
        let answer = show(&app, "TURN_LEFT", &scenes).await.pop().unwrap();
        assert_fields(
            &answer,
            &[
                ("confidence", json!(expected)),
                ("passed", json!(yaw <= -25.0)),
            ],
        );
    }
    // Nothing is as little as nobody, or the other way.
    for scene in [Scene::empty(), Scene::turned(40.0)] {
        let answers = show(&app, "TURN_LEFT", &[Scene::default(), scene]).await;
        assert_eq!(values(&answers, "confidence"), [json!(0.0), json!(0.0)]);
    }
    // A pass and a confidence of a half are the same, in every challenge.
    let all = [
        "TURN_RIGHT",
        "LOOK_UP",
        "LOOK_DOWN",
        "BLINK",
        "SMILE",
        "OPEN_MOUTH",
    ];
    for answer in show(&app, &all.join(","), &doing(&all)).await {
        let confidence = answer.body["confidence"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&confidence), "{confidence}");
        assert_fields(&answer, &[("passed", json!(confidence >= 0.5))]);
    }
}

#[tokio::test]
async fn challenges_remaining() {
    let answers = smile_and_open_mouth().await;
    assert_eq!(
        values(&answers, "challenges_remaining"),
        [2, 1, 1, 0, 0].map(Value::from)
    );
}

#[tokio::test]
async fn session_complete() {
    let answers = smile_and_open_mouth().await;
    let expected = [false, false, false, true, true].map(Value::from);
    assert_eq!(values(&answers, "session_complete"), expected);
    // Done is done, live or not; over is not done.
    let app = spawn_app().await;
    let attack = show(&app, "TURN_LEFT", &replayed("TURN_LEFT")).await;
    assert_fields(attack.last().unwrap(), &[("session_complete", json!(true))]);
    let failed = show(&app, "SMILE", &[two_people(), two_people()]).await;
    assert_fields(
        &failed[1],
        &[
            ("session_complete", json!(false)),
            ("state", json!("failed")),
        ],
    );
}

#[tokio::test]
async fn is_live() {
    let answers = smile_and_open_mouth().await;
    let (none, live) = (Value::Null, json!(true));
    assert_eq!(
        values(&answers, "is_live"),
        [none.clone(), none.clone(), none, live.clone(), live]
    );
    let app = spawn_app().await;
    let attack = show(&app, "TURN_LEFT", &replayed("TURN_LEFT")).await;
    assert_eq!(
        values(&attack, "is_live"),
        [Value::Null, Value::Null, json!(false)]
    );
    let failed = show(&app, "SMILE", &[two_people(), two_people()]).await;
    assert_eq!(values(&failed, "is_live"), [Value::Null, json!(false)]);
}

#[tokio::test]
async fn state() {
    let answers = smile_and_open_mouth().await;
    let (on, over) = (json!("in_progress"), json!("completed"));
    assert_eq!(
        values(&answers, "state"),
        [on.clone(), on.clone(), on, over.clone(), over]
    );
    let app = spawn_app().await;
    let failed = show(&app, "SMILE", &[two_people(), two_people()]).await;
    assert_eq!(
        values(&failed, "state"),
        [json!("in_progress"), json!("failed")]
    );
    let app = with_ttl(Duration::from_millis(300)).await;
    let id = create(&app, "challenges=SMILE").await;
    until(&app, &id, "expired").await;
    let expired = frames(&app, &id, &[Scene::default()]).await;
    assert_eq!(values(&expired, "state"), [json!("expired")]);
}
