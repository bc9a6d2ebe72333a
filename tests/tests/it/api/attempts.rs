//! Attempts of a subject: sessions for the same `subject_ref`.

use std::time::Duration;

use livegate_api::keys::AttemptPolicy;
use livegate_api::keys::change::limit_attempts;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Capture, Client};
use livegate_tests::scripted::Scene;
use reqwest::Method;
use serde_json::json;

use super::replicas::Shared;

fn policy(most: u32) -> Option<AttemptPolicy> {
    Some(AttemptPolicy {
        most,
        per: Duration::from_secs(900),
    })
}

fn limited_to(most: u32) -> Options {
    Options {
        key: NewKey {
            attempts: policy(most),
            ..NewKey::named("limited")
        },
        ..Options::default()
    }
}

async fn create(client: &Client, subject: &str) -> Answer {
    let body = json!({"actions": ["turn_left", "turn_right"], "subject_ref": subject});
    client.create(&body).await
}

async fn create_live(client: &Client, subject: &str) -> Answer {
    let path = "/api/v1/liveness/sessions?challenges=SMILE";
    client.post(path, &json!({ "subject_ref": subject })).await
}

fn id(created: &Answer) -> &str {
    assert_eq!(created.status, 200, "{}", created.body);
    created.body["session_id"].as_str().unwrap()
}

fn assert_limited(answer: &Answer) {
    answer.assert_error(429, "ATTEMPT_LIMIT");
    let wait: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
}

#[tokio::test]
async fn sessions_that_fail_or_are_left_count_and_those_that_end_verified_do_not() {
    let app = spawn(limited_to(3)).await;
    for _ in 0..5 {
        let created = create(&app.client, "a").await;
        let answer = app.client.verify(id(&created), &Capture::good()).await;
        assert_eq!(answer.body["verified"], true);
        let created = create_live(&app.client, "a").await;
        let last = app.client.play(id(&created), &Scene::doing("SMILE")).await;
        assert_eq!(last.body["is_live"], true, "{}", last.body);
    }
    let attack = Capture::left_right(|_, scene| scene.bona_fide = 0.05);
    let created = create(&app.client, "a").await;
    let answer = app.client.verify(id(&created), &attack).await;
    answer.assert_rejected(&["spoof_detected"]);
    let created = create_live(&app.client, "a").await;
    assert_eq!(app.client.cancel(id(&created)).await.status, 200);
    let left = create(&app.client, "a").await;
    for _ in 0..2 {
        assert_limited(&create(&app.client, "a").await);
        assert_limited(&create_live(&app.client, "a").await);
    }
    // Another subject, or none, is not limited.
    for _ in 0..3 {
        id(&create(&app.client, "b").await);
    }
    id(&app.client.create(&json!({})).await);
    // The last one goes on, and makes room when it succeeds.
    let key = "verified with an idempotency key".replace(' ', "-");
    let body = Capture::good().body(id(&left));
    for _ in 0..2 {
        let answer = Client::send(app.client.verify_with_key(&key, &body)).await;
        assert_eq!(answer.body["verified"], true);
    }
    id(&create(&app.client, "a").await);
    assert_limited(&create(&app.client, "a").await);
}

#[tokio::test]
async fn a_reference_is_1_to_128_characters_and_is_not_repeated() {
    let app = spawn_app().await;
    for wrong in [json!(""), json!(7), json!(["a"]), json!("x".repeat(129))] {
        let body = json!({ "subject_ref": wrong });
        for path in ["/v1/liveness/session", "/api/v1/liveness/sessions"] {
            let refused = app.client.post(path, &body).await;
            refused.assert_error(400, "INVALID_INPUT");
            assert!(refused.error().contains("1 to 128"), "{}", refused.error());
            assert!(!refused.error().contains("xxx"));
        }
    }
    id(&create(&app.client, &"\u{fc}".repeat(128)).await);
    id(&app.client.create(&json!({ "subject_ref": null })).await);
}

/// Creates sessions for "a" until the key's changed policy counts.
async fn until_limited(app: &App, is_limited: bool) {
    app.until(
        async || create(&app.client, "a").await,
        |answer| (answer.status == 429) == is_limited,
    )
    .await;
}

#[tokio::test]
async fn without_a_policy_nothing_counts_and_a_changed_one_counts_soon() {
    let app = spawn_app().await;
    for _ in 0..20 {
        id(&create(&app.client, "a").await);
    }
    limit_attempts(&app.keys, &app.key.id, policy(2)).unwrap();
    until_limited(&app, true).await;
    limit_attempts(&app.keys, &app.key.id, None).unwrap();
    until_limited(&app, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_count_on_all_replicas_and_in_both_apis_together_and_for_each_key_alone() {
    let shared = Shared::new();
    let first = shared.first(limited_to(6)).await;
    let second = shared.another(&first, limited_to(6)).await;
    let (one, two) = (&first.client, &second.client);
    let mut created = Vec::new();
    for _ in 0..3 {
        let (a, b, c, d) = tokio::join!(
            create(one, "a"),
            create(two, "a"),
            create_live(one, "a"),
            create_live(two, "a"),
        );
        created.extend([a, b, c, d]);
    }
    let (made, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(|a| a.status == 200);
    assert_eq!((made.len(), refused.len()), (6, 6));
    refused.iter().for_each(assert_limited);
    let other = first.add_key(&NewKey {
        attempts: policy(6),
        ..NewKey::named("other")
    });
    let other = one.with_key(&other.secret);
    first.until_known(&other).await;
    id(&create(&other, "a").await);
    // A browser names no subject: its token creates nothing.
    let token = made.iter().find_map(|a| a.body["client_token"].as_str());
    let browser = one.with_token(token.unwrap());
    let path = "/api/v1/liveness/sessions";
    let refused = Client::send(browser.request(Method::POST, path)).await;
    assert_eq!(refused.status, 401);
}
