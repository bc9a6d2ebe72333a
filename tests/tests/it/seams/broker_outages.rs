//! What happens to the queue when RabbitMQ goes away. One test: starting a broker takes seconds.

use std::time::{Duration, Instant};

use bytes::Bytes;
use livegate_common::broker::{
    Consumer, PublishError, Publisher, Queue, RabbitConsumer, RabbitPublisher,
};
use livegate_tests::servers::RabbitMq;

use super::{eventually, soon};

const LONG: Duration = Duration::from_secs(60);

async fn publish(publisher: &RabbitPublisher, body: &'static str) -> Result<(), PublishError> {
    publisher
        .publish(Queue::Verify, Bytes::from_static(body.as_bytes()), LONG)
        .await
}

async fn reach(publisher: &RabbitPublisher, count: u64) {
    soon(publisher.connections().wait_for(|n| *n == count))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_broker_is_found_again() {
    let mut server = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap();
    let url = server.url();
    let publisher = RabbitPublisher::connect(&url.parse().unwrap());
    let mut consumer = RabbitConsumer::new(&url.parse().unwrap(), &[Queue::Verify], 5);
    reach(&publisher, 1).await;
    publish(&publisher, "before").await.unwrap();
    let held = soon(consumer.next()).await.unwrap();

    // A broker that accepts and says nothing: a publish gives up when its message would expire.
    server.pause();
    let start = Instant::now();
    let expires_in = Duration::from_millis(300);
    let answer = soon(publisher.publish(Queue::Interactive, "mute".into(), expires_in)).await;
    assert!(
        matches!(answer, Err(PublishError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));

    // The connection's end resolves what waits for the broker.
    let waiting = publish(&publisher, "cut off");
    let stopping = async {
        tokio::task::yield_now().await;
        tokio::task::block_in_place(|| server.stop());
    };
    let (answer, ()) = soon(async { tokio::join!(waiting, stopping) }).await;
    assert!(
        matches!(answer, Err(PublishError::Unavailable(_))),
        "{answer:?}"
    );
    eventually(async || !publisher.is_connected()).await;
    let answer = soon(publish(&publisher, "nobody there")).await;
    assert!(
        matches!(answer, Err(PublishError::Unavailable(_))),
        "{answer:?}"
    );
    // Too late, and not an error: the message is gone or comes again.
    soon(held.ack()).await;

    // Who starts while there is no broker waits for it.
    let newborn = RabbitPublisher::connect(&url.parse().unwrap());
    let mut unborn = RabbitConsumer::new(&url.parse().unwrap(), &[Queue::Interactive], 5);
    assert!(!newborn.is_connected());
    let answer = soon(publish(&newborn, "nobody there")).await;
    assert!(
        matches!(answer, Err(PublishError::Unavailable(_))),
        "{answer:?}"
    );
    // And one that is no longer needed closes without having found any.
    let mut never = RabbitConsumer::new(&url.parse().unwrap(), &[Queue::Verify], 5);
    soon(never.close()).await;
    assert!(soon(never.next()).await.is_none());

    tokio::task::block_in_place(|| server.start_again());
    reach(&publisher, 2).await;
    reach(&newborn, 1).await;
    assert!(publisher.is_connected() && newborn.is_connected());
    publish(&publisher, "after").await.unwrap();
    assert_eq!(soon(consumer.next()).await.unwrap().body, "after");
    newborn
        .publish(Queue::Interactive, "first".into(), LONG)
        .await
        .unwrap();
    assert_eq!(soon(unborn.next()).await.unwrap().body, "first");
}
