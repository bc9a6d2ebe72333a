//! A capture that kills whoever looks at it.

use std::time::{Duration, Instant};

use livegate_tests::client::Capture;
use livegate_tests::fleet::{Fleet, Plan};
use livegate_tests::scripted::Act;
use serde_json::json;

/// How often a batch may end its worker before it is given up.
const DEATHS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_kills_its_workers_ends_as_an_error_and_the_service_goes_on() {
    let limit = Duration::from_secs(20);
    let mut fleet = Fleet::start(Plan {
        verify_seconds: limit.as_secs(),
        ..Plan::default()
    })
    .await;
    let client = fleet.clients[0].clone();
    let poison = Capture::left_right(|n, scene| {
        if n == 3 {
            scene.act = Act::Abort;
        }
    });
    let began = Instant::now();
    let verify = tokio::spawn({
        let client = client.clone();
        async move { client.verify_new(&poison).await }
    });
    // What an operator's supervisor does.
    let mut deaths = 0;
    // The answer can come before the last one that it ended is seen to be gone.
    while !verify.is_finished() || (deaths < DEATHS && began.elapsed() < limit) {
        for worker in &mut fleet.workers {
            if worker.has_ended().is_some() {
                deaths += 1;
                worker.start_again();
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    verify.await.unwrap().assert_error(502, "PROCESSING_ERROR");
    assert_eq!(deaths, DEATHS);
    assert!(began.elapsed() < limit, "given up, not timed out");
    let answer = client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}
