//! Processes that are told to stop while they work.

use std::time::Instant;

use livegate_tests::client::{Capture, Client, Sent};
use livegate_tests::fleet::{Fleet, Plan, RECOVERY};
use reqwest::Method;
use serde_json::json;

use super::{Underway, slow};

/// Verifies under way when the signal comes.
const UNDERWAY: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_told_to_stop_under_load_answers_everything_that_it_has_taken() {
    let mut fleet = Fleet::start(Plan::default()).await;
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());
    let unused = second.session(&["turn_left", "turn_right"]).await;
    let underway = Underway::start_many(&first, UNDERWAY, &slow(30)).await;
    fleet.replicas[0].terminate();
    for one in underway {
        one.assert_verified().await;
    }
    assert!(fleet.replicas[0].ended().await.success());
    // Nobody is there: what was not taken was not lost, and its session is good elsewhere.
    let late = first.request(Method::POST, "/v1/liveness/verify");
    let late = Client::try_send(late.json(&Capture::good().body(&unused))).await;
    assert!(matches!(late, Sent::Refused), "{late:?}");
    let answer = second.verify(&unused, &Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    // Written to the end.
    fleet.recorded(UNDERWAY + 1).await;
    fleet.replicas[0].start_again();
    fleet.recovered(Instant::now(), RECOVERY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_told_to_stop_one_after_the_other_under_load_lose_nothing() {
    let mut fleet = Fleet::start(Plan::default()).await;
    let underway = Underway::start_many(&fleet.clients[0], UNDERWAY, &slow(30)).await;
    for worker in &mut fleet.workers {
        worker.terminate();
        assert!(worker.ended().await.success());
        worker.start_again();
    }
    for one in underway {
        one.assert_verified().await;
    }
    fleet.recorded(UNDERWAY).await;
}
