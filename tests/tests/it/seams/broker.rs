//! The queue between API and workers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use livegate_common::broker::{
    BrokerAddresses, Consumer, Delivery, MemoryBroker, PublishError, Publisher, Queue,
    RabbitConsumer, RabbitPublisher,
};
use livegate_common::tls::AMQP_TLS;
use livegate_tests::servers;

use super::{contract, soon, tls};

const LONG: Duration = Duration::from_secs(60);

enum Broker {
    Memory(MemoryBroker),
    RabbitMq(BrokerAddresses, Arc<RabbitPublisher>),
}

async fn memory() -> Broker {
    Broker::Memory(MemoryBroker::with_capacity(100, 1 << 30))
}

async fn rabbitmq() -> Broker {
    at(servers::amqp_url().parse().unwrap()).await
}

async fn rabbitmq_over_tls() -> Broker {
    at(BrokerAddresses::parse(&servers::amqps_url(), &tls(AMQP_TLS)).unwrap()).await
}

async fn at(brokers: BrokerAddresses) -> Broker {
    let publisher = RabbitPublisher::connect(&brokers);
    soon(publisher.connections().wait_for(|count| *count == 1))
        .await
        .unwrap();
    Broker::RabbitMq(brokers, Arc::new(publisher))
}

impl Broker {
    fn publisher(&self) -> Arc<dyn Publisher> {
        match self {
            Self::Memory(broker) => Arc::new(broker.clone()),
            Self::RabbitMq(_, publisher) => Arc::clone(publisher) as _,
        }
    }

    fn consumer(&self, prefetch: u16) -> Box<dyn Consumer> {
        self.consumer_of(&[Queue::Verify], prefetch)
    }

    fn consumer_of(&self, queues: &[Queue], prefetch: u16) -> Box<dyn Consumer> {
        match self {
            Self::Memory(broker) => Box::new(broker.consumer(queues, prefetch)),
            Self::RabbitMq(brokers, _) => Box::new(RabbitConsumer::new(brokers, queues, prefetch)),
        }
    }

    async fn publish(&self, body: &'static str) {
        self.publish_to(Queue::Verify, body, LONG).await.unwrap();
    }

    async fn publish_to(
        &self,
        queue: Queue,
        body: &'static str,
        expires_in: Duration,
    ) -> Result<(), PublishError> {
        soon(
            self.publisher()
                .publish(queue, Bytes::from_static(body.as_bytes()), expires_in),
        )
        .await
    }
}

async fn next(consumer: &mut Box<dyn Consumer>) -> Delivery {
    soon(consumer.next()).await.expect("the consumer is open")
}

contract! {
    memory: [
        messages_arrive_as_they_were_sent,
        what_is_acknowledged_never_comes_again,
        what_is_dropped_comes_again,
        what_a_dead_process_held_comes_again,
        expired_messages_are_not_delivered,
        a_full_queue_refuses,
        a_consumer_holds_no_more_than_its_prefetch,
        queues_are_separate,
        one_consumer_takes_from_all_queues,
        a_full_hand_of_one_queue_does_not_hold_up_another,
        a_closed_consumer_finishes_what_it_has,
        a_waiting_consumer_wakes,
        a_large_message_arrives_whole,
    ];
    rabbitmq: [
        messages_arrive_as_they_were_sent,
        what_is_acknowledged_never_comes_again,
        what_is_dropped_comes_again,
        what_a_dead_process_held_comes_again,
        expired_messages_are_not_delivered,
        a_full_queue_refuses,
        a_consumer_holds_no_more_than_its_prefetch,
        queues_are_separate,
        one_consumer_takes_from_all_queues,
        a_full_hand_of_one_queue_does_not_hold_up_another,
        a_closed_consumer_finishes_what_it_has,
        a_waiting_consumer_wakes,
        a_large_message_arrives_whole,
        a_message_for_no_queue_is_refused,
        a_channel_closed_by_the_broker_is_opened_anew,
    ];
    rabbitmq_over_tls: [
        messages_arrive_as_they_were_sent,
        what_is_acknowledged_never_comes_again,
        what_is_dropped_comes_again,
        what_a_dead_process_held_comes_again,
        expired_messages_are_not_delivered,
        a_full_queue_refuses,
        a_consumer_holds_no_more_than_its_prefetch,
        queues_are_separate,
        one_consumer_takes_from_all_queues,
        a_full_hand_of_one_queue_does_not_hold_up_another,
        a_closed_consumer_finishes_what_it_has,
        a_waiting_consumer_wakes,
        a_large_message_arrives_whole,
        a_channel_closed_by_the_broker_is_opened_anew,
    ];
}

