//! The five states: how a session comes to each, and what its frames and its status say then.

use std::time::Duration;

use livegate_tests::app::spawn_app;
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

use super::{
    assert_fields, assert_live, create, doing, frames, replayed, show, two_people, until, with_ttl,
};

#[tokio::test]
async fn pending() {
    let app = spawn_app().await;
    let created = app.client.interactive("challenges=SMILE,BLINK").await;
    assert_fields(&created, &[("state", json!("pending"))]);
    let id = created.body["session_id"].as_str().unwrap();
    // Reading it submits no frame, and neither does what is no picture.
    for _ in 0..2 {
        let status = app.client.interactive_status(id).await;
        assert_fields(
            &status,
            &[
                ("state", json!("pending")),
                ("challenges", created.body["challenges"].clone()),
                ("challenges_remaining", json!(2)),
            ],
        );
        assert_eq!(status.body.get("is_live"), None);
        app.client.frame(id, b"no picture").await;
    }
}

#[tokio::test]
async fn in_progress() {
    let app = spawn_app().await;
    let id = create(&app, "challenges=SMILE,BLINK&timeout_seconds=60").await;
    // From the first frame on, whatever it shows, until nothing remains.
    let scenes = [
        vec![Scene::empty()],
        doing(&["SMILE"]),
        vec![Scene::default()],
    ]
    .concat();
    for scene in scenes {
        let answer = frames(&app, &id, &[scene]).await.remove(0);
        let status = app.client.interactive_status(&id).await;
        let remaining = answer.body["challenges_remaining"].clone();
        assert_ne!(remaining, json!(0));
        for told in [&answer, &status] {
            let fields = [
                ("state", json!("in_progress")),
                ("challenges_remaining", remaining.clone()),
            ];
            assert_fields(told, &fields);
            assert_eq!(told.body.get("reason_codes"), None);
        }
    }
}

#[tokio::test]
async fn completed() {
    let app = spawn_app().await;
    // All challenges passed, and the verdict is there, whichever it is.
    for (scenes, is_live, reasons) in [
        (
            doing(&["TURN_LEFT"]),
            true,
            json!([
                "liveness_passed",
                "challenge_completed",
                "no_spoof_detected"
            ]),
        ),
        (replayed("TURN_LEFT"), false, json!(["spoof_detected"])),
    ] {
        let id = create(&app, "challenges=TURN_LEFT&timeout_seconds=60").await;
        let answer = frames(&app, &id, &scenes).await.pop().unwrap();
        let status = app.client.interactive_status(&id).await;
        for told in [answer, status] {
            let fields = [
                ("state", json!("completed")),
                ("challenges_remaining", json!(0)),
                ("is_live", json!(is_live)),
                ("reason_codes", reasons.clone()),
            ];
            assert_fields(&told, &fields);
        }
        // It stays what it is.
        let late = frames(&app, &id, &[two_people(), two_people()]).await;
        assert_fields(
            &late[1],
            &[("state", json!("completed")), ("is_live", json!(is_live))],
        );
    }
}

#[tokio::test]
async fn failed() {
    let app = spawn_app().await;
    let of_failed = |reason: &str| {
        [
            ("state", json!("failed")),
            ("is_live", json!(false)),
            ("reason_codes", json!([reason])),
        ]
    };
    // A challenge timed out, the second one.
    let id = create(&app, "challenges=SMILE,BLINK&timeout_seconds=1").await;
    frames(&app, &id, &doing(&["SMILE"])).await;
    let timed_out = until(&app, &id, "failed").await;
    assert_fields(&timed_out, &of_failed("challenge_failed"));
    assert_fields(&timed_out, &[("challenges_remaining", json!(1))]);
    // What would have passed it comes too late.
    for answer in frames(&app, &id, &doing(&["BLINK"])).await {
        assert_fields(&answer, &of_failed("challenge_failed"));
        assert_fields(&answer, &[("passed", json!(false))]);
    }

    // Definitively: more than one person.
    let beside = [Scene::default(), two_people(), two_people()];
    let swapped = Scene {
        person: 1,
        ..Scene::smiling()
    };
    for scenes in [beside.as_slice(), &[Scene::default(), swapped, swapped]] {
        let answer = show(&app, "SMILE", scenes).await.pop().unwrap();
        assert_fields(&answer, &of_failed("different_persons_detected"));
    }
}

#[tokio::test]
async fn expired() {
    let app = with_ttl(Duration::from_millis(300)).await;
    let id = create(&app, "challenges=SMILE").await;
    let status = until(&app, &id, "expired").await;
    assert_fields(&status, &[("is_live", json!(false))]);
    assert_eq!(status.body.get("reason_codes"), None);
    let late = app.client.frame(&id, &png(&Scene::default())).await;
    assert_eq!(late.status, 200, "{}", late.body);
    let fields = [
        ("state", json!("expired")),
        ("challenge_type", Value::Null),
        ("passed", json!(false)),
        ("session_complete", json!(false)),
        ("is_live", json!(false)),
    ];
    assert_fields(&late, &fields);
    let records = app.stop().await;
    assert_eq!(
        (records.len(), &records[0]["verdict"]),
        (1, &json!("expired"))
    );

    // Once begun, a session has its challenges' time, beyond the time that it had to begin.
    let app = with_ttl(Duration::from_millis(1_500)).await;
    let begun = create(&app, "challenges=SMILE&timeout_seconds=60").await;
    frames(&app, &begun, &[Scene::default()]).await;
    let waiting = create(&app, "challenges=SMILE").await;
    until(&app, &waiting, "expired").await;
    assert_live(&frames(&app, &begun, &[Scene::smiling()]).await[0]);
}
