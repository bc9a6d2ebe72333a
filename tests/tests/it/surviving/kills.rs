//! Processes that are killed, and come back.

use std::time::{Duration, Instant};

use livegate_tests::client::{Capture, Client, Sent};
use livegate_tests::fleet::{Fleet, Plan, RECOVERY};
use reqwest::Method;
use serde_json::json;

use super::{SLACK, Underway, slow};

/// Long enough for every part to come back.
fn patient() -> Plan {
    Plan {
        verify_seconds: 40,
        ..Plan::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_any_moment_costs_no_verdict() {
    let mut fleet = Fleet::start(patient()).await;
    let capture = slow(20);
    // Four batches of 40 ms for two workers; from before the first is published until after the answer.
    for after_ms in (0..160).step_by(10) {
        let client = fleet.clients[0].clone();
        let verify = tokio::spawn({
            let capture = capture.clone();
            async move { client.verify_new(&capture).await }
        });
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        let victim = &mut fleet.workers[usize::from(after_ms % 20 == 0)];
        victim.kill();
        victim.start_again();
        let answer = verify.await.unwrap();
        assert_eq!(
            answer.body["verified"],
            json!(true),
            "{after_ms}: {}",
            answer.body
        );
    }
    fleet.recorded(16).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_and_restarted_costs_no_verdict_that_was_under_way() {
    let mut fleet = Fleet::start(patient()).await;
    let underway = Underway::start_many(&fleet.clients[0], 8, &slow(100)).await;
    fleet.rabbitmq.stop();
    // Claimed while there is no broker.
    let newborn = Underway::start(&fleet.clients[1], Capture::good()).await;
    tokio::task::block_in_place(|| fleet.rabbitmq.start_again());
    fleet.recovered(Instant::now(), RECOVERY).await;
    for one in underway {
        one.assert_verified().await;
    }
    newborn.assert_verified().await;
    fleet.recorded(9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_killed_and_restarted_costs_sessions_and_gives_no_second_verdict() {
    let limit = Duration::from_secs(5);
    let mut fleet = Fleet::start(Plan {
        verify_seconds: limit.as_secs(),
        ..Plan::default()
    })
    .await;
    let unused = fleet.clients[0].session(&["turn_left", "turn_right"]).await;
    let began = Instant::now();
    let underway = Underway::start_many(&fleet.clients[0], 8, &slow(50)).await;
    fleet.redis.stop();
    // Nothing is known of any session, and that is said at once.
    let answer = fleet.clients[1].verify(&unused, &Capture::good()).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    fleet.redis.start_again();
    let back = Instant::now();
    let mut verdicts = 0;
    for one in underway {
        let answer = one.answer.await.unwrap();
        if answer.status == 200 {
            verdicts += 1;
        } else {
            answer.assert_error(502, "PROCESSING_ERROR");
        }
        // It has forgotten the claim, and with it the session.
        let again = fleet.clients[1]
            .verify(&one.session, &Capture::good())
            .await;
        again.assert_error(404, "SESSION_NOT_FOUND");
    }
    assert!(began.elapsed() < limit + SLACK, "{:?}", began.elapsed());
    fleet.recovered(back, RECOVERY).await;
    let answer = fleet.clients[0].verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    let decided = (fleet.records().into_iter()).filter(|record| record["verdict"] == "verified");
    assert_eq!(decided.count(), verdicts + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_takes_its_own_requests_with_it_and_no_session_is_used_twice() {
    let limit = Duration::from_secs(3);
    let mut fleet = Fleet::start(Plan {
        verify_seconds: limit.as_secs(),
        ..Plan::default()
    })
    .await;
    let [first, second] = [0, 1].map(|n| fleet.clients[n].clone());
    let session = first.session(&["turn_left", "turn_right"]).await;
    // Looked at for longer than the test takes to kill.
    let request = first.request(Method::POST, "/v1/liveness/verify");
    let request = request.json(&slow(100).body(&session));
    let lost = tokio::spawn(Client::try_send(request));
    while second.status(&session).await.body["state"] == "pending" {
        tokio::task::yield_now().await;
    }
    let beside = Underway::start(&second, slow(10)).await;
    fleet.replicas[0].kill();
    assert!(matches!(lost.await.unwrap(), Sent::Lost(_)));
    // What an integrator does: the same session at another replica.
    let again = second.verify(&session, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
    beside.assert_verified().await;
    fleet.replicas[0].start_again();
    fleet.recovered(Instant::now(), RECOVERY).await;
    let answer = first.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    // Nobody is left to end it, so its deadline does.
    let began = Instant::now();
    while second.status(&session).await.body["state"] != "failed" {
        assert!(began.elapsed() < limit + 2 * SLACK);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = first.verify(&session, &Capture::good()).await;
    again.assert_error(409, "SESSION_USED");
}
