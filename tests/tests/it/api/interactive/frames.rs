//! Frames: what they answer, what they may be, and how often.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use livegate_api::config::ServerConfig;
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::scripted::{Act, Scene, jpeg, png};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

#[tokio::test]
async fn all_challenges_passed_complete_the_session_with_a_verdict() {
    let app = spawn_app().await;
    let created = app
        .client
        .interactive("num_challenges=7&timeout_seconds=30")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let challenges = created.body["challenges"].as_array().unwrap();
    for (done, challenge) in challenges.iter().enumerate() {
        let challenge = challenge["type"].as_str().unwrap();
        let answer = app.client.play(id, &Scene::doing(challenge)).await;
        let body = &answer.body;
        let remaining = challenges.len() - done - 1;
        assert_eq!(
            (&body["session_id"], &body["challenge_type"]),
            (&json!(id), &json!(challenge))
        );
        assert_eq!(
            (&body["passed"], &body["feedback"]),
            (&json!(true), &Value::Null),
            "{body}"
        );
        assert_eq!(body["challenges_remaining"], json!(remaining));
        assert!(body["confidence"].as_f64().unwrap() >= 0.5);
        assert_eq!(body["session_complete"], json!(remaining == 0));
        if remaining > 0 {
            assert_eq!(
                (&body["state"], &body["is_live"]),
                (&json!("in_progress"), &Value::Null)
            );
            assert!(body.get("reason_codes").is_none());
        } else {
            assert_eq!(
                (&body["state"], &body["is_live"]),
                (&json!("completed"), &json!(true)),
                "{body}"
            );
            assert_eq!(
                body["reason_codes"],
                json!([
                    "liveness_passed",
                    "challenge_completed",
                    "no_spoof_detected"
                ])
            );
            assert_eq!(body["anti_spoof_avg_score"], json!(0.95));
            assert_eq!(body["same_person_score"], json!(1.0));
            assert!(body.get("rejection_details").is_none());
        }
    }
    let status = app.client.interactive_status(id).await;
    assert_eq!(
        (&status.body["state"], &status.body["is_live"]),
        (&json!("completed"), &json!(true))
    );
    // Frames after the end change nothing.
    let late = app.client.play(id, &[Scene::empty()]).await;
    assert_eq!(
        (&late.body["state"], &late.body["is_live"]),
        (&json!("completed"), &json!(true))
    );
    assert_eq!(
        (&late.body["challenge_type"], &late.body["passed"]),
        (&Value::Null, &json!(false))
    );
    let records = app.stop().await;
    assert_eq!(
        (records.len(), &records[0]["verdict"], &records[0]["mode"]),
        (1, &json!("verified"), &json!("interactive"))
    );
    assert!(
        records[0]["frames"].as_u64().unwrap() >= 18,
        "{}",
        records[0]
    );
}

