//! What the document claims outside its tables.

use std::collections::BTreeSet;

use livegate_tests::app::spawn_app;
use livegate_tests::scripted::{Scene, png};
use serde_json::json;

use super::{assert_fields, assert_live, create, doing, frames, show, two_people, types};

#[tokio::test]
async fn a_session_is_created_shown_frames_and_completed_with_a_verdict() {
    let app = spawn_app().await;
    // Three for standard security, five for high-security flows.
    for number in [3, 5] {
        let query = format!("num_challenges={number}&timeout_seconds=60");
        let created = app.client.interactive(&query).await;
        let challenges = types(&created);
        assert_eq!(challenges.len(), number);
        for challenge in created.body["challenges"].as_array().unwrap() {
            assert!(challenge["instruction"].as_str().unwrap().len() > 4);
        }
        let id = created.body["session_id"].as_str().unwrap();
        let answers = frames(&app, id, &doing(&challenges)).await;
        let passed = answers.iter().filter(|a| a.body["passed"] == json!(true));
        let passed: Vec<&str> = passed
            .map(|a| a.body["challenge_type"].as_str().unwrap())
            .collect();
        assert_eq!(passed, challenges);
        assert_live(answers.last().unwrap());
        assert_live(&app.client.interactive_status(id).await);
    }
}

#[tokio::test]
async fn challenges_are_chosen_at_random() {
    let app = spawn_app().await;
    let mut drawn = BTreeSet::new();
    for _ in 0..20 {
        drawn.insert(types(&app.client.interactive("").await));
    }
    // There are 210: of 20 draws nearly all differ, and nearly every challenge is among them.
    assert!(drawn.len() > 10, "{drawn:?}");
    let seen: BTreeSet<&String> = drawn.iter().flatten().collect();
    assert!(seen.len() > 5, "{seen:?}");
}

/// A head that turns to its left and back within two seconds, seen so many times a second.
fn turn(frames_a_second: u16) -> Vec<Scene> {
    let frames = 2 * frames_a_second;
    let angle =
        |frame: u16| -35.0 * (std::f32::consts::PI * f32::from(frame) / f32::from(frames)).sin();
    (0..=frames)
        .map(|frame| Scene::turned(angle(frame)))
        .collect()
}

#[tokio::test]
async fn five_to_ten_frames_a_second_are_enough_and_are_taken() {
    let app = spawn_app().await;
    for frames_a_second in [5, 10] {
        let answers = show(&app, "TURN_LEFT", &turn(frames_a_second)).await;
        assert_live(answers.last().unwrap());
    }
    // As many as five seconds give, as fast as they come in.
    let id = create(&app, "challenges=SMILE&timeout_seconds=60").await;
    let neutral = png(&Scene::default());
    let mut next = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..50 {
        next.tick().await;
        assert_eq!(app.client.frame(&id, &neutral).await.status, 200);
    }
}

#[tokio::test]
async fn a_session_that_failed_is_retried_with_a_new_one() {
    let app = spawn_app().await;
    let id = create(&app, "challenges=SMILE").await;
    let failed = [("state", json!("failed"))];
    let answers = frames(&app, &id, &[two_people(), two_people()]).await;
    assert_fields(&answers[1], &failed);
    // Gracefully: it answers, and stays what it is.
    for answer in frames(&app, &id, &doing(&["SMILE"])).await {
        assert_fields(&answer, &failed);
    }
    let answers = show(&app, "SMILE", &doing(&["SMILE"])).await;
    assert_live(answers.last().unwrap());
}

#[tokio::test]
async fn somebody_else_does_not_complete_the_session() {
    let app = spawn_app().await;
    let mut scenes = doing(&["TURN_LEFT", "SMILE"]);
    for scene in &mut scenes[3..] {
        scene.person = 1;
    }
    // Of one face that is not the person's the session takes no notice, of two it does.
    scenes.extend([scenes[4]; 2]);
    let answers = show(&app, "TURN_LEFT,SMILE", &scenes).await;
    let fields = [
        ("session_complete", json!(false)),
        ("is_live", json!(false)),
        ("reason_codes", json!(["different_persons_detected"])),
    ];
    assert_fields(answers.last().unwrap(), &fields);
}
