//! Several API replicas and workers of their own, over RabbitMQ and Redis.

use std::time::{Duration, Instant};

use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::Options;
use livegate_tests::client::Capture;
use serde_json::json;
use tokio::runtime;

use super::replicas::Shared;

/// A replica whose key, if it makes it, is this one.
fn with_key(key: NewKey) -> Options {
    Options {
        key,
        ..Options::default()
    }
}

#[tokio::test]
async fn a_session_of_one_replica_is_verified_by_another_and_known_to_all() {
    let shared = Shared::new();
    let first = shared.first(Options::default()).await;
    let second = shared.another(&first, Options::default()).await;
    let _workers = [shared.worker(), shared.worker()];
    let session = first.client.session(&["turn_left", "turn_right"]).await;
    let answer = second.client.verify(&session, &Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    assert_eq!(answer.body["embedding"].as_array().unwrap().len(), 512);
    assert_eq!(
        first.client.status(&session).await.body["state"],
        "verified"
    );
    first
        .client
        .verify(&session, &Capture::good())
        .await
        .assert_error(409, "SESSION_USED");
}

#[tokio::test]
async fn a_key_has_one_request_rate_for_all_replicas() {
    let shared = Shared::new();
    let key = NewKey {
        requests_per_minute: 3,
        ..NewKey::named("slow")
    };
    let first = shared.first(with_key(key)).await;
    let second = shared.another(&first, Options::default()).await;
    for app in [&first, &second, &first] {
        assert_eq!(app.client.create(&json!({})).await.status, 200);
    }
    for app in [&first, &second] {
        let refused = app.client.create(&json!({})).await;
        refused.assert_error(429, "RATE_LIMIT");
    }
}

#[tokio::test]
async fn a_key_has_one_number_of_places_for_all_replicas() {
    let shared = Shared::new();
    let key = NewKey {
        concurrency: 1,
        ..NewKey::named("narrow")
    };
    let first = shared.first(with_key(key)).await;
    let second = shared.another(&first, Options::default()).await;
    let one = first.client.session(&["turn_left", "turn_right"]).await;
    let other = first.client.session(&["turn_left", "turn_right"]).await;
    // Nobody works yet, so the first goes on until the second was refused.
    let running = {
        let (client, one) = (first.client.clone(), one.clone());
        tokio::spawn(async move { client.verify(&one, &Capture::good()).await })
    };
    first.until_state(&one, "processing").await;
    let refused = second.client.verify(&other, &Capture::good()).await;
    refused.assert_error(429, "CONCURRENCY_LIMIT");
    let _worker = shared.worker();
    assert_eq!(running.await.unwrap().body["verified"], json!(true));
    // The place is given back beside the answer, not before it.
    let verify = async || second.client.verify(&other, &Capture::good()).await;
    let answer = second.until(verify, |a| a.status != 429).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

#[tokio::test]
async fn the_place_of_a_replica_that_died_is_free_after_its_lease_and_its_session_used() {
    const LEASE: Duration = Duration::from_secs(3);
    let shared = Shared::new();
    let mortal = Options {
        server: ServerConfig {
            verify_timeout: LEASE,
            lease_margin: Duration::ZERO,
            ..ServerConfig::default()
        },
        key: NewKey {
            concurrency: 1,
            ..NewKey::named("narrow")
        },
        ..Options::default()
    };
    // On a runtime of its own: what runs there when that ends is not finished, nor given back.
    let life = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let first = life.spawn({
        let shared = shared.clone();
        async move { shared.first(mortal).await }
    });
    let first = first.await.unwrap();
    let second = shared.another(&first, Options::default()).await;
    let one = second.client.session(&["turn_left", "turn_right"]).await;
    let other = second.client.session(&["turn_left", "turn_right"]).await;
    let began = Instant::now();
    let unanswered = {
        let request = first
            .client
            .request(reqwest::Method::POST, "/v1/liveness/verify");
        tokio::spawn(request.json(&Capture::good().body(&one)).send())
    };
    second.until_state(&one, "processing").await;
    life.shutdown_background();
    assert!(unanswered.await.unwrap().is_err(), "it died");
    let _worker = shared.worker();
    let verify = async || second.client.verify(&other, &Capture::good()).await;
    let answer = second.until(verify, |a| a.status != 429).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    assert!(began.elapsed() >= LEASE, "given back by whoever died");
    let again = second.client.verify(&one, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
}