async fn messages_arrive_as_they_were_sent(broker: Broker) {
    assert!(broker.publisher().is_connected());
    assert_eq!(*broker.publisher().connections().borrow(), 1);
    for body in ["one", "two", ""] {
        broker.publish(body).await;
    }
    let mut consumer = broker.consumer(10);
    for body in ["one", "two", ""] {
        let delivery = next(&mut consumer).await;
        assert_eq!(
            (delivery.body.as_ref(), delivery.redelivered),
            (body.as_bytes(), false)
        );
        delivery.ack().await;
    }
}

async fn what_is_acknowledged_never_comes_again(broker: Broker) {
    broker.publish("done").await;
    let mut consumer = broker.consumer(10);
    next(&mut consumer).await.ack().await;
    // Closed, not dropped: the broker may still send messages to one that is on its way out.
    soon(consumer.close()).await;
    broker.publish("next").await;
    let delivery = next(&mut broker.consumer(10)).await;
    assert_eq!(
        (delivery.body.as_ref(), delivery.redelivered),
        (&b"next"[..], false)
    );
}

async fn what_is_dropped_comes_again(broker: Broker) {
    broker.publish("again").await;
    let mut first = broker.consumer(1);
    drop(next(&mut first).await);
    let second = next(&mut first).await;
    assert_eq!(
        (second.body.as_ref(), second.redelivered),
        (&b"again"[..], true)
    );
    // The other consumer gets it, too.
    drop(first);
    drop(second);
    let third = next(&mut broker.consumer(1)).await;
    assert!(third.redelivered);
    third.ack().await;
}

/// As close to a killed worker as one process gets: consumer and delivery end with no runtime left
/// to say so.
async fn what_a_dead_process_held_comes_again(broker: Broker) {
    broker.publish("orphan").await;
    let broker = Arc::new(broker);
    let victim = Arc::clone(&broker);
    let death = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut consumer = runtime.block_on(async { victim.consumer(5) });
        let delivery = runtime.block_on(next(&mut consumer));
        runtime.shutdown_background();
        drop((delivery, consumer));
    });
    tokio::task::spawn_blocking(move || death.join().unwrap())
        .await
        .unwrap();
    let delivery = next(&mut broker.consumer(5)).await;
    assert_eq!(
        (delivery.body.as_ref(), delivery.redelivered),
        (&b"orphan"[..], true)
    );
    delivery.ack().await;
}

async fn expired_messages_are_not_delivered(broker: Broker) {
    let expires_in = Duration::from_millis(50);
    broker
        .publish_to(Queue::Verify, "late", expires_in)
        .await
        .unwrap();
    broker.publish("in time").await;
    tokio::time::sleep(expires_in * 2).await;
    assert_eq!(next(&mut broker.consumer(1)).await.body, "in time");
}

async fn a_full_queue_refuses(broker: Broker) {
    let capacity = match broker {
        Broker::Memory(_) => 100,
        Broker::RabbitMq(..) => 10_000,
    };
    let (mut taken, mut refused) = (0, 0);
    while refused == 0 {
        let many = (0..250).map(|_| broker.publish_to(Queue::Verify, "fill", LONG));
        for answer in join_all(many).await {
            match answer {
                Ok(()) => taken += 1,
                Err(PublishError::Refused(_)) => refused += 1,
                Err(error @ PublishError::Unavailable(_)) => panic!("{error}"),
            }
        }
    }
    assert_eq!(taken, capacity);
    // The other queue has room, and so has this one when something was taken from it.
    broker
        .publish_to(Queue::Interactive, "other", LONG)
        .await
        .unwrap();
    let mut consumer = broker.consumer(1);
    next(&mut consumer).await.ack().await;
    let _second = next(&mut consumer).await;
    broker.publish("fits").await;
}

async fn a_consumer_holds_no_more_than_its_prefetch(broker: Broker) {
    for body in ["1", "2", "3"] {
        broker.publish(body).await;
    }
    let mut consumer = broker.consumer(2);
    let first = next(&mut consumer).await;
    let _second = next(&mut consumer).await;
    // Nothing announces that nothing comes.
    let early = tokio::time::timeout(Duration::from_millis(200), consumer.next()).await;
    assert!(early.is_err(), "a third delivery came");
    first.ack().await;
    assert_eq!(next(&mut consumer).await.body, "3");
}

async fn queues_are_separate(broker: Broker) {
    broker.publish("frames").await;
    broker
        .publish_to(Queue::Interactive, "frame", LONG)
        .await
        .unwrap();
    for (queue, body) in [(Queue::Interactive, "frame"), (Queue::Verify, "frames")] {
        let delivery = next(&mut broker.consumer_of(&[queue], 2)).await;
        assert_eq!(
            (delivery.body.as_ref(), delivery.queue),
            (body.as_bytes(), queue)
        );
        delivery.ack().await;
    }
}

