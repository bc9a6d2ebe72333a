//! What the document claims outside its tables.

use std::time::Duration;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::{Options, spawn, spawn_app, spawn_with_key};
use livegate_tests::client::{Capture, Client};
use livegate_tests::clips::{left_right, made_of, of_scenes};
use livegate_tests::scripted::{Act, Scene};
use reqwest::Method;
use serde_json::{Value, json};

use super::{LEFT_RIGHT, assert_failed, assert_verified, let_pass, slow};

#[tokio::test]
async fn a_check_is_always_two_calls() {
    let app = spawn_app().await;
    let session = app.client.request(Method::POST, "/v1/liveness/session");
    let session = session
        .header("Content-Type", "application/json")
        .body("{}");
    let session = Client::send(session).await;
    let challenge: Vec<String> = serde_json::from_value(session.body["challenge"].clone()).unwrap();
    let id = session.body["session_id"].as_str().unwrap();
    let answer = app.client.verify(id, &Capture::doing(&challenge)).await;
    assert_verified(&answer);
    assert_eq!(
        answer.body["challenge_details"]["completed_actions"],
        json!(challenge)
    );
    assert_eq!(answer.body["frames_analyzed"], json!(17));
}

#[tokio::test]
async fn every_request_must_include_the_key_but_that_for_the_health() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let status = format!("/v1/liveness/session/{session}");
    let nobody = app.client.without_key();
    // The header's name is as any header's: its case is no matter.
    let lower = nobody.request(Method::GET, &status);
    let lower = lower.header("x-ai-api-key", &app.key.secret);
    assert_eq!(Client::send(lower).await.status, 200);
    for other in ["Authorization", "X-API-Key"] {
        let other = nobody
            .request(Method::GET, &status)
            .header(other, &app.key.secret);
        Client::send(other).await.assert_error(401, "UNAUTHORIZED");
    }
    let in_query = format!("{status}?X-AI-API-Key={}", app.key.secret);
    nobody
        .get(&in_query)
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(nobody.get("/v1/liveness/health").await.status, 200);
}

#[tokio::test]
async fn images_mode_takes_8_to_20_frames() {
    let app = spawn_app().await;
    for (count, taken) in [(7, false), (8, true), (20, true), (21, false)] {
        let mut capture = Capture::good();
        let last = capture.0[7].clone();
        capture.0.resize(count, last);
        let session = app.client.session(&LEFT_RIGHT).await;
        let answer = app.client.verify(&session, &capture).await;
        if taken {
            assert_verified(&answer);
            assert_eq!(answer.body["frames_analyzed"], json!(count));
        } else {
            answer.assert_error(400, "INVALID_FRAME_COUNT");
        }
    }
}

#[tokio::test]
async fn video_mode_takes_five_seconds_of_mp4_or_webm_without_tags() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let mp4 = of_scenes(&left_right(|_, _| {}), 7);
    let file = folder.path().join("clip.mp4");
    std::fs::write(&file, &mp4).unwrap();
    // Lossless, as the scenes are in the pixels.
    let vp9 = ["-c:v", "libvpx-vp9", "-lossless", "1", "-pix_fmt", "gbrp"];
    let webm = made_of(&file, &vp9, "webm");
    for clip in [mp4, webm] {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_verified(&answer);
        assert_eq!(
            answer.body["challenge_details"]["completed_actions"],
            json!(LEFT_RIGHT)
        );
    }
}

#[tokio::test]
async fn a_blink_needs_three_frames_with_eyes_visible() {
    let app = spawn_app().await;
    let (open, shut, away) = (Scene::default(), Scene::eyes_closed(), Scene::turned(-30.0));
    let with_last = |last| {
        Capture::of([
            ("center", open),
            ("turn_left", away),
            ("turn_left", away),
            ("turn_left", away),
            ("blink", shut),
            ("turn_left", away),
            ("turn_left", away),
            ("center", last),
        ])
    };
    let actions = ["turn_left", "blink"];
    let session = app.client.session(&actions).await;
    assert_verified(&app.client.verify(&session, &with_last(open)).await);
    let session = app.client.session(&actions).await;
    let answer = app.client.verify(&session, &with_last(away)).await;
    assert_failed(&answer, "blink", "no_frames", (2.0, 3.0, "frames"));
}