#[tokio::test]
async fn mirrored_frames_are_turned_back() {
    let app = spawn_app().await;
    for (query, yaw) in [
        ("", -1.0),
        ("&mirrored=false", -1.0),
        ("&mirrored=true", 1.0),
    ] {
        let created = app
            .client
            .interactive(&format!("challenges=TURN_LEFT{query}"))
            .await;
        let id = created.body["session_id"].as_str().unwrap();
        let to = |degrees: f32| Scene::turned(yaw * degrees);
        let answer = app.client.play(id, &[to(0.0), to(14.0), to(30.0)]).await;
        assert_eq!(answer.body["is_live"], json!(true), "{query}");
        let other = app
            .client
            .interactive(&format!("challenges=TURN_RIGHT{query}"))
            .await;
        let other = other.body["session_id"].as_str().unwrap();
        let answer = app.client.play(other, &[to(0.0), to(14.0), to(30.0)]).await;
        assert_eq!(answer.body["state"], json!("in_progress"), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_image_leaves_the_session_as_it_was() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    let path = format!("/api/v1/liveness/sessions/{id}/frame");
    let post = || app.client.request(Method::POST, &path);
    let send = livegate_tests::client::Client::send;
    let form = |name: &'static str| Form::new().part(name, Part::bytes(png(&Scene::default())));
    send(post().multipart(form("picture")))
        .await
        .assert_error(400, "MISSING_FIELDS");
    send(post().json(&json!({"image": "x"})))
        .await
        .assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    app.client
        .frame(&id, b"no picture")
        .await
        .assert_error(400, "INVALID_FRAME_FORMAT");
    app.client
        .frame(&id, &jpeg(100, 400))
        .await
        .assert_error(400, "INVALID_FRAME_FORMAT");
    let whole = jpeg(640, 480);
    app.client
        .frame(&id, &whole[..whole.len() / 2])
        .await
        .assert_error(400, "INVALID_FRAME_FORMAT");
    app.client
        .frame(&id, &vec![0; (10 << 20) + 1])
        .await
        .assert_error(413, "FRAME_TOO_LARGE");
    let status = app.client.interactive_status(&id).await;
    assert_eq!(status.body["state"], "pending", "its clock has not started");
}

#[tokio::test]
async fn a_session_takes_twenty_frames_a_second_after_a_burst_of_forty() {
    let app = spawn(Options {
        ..Options::default()
    })
    .await;
    let created = app
        .client
        .interactive("challenges=SMILE&timeout_seconds=60")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let neutral = png(&Scene::default());
    let began = Instant::now();
    let answers = join_all((0..150).map(|_| app.client.frame(id, &neutral))).await;
    let most = 41 + 20 * (began.elapsed().as_secs() + 1);
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    assert!(
        (40..=most as usize).contains(&taken.len()),
        "{}",
        taken.len()
    );
    assert!(!refused.is_empty(), "no frame was refused");
    refused
        .iter()
        .for_each(|a| a.assert_error(429, "RATE_LIMIT"));
    let other = app.client.interactive_session("SMILE").await;
    let answer = app.client.frame(&other, &neutral).await;
    assert_eq!(
        answer.status, 200,
        "another session has a bucket of its own"
    );
}

#[tokio::test]
async fn a_frame_that_cannot_be_measured_does_not_count() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    for act in [Act::Fail, Act::Panic] {
        let failing = Scene {
            act,
            ..Scene::default()
        };
        app.client
            .frame(&id, &png(&failing))
            .await
            .assert_error(502, "PROCESSING_ERROR");
    }
    assert_eq!(
        app.client.interactive_status(&id).await.body["state"],
        "pending"
    );
    let answer = app.client.play(&id, &Scene::doing("SMILE")).await;
    assert_eq!(answer.body["is_live"], json!(true));
    let records = app.stop().await;
    assert_eq!((records.len(), &records[0]["frames"]), (1, &json!(2)));
}

#[tokio::test]
async fn more_live_frames_than_are_looked_at_in_time_are_refused_at_once() {
    let app = spawn(Options {
        workers: 0,
        server: ServerConfig {
            verify_timeout: Duration::from_secs(2),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(app.client.interactive_session("SMILE").await);
    }
    // Together they take several seconds of a thread.
    let neutral = png(&Scene::default());
    let frames = ids.iter().flat_map(|id| std::iter::repeat_n(id, 35));
    let answers = join_all(frames.map(|id| app.client.frame(id, &neutral))).await;
    let with = |status: u16| {
        answers
            .iter()
            .filter(|a| a.status == status)
            .collect::<Vec<_>>()
    };
    // Nobody measures: those that were let in end at their deadline.
    let (waited, refused) = (with(502), with(429));
    assert!(!waited.is_empty() && !refused.is_empty() && waited.len() + refused.len() == 8 * 35);
    refused
        .iter()
        .for_each(|a| a.assert_error(429, "CONCURRENCY_LIMIT"));
    assert_eq!(
        app.client.interactive_status(&ids[0]).await.body["state"],
        "pending"
    );
}