async fn one_consumer_takes_from_all_queues(broker: Broker) {
    let mut consumer = broker.consumer_of(&Queue::ALL, 2);
    for queue in [Queue::ALL, Queue::ALL].concat() {
        // It waits already, so that each queue has to wake it.
        let publishing = broker.publish_to(queue, "one", LONG);
        let (delivery, published) = tokio::join!(next(&mut consumer), publishing);
        published.unwrap();
        assert_eq!(delivery.queue, queue);
        // What is dropped goes back to where it came from.
        drop(delivery);
        let again = next(&mut consumer).await;
        assert_eq!((again.queue, again.redelivered), (queue, true));
        again.ack().await;
    }
}

async fn a_full_hand_of_one_queue_does_not_hold_up_another(broker: Broker) {
    for full in Queue::ALL {
        let mut consumer = broker.consumer_of(&Queue::ALL, 1);
        for body in ["1", "2"] {
            broker.publish_to(full, body, LONG).await.unwrap();
        }
        let held = next(&mut consumer).await;
        assert_eq!((held.body.as_ref(), held.queue), (&b"1"[..], full));
        for other in Queue::ALL.into_iter().filter(|q| *q != full) {
            broker.publish_to(other, "other", LONG).await.unwrap();
            let delivery = next(&mut consumer).await;
            assert_eq!(
                (delivery.body.as_ref(), delivery.queue),
                (&b"other"[..], other)
            );
            delivery.ack().await;
        }
        held.ack().await;
        let last = next(&mut consumer).await;
        assert_eq!((last.body.as_ref(), last.queue), (&b"2"[..], full));
        last.ack().await;
        // Closed, not dropped: the next consumer must find nothing that this one was sent.
        soon(consumer.close()).await;
    }
}

async fn a_closed_consumer_finishes_what_it_has(broker: Broker) {
    for body in ["1", "2", "3"] {
        broker.publish(body).await;
    }
    let mut closing = broker.consumer(3);
    let first = next(&mut closing).await;
    soon(closing.close()).await;
    assert!(soon(closing.next()).await.is_none());
    first.ack().await;
    // What it had not handed out is there for others, at once and in order.
    let mut other = broker.consumer(3);
    for body in ["2", "3"] {
        let delivery = next(&mut other).await;
        assert_eq!(delivery.body, body);
        delivery.ack().await;
    }
    drop(closing);
    broker.publish("4").await;
    let last = next(&mut other).await;
    assert_eq!((last.body.as_ref(), last.redelivered), (&b"4"[..], false));
}

async fn a_waiting_consumer_wakes(broker: Broker) {
    let (mut first, mut second) = (broker.consumer(1), broker.consumer(1));
    let both = tokio::spawn(async move { tokio::join!(next(&mut first), next(&mut second)) });
    broker.publish("a").await;
    broker.publish("b").await;
    let (a, b) = soon(both).await.unwrap();
    assert_ne!(a.body, b.body);
}

async fn a_large_message_arrives_whole(broker: Broker) {
    // What a verify at the limit of 36 MiB, sealed and not split, would be.
    let body = Bytes::from(
        (0..36 << 20)
            .map(|i: u32| i.to_le_bytes()[0])
            .collect::<Vec<u8>>(),
    );
    soon(
        broker
            .publisher()
            .publish(Queue::Verify, body.clone(), LONG),
    )
    .await
    .unwrap();
    let delivery = next(&mut broker.consumer(1)).await;
    assert!(delivery.body == body);
    assert!(!format!("{delivery:?}").contains('['), "no bytes in logs");
    delivery.ack().await;
}

async fn a_message_for_no_queue_is_refused(_: Broker) {
    let url = servers::amqp_url();
    let broker = at(url.parse().unwrap()).await;
    let connection = lapin::Connection::connect(&url, Default::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel
        .queue_delete(Queue::Verify.name().into(), Default::default())
        .await
        .unwrap();
    let answer = broker.publish_to(Queue::Verify, "lost", LONG).await;
    assert!(
        matches!(answer, Err(PublishError::Refused(_))),
        "{answer:?}"
    );
    // A consumer declares the queue anew.
    let mut consumer = broker.consumer(1);
    super::eventually(async || {
        broker
            .publish_to(Queue::Verify, "found", LONG)
            .await
            .is_ok()
    })
    .await;
    assert_eq!(next(&mut consumer).await.body, "found");
}

async fn a_channel_closed_by_the_broker_is_opened_anew(broker: Broker) {
    // The server's max_message_size is 40 MiB.
    let body = Bytes::from(vec![0; 41 << 20]);
    let answer = soon(broker.publisher().publish(Queue::Verify, body, LONG)).await;
    assert!(
        matches!(answer, Err(PublishError::Unavailable(_))),
        "{answer:?}"
    );
    super::eventually(async || {
        broker
            .publish_to(Queue::Verify, "small", LONG)
            .await
            .is_ok()
    })
    .await;
    // The connection held, and no message was lost: nobody need publish again.
    assert_eq!(*broker.publisher().connections().borrow(), 1);
}
