//! A queue that fills.

use std::time::{Duration, Instant};

use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use livegate_common::broker::Queue;
use livegate_tests::client::Capture;
use livegate_tests::fleet::{Fleet, Plan, RECOVERY};
use serde_json::json;

use super::{SLACK, Underway, verify_in_time};

/// Messages that a queue holds.
const FULL: u32 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_in_time_and_takes_again_once_there_is_room() {
    let limit = Duration::from_secs(8);
    let mut fleet = Fleet::start(Plan {
        workers: 1,
        verify_seconds: limit.as_secs(),
        ..Plan::default()
    })
    .await;
    fleet.workers[0].kill();
    fill(&fleet).await;

    let began = Instant::now();
    let refused = verify_in_time(&fleet.clients[0], limit).await;
    refused.assert_error(502, "PROCESSING_ERROR");
    assert!(began.elapsed() < limit + SLACK);
    assert_eq!(
        fleet.waiting(Queue::Verify).await,
        FULL,
        "it was never taken"
    );

    // One that waits for room gets it when somebody works again.
    let waiting = Underway::start(&fleet.clients[1], Capture::good()).await;
    fleet.workers[0].start_again();
    waiting.assert_verified().await;
    fleet.recovered(Instant::now(), RECOVERY).await;
    assert_eq!(fleet.waiting(Queue::Verify).await, 0);
    let answer = fleet.clients[0].verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

/// Puts messages that nobody can read into the queue until it takes no more.
async fn fill(fleet: &Fleet) {
    let url = fleet.rabbitmq.url();
    let connection = Connection::connect(&url, ConnectionProperties::default()).await;
    let channel = connection.unwrap().create_channel().await.unwrap();
    while fleet.waiting(Queue::Verify).await < FULL {
        for _ in 0..1000 {
            let queue = Queue::Verify.name().into();
            let (options, properties) =
                (BasicPublishOptions::default(), BasicProperties::default());
            let sent = channel.basic_publish("".into(), queue, options, b"junk", properties);
            sent.await.unwrap();
        }
    }
}