#[tokio::test]
async fn sessions_expire_after_five_minutes_by_default() {
    let app = spawn_app().await;
    let prompt = app.client.session(&LEFT_RIGHT).await;
    let_pass(&app, &prompt, Duration::from_secs(290)).await;
    assert_verified(&app.client.verify(&prompt, &Capture::good()).await);
    let late = app.client.session(&LEFT_RIGHT).await;
    let_pass(&app, &late, Duration::from_secs(300)).await;
    app.client
        .verify(&late, &Capture::good())
        .await
        .assert_error(410, "SESSION_EXPIRED");
}

#[tokio::test]
async fn rate_and_concurrency_limits_apply_per_key() {
    let key = NewKey {
        requests_per_minute: 4,
        concurrency: 1,
        ..NewKey::named("small")
    };
    let app = spawn_with_key(key).await;
    let other = app.add_key(&NewKey::named("other"));
    let other = app.client.with_key(&other.secret);
    app.until_known(&other).await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let another = app.client.session(&LEFT_RIGHT).await;
    let running = {
        let (client, session) = (app.client.clone(), session.clone());
        tokio::spawn(async move { client.verify(&session, &slow()).await })
    };
    app.until_state(&session, "processing").await;
    app.client
        .verify(&another, &Capture::good())
        .await
        .assert_error(429, "CONCURRENCY_LIMIT");
    app.client
        .create(&json!({}))
        .await
        .assert_error(429, "RATE_LIMIT");
    assert_verified(&other.verify_new(&Capture::good()).await);
    assert_verified(&running.await.unwrap());
}

#[tokio::test]
async fn a_status_can_be_polled_and_holds_no_biometric_data() {
    let app = spawn_app().await;
    let created = app.client.create(&json!({ "actions": LEFT_RIGHT })).await;
    let session = created.body["session_id"].as_str().unwrap();
    let mut status = json!({
        "session_id": session, "state": "pending", "challenge": LEFT_RIGHT,
        "expires_at": created.body["expires_at"],
    });
    assert_eq!(app.client.status(session).await.body, status);
    let running = {
        let (client, session) = (app.client.clone(), session.to_owned());
        tokio::spawn(async move { client.verify(&session, &slow()).await })
    };
    status["state"] = json!("processing");
    assert_eq!(app.until_state(session, "processing").await.body, status);
    assert_verified(&running.await.unwrap());
    status["state"] = json!("verified");
    status["verified"] = json!(true);
    status["reason_codes"] = json!([
        "liveness_passed",
        "challenge_completed",
        "no_spoof_detected"
    ]);
    assert_eq!(app.client.status(session).await.body, status);
}

/// 429: back off. 5xx: a new session. 4xx: fix the request.
#[tokio::test]
async fn who_follows_the_retry_rule_gets_through() {
    let app = spawn(Options {
        key: NewKey {
            concurrency: 1,
            ..NewKey::named("narrow")
        },
        ..Options::default()
    })
    .await;
    let first = app.client.session(&LEFT_RIGHT).await;
    let running = {
        let (client, first) = (app.client.clone(), first.clone());
        tokio::spawn(async move { client.verify(&first, &slow()).await })
    };
    app.until_state(&first, "processing").await;

    let mut session = app.client.session(&LEFT_RIGHT).await;
    let unlucky = Capture::left_right(|i, s| s.act = if i == 2 { Act::Fail } else { Act::Measure });
    let mut body = unlucky.body(&session);
    body["mode"] = json!("pictures");
    let mut wait = Duration::from_millis(20);
    let mut seen: Vec<u16> = Vec::new();
    loop {
        let answer = app.client.verify_raw(&body).await;
        seen.push(answer.status);
        match answer.status {
            200 => {
                assert_verified(&answer);
                break;
            }
            429 => {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            500.. => {
                session = app.client.session(&LEFT_RIGHT).await;
                body = Capture::good().body(&session);
            }
            _ => body["mode"] = json!("images"),
        }
    }
    seen.dedup();
    assert_eq!(seen, [400, 429, 502, 200]);
    assert_verified(&running.await.unwrap());
}

#[tokio::test]
async fn a_4xx_is_not_worth_a_retry() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let good = Capture::good().body(&session);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for body in [
        json!({}),
        with("mode", json!("pictures")),
        with("frames", json!([])),
        with("session_id", json!("live_a1b2c3d4e5f6...")),
    ] {
        let (once, twice) = (
            app.client.verify_raw(&body).await,
            app.client.verify_raw(&body).await,
        );
        assert!((400..429).contains(&once.status), "{}", once.body);
        assert_eq!((once.status, once.body), (twice.status, twice.body));
    }
    assert_verified(&app.client.verify_raw(&good).await);
}
