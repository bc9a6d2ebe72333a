//! API keys: who is let in, and how a running server follows its file.

use std::time::{Duration, Instant};

use livegate_api::keys::change::{revoke, rotate};
use livegate_api::keys::create::NewKey;
use livegate_liveness::challenge::Action;
use livegate_tests::app::spawn_app;
use livegate_tests::client::{Answer, Capture, Client};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_missing_malformed_or_unknown_key_is_401_everywhere_but_on_public_pages() {
    let app = spawn_app().await;
    let nobody = app.client.without_key();
    let mut strangers = vec![
        nobody.clone(),
        nobody.with_key(""),
        nobody.with_key("nonsense"),
    ];
    strangers.push(nobody.with_key(&app.key.secret.replace("tsk_", "")));
    strangers.push(nobody.with_key(&format!("{}x", app.key.secret)));
    strangers.push(nobody.with_key(&"tsk_".repeat(500)));
    for stranger in strangers {
        stranger
            .create(&json!({}))
            .await
            .assert_error(401, "UNAUTHORIZED");
        stranger
            .verify("live_1", &Capture::good())
            .await
            .assert_error(401, "UNAUTHORIZED");
        stranger
            .status("live_1")
            .await
            .assert_error(401, "UNAUTHORIZED");
    }
    let strange = nobody.request(Method::POST, "/v1/liveness/session");
    let strange = strange.header("X-AI-API-Key", b"tsk_\xff\xfe".as_slice());
    Client::send(strange)
        .await
        .assert_error(401, "UNAUTHORIZED");
    for public in ["/v1/liveness/health", "/docs", "/openapi.json"] {
        assert_eq!(nobody.get(public).await.status, 200, "{public}");
    }
}

#[tokio::test]
async fn a_running_server_follows_its_key_file() {
    let app = spawn_app().await;
    let before = std::fs::read_to_string(&app.keys).unwrap();
    let key = app.add_key(&NewKey::named("second"));
    let second = app.client.with_key(&key.secret);
    let created = app.until_known(&second).await;
    assert_eq!(created.status, 200);

    // A broken file changes nothing; a good one without the key revokes it.
    std::fs::write(&app.keys, "keys = 7").unwrap();
    let third = app.client.with_key("tsk_third");
    third
        .create(&json!({}))
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(second.create(&json!({})).await.status, 200);
    std::fs::write(&app.keys, before).unwrap();
    let gone = app
        .until(
            async || second.create(&json!({})).await,
            |a| a.status == 401,
        )
        .await;
    gone.assert_error(401, "UNAUTHORIZED");
    assert_eq!(app.client.create(&json!({})).await.status, 200);
}

#[tokio::test]
async fn a_revoked_key_is_401_within_two_seconds() {
    let app = spawn_app().await;
    let key = app.add_key(&NewKey::named("second"));
    let second = app.client.with_key(&key.secret);
    app.until_known(&second).await;
    revoke(&app.keys, &key.id).unwrap();
    let began = Instant::now();
    let ask = async || second.status("live_1").await;
    let gone = app.until(ask, |a| a.status == 401).await;
    assert!(began.elapsed() < Duration::from_secs(2));
    gone.assert_error(401, "UNAUTHORIZED");
    assert_eq!(app.client.create(&json!({})).await.status, 200);
}

#[tokio::test]
async fn a_rotated_key_has_its_sessions_still_and_its_old_secret_no_more() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let rotated = rotate(&app.keys, &app.key.id, None).unwrap();
    let new = app.client.with_key(&rotated.secret);
    app.until_known(&new).await;
    app.client
        .status(&session)
        .await
        .assert_error(401, "UNAUTHORIZED");
    let answer = new.verify(&session, &Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    let records = app.stop().await;
    assert_eq!(records[0]["session_id"], json!(session));
}

#[tokio::test]
async fn an_old_secret_may_go_on_counting_until_a_given_time() {
    let app = spawn_app().await;
    let hour = Duration::from_secs(3600);
    let rotated = rotate(&app.keys, &app.key.id, Some(hour)).unwrap();
    let new = app.client.with_key(&rotated.secret);
    app.until_known(&new).await;
    // One key, whichever secret it is called by.
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    assert_eq!(new.status(&session).await.status, 200);

    let text = std::fs::read_to_string(&app.keys).unwrap();
    let past = text.replace(&rotated.old_until.unwrap(), "2026-01-31T12:00:00Z");
    std::fs::write(&app.keys, past).unwrap();
    let ask = async || app.client.status(&session).await;
    app.until(ask, |a| a.status == 401).await;
    assert_eq!(new.status(&session).await.status, 200);
}

#[tokio::test]
async fn changed_limits_and_defaults_count_without_a_restart() {
    let app = spawn_app().await;
    // More requests than this test could make.
    let key = app.add_key(&NewKey {
        requests_per_minute: 1_000_000,
        actions: Some(vec![Action::TurnUp, Action::TurnDown]),
        ..NewKey::named("second")
    });
    let second = app.client.with_key(&key.secret);
    let created = app.until_known(&second).await;
    assert!(!created.body["challenge"].to_string().contains("blink"));
    let change = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&app.keys).unwrap();
        assert!(text.contains(from));
        std::fs::write(&app.keys, text.replace(from, to)).unwrap();
    };
    let ask = async || second.create(&json!({})).await;

    change("\"turn_down\"", "\"blink\"");
    let has_blink = |a: &Answer| a.body["challenge"].to_string().contains("blink");
    app.until(ask, has_blink).await;
    change("requests_per_minute = 1000000", "requests_per_minute = 1");
    let refused = app.until(ask, |a| a.status != 200).await;
    refused.assert_error(429, "RATE_LIMIT");
    change("liveness = true", "liveness = false");
    let refused = app.until(ask, |a| a.status != 429).await;
    refused.assert_error(403, "LIVENESS_DISABLED");
}
