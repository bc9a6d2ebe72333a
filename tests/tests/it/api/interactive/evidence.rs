//! The verdict is the whole one, and nothing of it is left lying about.

use livegate_tests::app::spawn_app;
use livegate_tests::scripted::Scene;
use serde_json::json;

#[tokio::test]
async fn a_replay_that_passes_every_challenge_is_completed_and_not_live() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("TURN_LEFT,SMILE").await;
    let replayed = |challenge: &str| -> Vec<Scene> {
        let scenes = Scene::doing(challenge).into_iter();
        scenes
            .map(|s| Scene {
                bona_fide: 0.1,
                ..s
            })
            .collect()
    };
    app.client.play(&id, &replayed("TURN_LEFT")).await;
    let answer = app.client.play(&id, &replayed("SMILE")).await;
    let body = &answer.body;
    assert_eq!(
        (&body["state"], &body["session_complete"]),
        (&json!("completed"), &json!(true))
    );
    assert_eq!(
        (&body["is_live"], &body["passed"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(body["reason_codes"], json!(["spoof_detected"]));
    let details = &body["rejection_details"];
    assert_eq!(
        (&details["anti_spoof_avg_score"], &details["threshold"]),
        (&json!(0.1), &json!(0.5))
    );
    let weakest = &details["evidence"][0];
    assert_eq!(
        (&weakest["name"], &weakest["measured"], &weakest["required"]),
        (&json!("weakest_part"), &json!(0.1), &json!(0.5))
    );
}

#[tokio::test]
async fn a_face_swapped_in_where_it_would_decide_passes_nothing_and_again_ends_the_session() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("TURN_LEFT").await;
    let [rest, way, there] = Scene::doing("TURN_LEFT")[..] else {
        panic!("three frames")
    };
    let swapped = Scene { person: 7, ..there };
    // One may be an accident: a hand before the face. It passes nothing.
    let answer = app.client.play(&id, &[rest, way, swapped]).await;
    assert_eq!(
        (&answer.body["state"], &answer.body["passed"]),
        (&json!("in_progress"), &json!(false)),
        "{}",
        answer.body
    );
    // A second one is not. Only frames that were measured as a whole have a face to compare.
    let mut body = answer.body;
    for _ in 0..40 {
        if body["state"] != "in_progress" {
            break;
        }
        body = app.client.play(&id, &[swapped]).await.body;
    }
    assert_eq!(
        (&body["state"], &body["is_live"], &body["session_complete"]),
        (&json!("failed"), &json!(false), &json!(false))
    );
    assert_eq!(body["reason_codes"], json!(["different_persons_detected"]));
    assert_eq!(body["rejection_details"]["same_person_score"], json!(0.0));
}

#[tokio::test]
async fn a_second_person_beside_the_first_ends_the_session() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    let two = Scene {
        faces: 2,
        ..Scene::default()
    };
    assert_eq!(
        app.client.play(&id, &[Scene::default(), two]).await.body["state"],
        json!("in_progress")
    );
    let body = app.client.play(&id, &[two]).await.body;
    assert_eq!(
        (&body["state"], &body["reason_codes"]),
        (&json!("failed"), &json!(["different_persons_detected"]))
    );
    assert_eq!(
        body["rejection_details"]["evidence"][0]["name"],
        json!("second_face_frames")
    );
}

#[tokio::test]
async fn a_still_passes_nothing_however_often_it_is_sent() {
    let app = spawn_app().await;
    for (challenge, still) in [
        ("TURN_LEFT", Scene::turned(-35.0)),
        ("LOOK_DOWN", Scene::nodding(30.0)),
        ("BLINK", Scene::eyes_closed()),
        ("SMILE", Scene::smiling()),
        ("OPEN_MOUTH", Scene::mouth_open()),
    ] {
        let id = app.client.interactive_session(challenge).await;
        let body = app.client.play(&id, &[still; 15]).await.body;
        assert_eq!(
            (&body["state"], &body["challenges_remaining"]),
            (&json!("in_progress"), &json!(1)),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn the_store_holds_ciphertext_and_after_the_end_no_evidence() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    let name = format!("interactive:{id}");
    let stored = async || {
        app.services
            .sessions
            .load(&name)
            .await
            .unwrap()
            .unwrap()
            .value
    };
    app.client.play(&id, &Scene::doing("SMILE")[..1]).await;
    let running = stored().await;
    // An embedding of 512 numbers is in it, and nothing of it shows.
    assert!(running.len() > 2048, "{} bytes", running.len());
    assert!(!running.windows(64).any(|w| w.iter().all(|b| *b == 0)));
    app.client.play(&id, &Scene::doing("SMILE")[1..]).await;
    let ended = stored().await;
    assert!(ended.len() < 300, "{} bytes", ended.len());
}
