//! Retry hints: codes for the person, in rejections, statuses and the ends of live sessions, for every caller alike.

use livegate_liveness::measurement::Cues;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Capture;
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

/// The hints of a rejected capture. The session's status has the same.
async fn hints(app: &App, capture: &Capture) -> Value {
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify(&session, capture).await;
    assert_eq!(answer.body["verified"], json!(false), "{}", answer.body);
    let status = app.client.status(&session).await;
    assert_eq!(status.body["retry_hints"], answer.body["retry_hints"]);
    answer.body["retry_hints"].clone()
}

#[tokio::test]
async fn a_rejection_and_its_sessions_status_say_what_to_do_differently() {
    let app = spawn_app().await;
    for (change, expected) in [
        (
            (|_, s| s.yaw = s.yaw.max(-18.0)) as fn(usize, &mut Scene),
            json!(["turn_further_left"]),
        ),
        (|_, s| s.brightness = 20.0, json!(["more_light"])),
    ] {
        // Rejected as a spoof, too, so that good actions are rejected.
        let capture = Capture::left_right(|i, s| {
            s.bona_fide = 0.05;
            change(i, s);
        });
        assert_eq!(hints(&app, &capture).await, expected);
    }
    let company = Capture::left_right(|i, s| {
        s.faces = if i < 3 { 2 } else { 1 };
        s.yaw = s.yaw.min(10.0);
    });
    let expected = json!(["one_person_only", "turn_further_right"]);
    assert_eq!(hints(&app, &company).await, expected);
    let far = Capture::left_right(|_, s| s.face_width = 0.2);
    let expected = json!(["come_closer", "keep_face_in_frame"]);
    assert_eq!(hints(&app, &far).await, expected);
    let soft = Capture::left_right(|i, s| s.detail_px = (i < 4).then_some(8.0));
    assert_eq!(hints(&app, &soft).await[0], json!("hold_still"));
}

#[tokio::test]
async fn spoof_and_identity_evidence_has_no_hint() {
    let app = spawn_app().await;
    for change in [
        (|_, s| s.bona_fide = 0.05) as fn(usize, &mut Scene),
        |i, s| s.person = u16::from(i > 4),
        |i, s| {
            s.picture = [7, 0, 0, 0, 7, 0, 0, 0][i];
            s.yaw = if i == 4 { 0.0 } else { s.yaw };
        },
        |_, s| {
            s.cues = Cues {
                periodicity: Some(5.5),
                border: Some(1.0),
            }
        },
    ] {
        let capture = Capture::left_right(change);
        assert_eq!(hints(&app, &capture).await, json!([]));
    }
    let mut broken = Capture::good();
    broken.0[4].1.truncate(100);
    assert_eq!(hints(&app, &broken).await, json!([]));
}

#[tokio::test]
async fn what_is_verified_pending_or_failed_has_none() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let pending = app.client.status(&session).await;
    assert_eq!(pending.body.get("retry_hints"), None);
    let answer = app.client.verify(&session, &Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    assert_eq!(answer.body.get("retry_hints"), None);
    let verified = app.client.status(&session).await;
    assert_eq!(verified.body.get("retry_hints"), None);
}

#[tokio::test]
async fn a_clip_has_hints_too() {
    let app = spawn_app().await;
    // A turn without poses on the way: the camera missed them.
    let clip = of_scenes(
        &left_right(|_, s| {
            s.yaw = match s.yaw {
                yaw if yaw < -20.0 => -31.0,
                yaw if yaw < 0.0 => 0.0,
                yaw => yaw,
            }
        }),
        15,
    );
    let answer = app
        .client
        .verify_new_clip(&["turn_left", "turn_right"], &clip)
        .await;
    assert_eq!(answer.body["verified"], json!(false), "{}", answer.body);
    assert_eq!(answer.body["retry_hints"], json!(["move_slower"]));
}

#[tokio::test]
async fn the_end_of_a_live_session_has_hints_for_the_key_and_for_the_token() {
    let app = spawn_app().await;
    let created = app
        .client
        .interactive("challenges=TURN_LEFT,SMILE&timeout_seconds=1")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let browser = app
        .client
        .with_token(created.body["client_token"].as_str().unwrap());
    let frames = [0.0, -10.0, -18.0].map(Scene::turned);
    let last = browser.play(id, &frames).await;
    assert_eq!(last.body.get("retry_hints"), None, "{}", last.body);
    let expected = json!(["turn_further_left"]);
    let over = |answer: &livegate_tests::client::Answer| answer.body["state"] == "failed";
    let status = app.until(async || browser.interactive_status(id).await, over);
    assert_eq!(status.await.body["retry_hints"], expected);
    let status = app.client.interactive_status(id).await;
    assert_eq!(status.body["retry_hints"], expected);
    let frame = browser.frame(id, &png(&Scene::default())).await;
    assert_eq!(frame.body["retry_hints"], expected);
}

#[tokio::test]
async fn a_live_session_that_ends_at_once_says_to_be_alone_and_a_spoof_says_nothing() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("TURN_LEFT").await;
    let two = Scene {
        faces: 2,
        ..Scene::default()
    };
    let last = app.client.play(&id, &[Scene::default(), two, two]).await;
    assert_eq!(last.body["state"], json!("failed"), "{}", last.body);
    assert_eq!(last.body["retry_hints"], json!(["one_person_only"]));
    let other = Scene {
        person: 3,
        ..Scene::default()
    };
    for spoil in [
        (|s: &mut Scene| s.bona_fide = 0.01) as fn(&mut Scene),
        |s| s.cues.periodicity = Some(5.5),
    ] {
        let id = app.client.interactive_session("TURN_LEFT").await;
        let mut turn = Scene::doing("TURN_LEFT");
        turn.iter_mut().for_each(spoil);
        let last = app.client.play(&id, &turn).await;
        assert_eq!(last.body["is_live"], json!(false), "{}", last.body);
        assert_eq!(last.body["retry_hints"], json!([]));
    }
    // Another person ends the session at once, which nothing but likeness shows.
    let id = app.client.interactive_session("TURN_LEFT").await;
    let mut answer = app.client.play(&id, &[Scene::default()]).await;
    while answer.body["state"] == "in_progress" {
        answer = app.client.play(&id, &[other]).await;
    }
    assert_eq!(answer.body["state"], json!("failed"), "{}", answer.body);
    assert_eq!(answer.body["retry_hints"], json!([]));
    let live = app.client.interactive_session("TURN_LEFT").await;
    let last = app.client.play(&live, &Scene::doing("TURN_LEFT")).await;
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    assert_eq!(last.body.get("retry_hints"), None);
}
