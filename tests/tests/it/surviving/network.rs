//! A network that stops forwarding, closes nothing, and comes back without its connections.

use std::time::{Duration, Instant};

use livegate_tests::client::Capture;
use livegate_tests::fleet::{Fleet, Plan};
use livegate_tests::servers::{Proxy, RabbitMq, Redis};
use serde_json::json;

use super::{SLACK, Underway, assert_recovers, slow, verify_in_time};

const LIMIT: Duration = Duration::from_secs(3);

/// The service, with a network before the broker and one before the store.
async fn networked() -> (Fleet, Proxy, Proxy) {
    let rabbitmq = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap();
    let redis = Redis::start();
    let to_broker = Proxy::to(rabbitmq.address()).await;
    let to_store = Proxy::to(redis.address()).await;
    let urls = (
        format!("amqp://guest:guest@{}", to_broker.address()),
        format!("redis://{}", to_store.address()),
    );
    let plan = Plan {
        verify_seconds: LIMIT.as_secs(),
        ..Plan::default()
    };
    let fleet = Fleet::through(rabbitmq, redis, urls, plan).await;
    (fleet, to_broker, to_store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_to_the_broker_that_stalls_is_given_up_and_made_anew() {
    let (fleet, network, _to_store) = networked().await;
    let began = Instant::now();
    let underway = Underway::start(&fleet.clients[0], slow(300)).await;
    network.stall();
    let answer = verify_in_time(&fleet.clients[1], LIMIT).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    // What the worker had in hand reached the store, or did not.
    let answer = underway.answer.await.unwrap();
    assert!(matches!(answer.status, 200 | 502), "{}", answer.body);
    assert!(began.elapsed() < 2 * (LIMIT + SLACK));
    network.heal();
    assert_recovers(&fleet, Instant::now(), LIMIT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_to_the_store_that_stalls_is_given_up_and_made_anew() {
    let (fleet, _to_broker, network) = networked().await;
    // As many connections as load makes: each of them will be silent.
    for one in Underway::start_many(&fleet.clients[0], 8, &slow(20)).await {
        one.assert_verified().await;
    }
    let session = fleet.clients[0].session(&["turn_left", "turn_right"]).await;
    let underway = Underway::start(&fleet.clients[0], slow(300)).await;
    network.stall();
    let began = Instant::now();
    let answer = fleet.clients[0].verify(&session, &Capture::good()).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let answer = underway.answer.await.unwrap();
    answer.assert_error(502, "PROCESSING_ERROR");
    assert!(began.elapsed() < LIMIT + SLACK, "{:?}", began.elapsed());
    network.heal();
    assert_recovers(&fleet, Instant::now(), LIMIT).await;
    // Refused before it was claimed: it can be verified still, once.
    let first = fleet.clients[0].verify(&session, &Capture::good()).await;
    assert_eq!(first.body["verified"], json!(true), "{}", first.body);
    let again = fleet.clients[1].verify(&session, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
}
