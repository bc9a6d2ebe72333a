//! What the document claims outside its tables.

use livegate_tests::app::spawn_app;
use livegate_tests::scripted::{Scene, png};
use serde_json::json;

use super::{assert_fields, assert_live, create, doing, frames, show, two_people};

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
