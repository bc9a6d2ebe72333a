//! Creating, reading and cancelling sessions, and their end by time alone.

use std::collections::HashSet;
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn, spawn_app, spawn_with_key};
use livegate_tests::client::Answer;
use livegate_tests::scripted::{CHALLENGES, Scene, png};
use serde_json::json;

fn types(answer: &Answer) -> Vec<&str> {
    let challenges = answer.body["challenges"].as_array().unwrap();
    challenges
        .iter()
        .map(|c| c["type"].as_str().unwrap())
        .collect()
}

/// A server whose sessions expire after a second.
async fn short_lived() -> App {
    spawn(Options {
        server: ServerConfig {
            session_ttl: Duration::from_secs(1),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_session_is_created_as_documented() {
    let app = spawn_app().await;
    let created = app
        .client
        .interactive("num_challenges=3&timeout_seconds=5.0")
        .await;
    assert_eq!(created.status, 200, "{}", created.body);
    assert_eq!(created.body["state"], "pending");
    let id = created.body["session_id"].as_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 4);
    assert_eq!(types(&created).len(), 3);
    for challenge in created.body["challenges"].as_array().unwrap() {
        assert_eq!(challenge["timeout_seconds"], json!(5.0));
        assert!(!challenge["instruction"].as_str().unwrap().is_empty());
    }
    assert!(
        created.body["client_token"]
            .as_str()
            .unwrap()
            .starts_with("lct_")
    );
    let status = app.client.interactive_status(id).await;
    assert_eq!(status.body["challenges"], created.body["challenges"]);
    assert_eq!(
        (&status.body["state"], &status.body["challenges_remaining"]),
        (&json!("pending"), &json!(3))
    );
    assert!(status.body.get("client_token").is_none() && status.body.get("is_live").is_none());
}

#[tokio::test]
async fn challenges_are_drawn_without_repeats_from_all_and_in_any_order() {
    let app = spawn_app().await;
    let (mut seen, mut orders) = (HashSet::new(), HashSet::new());
    for _ in 0..40 {
        let created = app.client.interactive("num_challenges=7").await;
        let drawn: Vec<String> = types(&created).into_iter().map(str::to_owned).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 7);
        seen.insert(drawn[0].clone());
        orders.insert(drawn);
    }
    // One of seven is missed in 40 draws with a probability of 2 %, three of them with 1e-8.
    assert!(seen.len() >= 5 && orders.len() > 30, "{seen:?}");
    let chosen = app
        .client
        .interactive("challenges=SMILE,TURN_LEFT,BLINK")
        .await;
    assert_eq!(types(&chosen), ["SMILE", "TURN_LEFT", "BLINK"]);
    assert_eq!(types(&app.client.interactive("").await).len(), 3);
}

#[tokio::test]
async fn presets_are_listed_and_used() {
    let app = spawn_app().await;
    let listed = app.client.get("/api/v1/liveness/presets").await;
    let presets = listed.body.as_array().unwrap().clone();
    let names: Vec<&str> = presets
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["eye", "smile", "head_turn", "multi_range", "full"]);
    for preset in &presets {
        let name = preset["name"].as_str().unwrap();
        let created = app.client.interactive(&format!("preset={name}")).await;
        assert_eq!(
            json!(types(&created).len()),
            preset["num_challenges"],
            "{name}"
        );
        let of = preset["challenge_types"].as_array().unwrap();
        assert!(
            types(&created).iter().all(|t| of.contains(&json!(t))),
            "{name}"
        );
        assert_eq!(
            created.body["challenges"][0]["timeout_seconds"],
            preset["timeout_seconds"]
        );
    }
    assert_eq!(presets[4]["challenge_types"], json!(CHALLENGES));
    app.client
        .without_key()
        .get("/api/v1/liveness/presets")
        .await
        .assert_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let app = spawn_app().await;
    for (query, name) in [
        ("challenges=NOD", "challenges"),
        ("challenges=SMILE&preset=smile", "challenges"),
        ("preset=none", "preset"),
        ("mirrored=yes", "mirrored"),
        ("timeout=5", "timeout"),
    ] {
        let answer = app.client.interactive(query).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains(name), "{query}: {}", answer.error());
    }
}

#[tokio::test]
async fn a_body_that_would_be_ignored_is_refused() {
    let app = spawn_app().await;
    let path = "/api/v1/liveness/sessions";
    let answer = app.client.post(path, &json!({"num_challenges": 5})).await;
    answer.assert_error(400, "INVALID_INPUT");
    assert!(answer.error().contains("query"), "{}", answer.error());
    assert_eq!(app.client.post(path, &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_cancelled_session_is_not_found_any_more() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("SMILE").await;
    let cancelled = app.client.cancel(&id).await;
    assert_eq!(
        (cancelled.status, &cancelled.body),
        (200, &json!({ "cancelled": id }))
    );
    let neutral = png(&Scene::default());
    app.client
        .interactive_status(&id)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    app.client
        .frame(&id, &neutral)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    app.client
        .cancel(&id)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    for malformed in [
        "x",
        "a1b2c3d4e5f67890abcdef1234567890",
        "live_00000000000000000000000000000000",
    ] {
        app.client
            .interactive_status(malformed)
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
        app.client
            .frame(malformed, &neutral)
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
    }
    assert!(
        app.stop().await.is_empty(),
        "a cancelled session came to no end"
    );
}

#[tokio::test]
async fn a_session_belongs_to_its_key() {
    let app = spawn_app().await;
    let other = app.add_key(&NewKey::named("other"));
    let other = app.client.with_key(&other.secret);
    app.until_known(&other).await;
    let id = app.client.interactive_session("SMILE").await;
    for answer in [
        other.interactive_status(&id).await,
        other.frame(&id, &png(&Scene::default())).await,
        other.cancel(&id).await,
    ] {
        answer.assert_error(403, "SESSION_FORBIDDEN");
    }
    let nobody = app.client.without_key();
    nobody
        .interactive("")
        .await
        .assert_error(401, "UNAUTHORIZED");
    nobody
        .frame(&id, b"")
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(
        app.client.interactive_status(&id).await.body["state"],
        "pending"
    );
}

#[tokio::test]
async fn creating_counts_against_the_keys_rate_and_frames_do_not() {
    let app = spawn_with_key(NewKey {
        requests_per_minute: 2,
        ..NewKey::named("slow")
    })
    .await;
    let id = app.client.interactive_session("SMILE").await;
    for _ in 0..5 {
        assert_eq!(
            app.client.frame(&id, &png(&Scene::default())).await.status,
            200
        );
        assert_eq!(app.client.interactive_status(&id).await.status, 200);
    }
    assert_eq!(app.client.interactive("").await.status, 200);
    app.client
        .interactive("")
        .await
        .assert_error(429, "RATE_LIMIT");
}

#[tokio::test]
async fn a_session_that_nobody_asks_about_again_leaves_its_record_too() {
    let app = short_lived().await;
    let expires = app.client.interactive_session("SMILE").await;
    let begun = app
        .client
        .interactive("challenges=SMILE&timeout_seconds=1")
        .await;
    let begun = begun.body["session_id"].as_str().unwrap().to_owned();
    app.client.play(&begun, &[Scene::default()]).await;
    let lines = || std::fs::read_to_string(&app.audit).unwrap().lines().count();
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while lines() < 2 {
        assert!(std::time::Instant::now() < patience, "{} records", lines());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let records = app.stop().await;
    let verdict = |id: &str| {
        let of_id: Vec<_> = records.iter().filter(|r| r["session_id"] == *id).collect();
        assert_eq!(of_id.len(), 1);
        of_id[0]["verdict"].clone()
    };
    assert_eq!(
        (verdict(&expires), verdict(&begun)),
        (json!("expired"), json!("rejected"))
    );
}

#[tokio::test]
async fn the_first_frame_moves_the_expiry_to_the_challenges_time() {
    let app = spawn_app().await;
    let created = app
        .client
        .interactive("challenges=SMILE,BLINK&timeout_seconds=10")
        .await;
    let id = created.body["session_id"].as_str().unwrap();
    let at = |answer: &Answer| {
        let text = answer.body["expires_at"].as_str().unwrap();
        time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    };
    let before = time::OffsetDateTime::now_utc();
    app.client.play(id, &[Scene::default()]).await;
    let status = app.client.interactive_status(id).await;
    assert_eq!(status.body["state"], "in_progress");
    let moved = at(&status) - before;
    assert!((50..55).contains(&moved.whole_seconds()), "{moved}");
    assert!(at(&created) - before > time::Duration::seconds(290));
}
