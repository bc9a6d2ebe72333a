//! The receiving side of the queue at RabbitMQ.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Acker, Channel, Connection};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{BrokerAddresses, Link, backoff, open_channel, step};
use crate::broker::{Acknowledge, Consumer, Delivery, Queue};
use crate::retry::Backoff;
use crate::shutdown::{Shutdown, Trigger};

/// Longest wait until the broker knows that a consumer is closing.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Consumes queues at RabbitMQ over one connection to each broker, which background tasks maintain.
pub struct RabbitConsumer {
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    closing: Trigger,
    keepers: JoinSet<()>,
}

impl RabbitConsumer {
    /// A consumer of `queues` at all of these brokers that holds about `prefetch` unacknowledged deliveries of
    /// each queue: they are divided among the brokers, and each has one at least.
    ///
    /// It does not wait for the brokers. Call it inside a tokio runtime.
    pub fn new(brokers: &BrokerAddresses, queues: &[Queue], prefetch: u16) -> Self {
        // This channel is unbounded. The prefetch limits the number of deliveries.
        let (sender, deliveries) = mpsc::unbounded_channel();
        let (closing, closed) = Shutdown::new();
        let links = brokers.links();
        let number = u16::try_from(links.len()).unwrap_or(u16::MAX);
        let keepers = links.iter().map(|link| {
            let source = Source {
                link: link.clone(),
                queues: queues.to_vec(),
                prefetch: prefetch.max(1).div_ceil(number),
                sender: sender.clone(),
                closed: closed.clone(),
            };
            source.run()
        });
        Self {
            deliveries,
            closing,
            keepers: keepers.collect(),
        }
    }
}

#[async_trait]
impl Consumer for RabbitConsumer {
    async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    async fn close(&mut self) {
        self.closing.stop();
        let closed = async { while self.keepers.join_next().await.is_some() {} };
        if timeout(CLOSE_TIMEOUT, closed).await.is_err() {
            self.keepers.abort_all();
        }
        self.deliveries.close();
        // Deliveries that nobody received return to the queue now, and not only when the connection ends.
        while let Ok(unseen) = self.deliveries.try_recv() {
            drop(unseen);
        }
    }
}

/// Data of the background task of one broker.
struct Source {
    link: Link,
    queues: Vec<Queue>,
    prefetch: u16,
    sender: mpsc::UnboundedSender<Delivery>,
    closed: Shutdown,
}

/// Why serving a connection ended.
enum End {
    Closed,
    Lost(lapin::Error),
}

impl Source {
    async fn run(self) {
        let link = &self.link;
        let mut backoff = backoff();
        loop {
            let error = tokio::select! {
                biased;
                () = self.closed.wait() => return,
                connected = link.connect("livegate consumer") => match connected {
                    Ok(connection) => match self.serve(&connection, &mut backoff).await {
                        End::Closed => return,
                        End::Lost(error) => error.to_string(),
                    },
                    Err(error) => link.explained(&error),
                },
            };
            if backoff.is_fresh() {
                let address = link.address();
                tracing::warn!(
                    amqp.address = %address,
                    error = %error,
                    "The consumer has no connection to RabbitMQ at {address}, and keeps trying: {error}"
                );
            }
            tokio::select! {
                () = self.closed.wait() => return,
                () = backoff.wait() => {}
            }
        }
    }

    async fn serve(&self, connection: &Connection, backoff: &mut Backoff) -> End {
        let (channel, consumers) = match self.subscribe(connection).await {
            Ok(both) => both,
            Err(error) => return End::Lost(error),
        };
        backoff.reset();
        let address = self.link.address();
        tracing::info!(amqp.address = %address, "The consumer is connected to RabbitMQ at {address}");
        let tags: Vec<_> = consumers.iter().map(|(_, c)| c.tag()).collect();
        // A single consumer ends if its queue is deleted. Then everything is set up again.
        let with_end = |(queue, consumer): (Queue, lapin::Consumer)| {
            let deliveries = consumer.map(move |d| Some(d.map(|d| (queue, d))));
            deliveries.chain(stream::once(async { None }))
        };
        let mut deliveries = stream::select_all(consumers.into_iter().map(|c| with_end(c).boxed()));
        loop {
            tokio::select! {
                biased;
                () = self.closed.wait() => {
                    for tag in tags {
                        // If this fails, the connection is lost, and the broker has taken back all
                        // deliveries.
                        let _ = channel.basic_cancel(tag, BasicCancelOptions::default()).await;
                    }
                    return End::Closed;
                }
                next = deliveries.next() => match next.flatten() {
                    Some(Ok((queue, delivery))) => self.hand_over(queue, delivery, &channel),
                    Some(Err(error)) => return End::Lost(error),
                    None => {
                        let ended = std::io::Error::other("the broker ended the subscription");
                        return End::Lost(ended.into());
                    }
                },
            }
        }
    }

    async fn subscribe(
        &self,
        connection: &Connection,
    ) -> lapin::Result<(Channel, Vec<(Queue, lapin::Consumer)>)> {
        let channel = open_channel(connection, &self.link).await?;
        step(channel.basic_qos(self.prefetch, BasicQosOptions::default())).await?;
        let mut consumers = Vec::new();
        for &queue in &self.queues {
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            // An empty tag lets the broker choose one.
            let name = self.link.queue(queue);
            let consume = channel.basic_consume(name, "".into(), options, arguments);
            consumers.push((queue, step(consume).await?));
        }
        Ok((channel, consumers))
    }

    fn hand_over(&self, queue: Queue, delivery: lapin::message::Delivery, channel: &Channel) {
        let delivery = Delivery {
            body: Bytes::from(delivery.data),
            queue,
            redelivered: delivery.redelivered,
            acknowledger: Box::new(Unacknowledged(Some(Held {
                acker: delivery.acker,
                channel: channel.clone(),
            }))),
        };
        // Sending fails if the consumer was dropped. The delivery then returns to the queue.
        let _ = self.sender.send(delivery);
    }
}

struct Held {
    acker: Acker,
    /// Keeps the connection open for the acknowledgement after the consumer has been dropped.
    channel: Channel,
}

struct Unacknowledged(Option<Held>);

#[async_trait]
impl Acknowledge for Unacknowledged {
    async fn ack(mut self: Box<Self>) {
        // A connection that is ending may never send it, so the wait is limited.
        if let Some(held) = self.0.take()
            && let Err(error) = step(held.acker.ack(BasicAckOptions::default())).await
        {
            // The broker delivers the message again. Jobs may run twice.
            tracing::debug!(error = %error, "A delivery could not be acknowledged: {error}");
        }
    }
}

impl Drop for Unacknowledged {
    fn drop(&mut self) {
        // Without a runtime, the message returns when the connection ends.
        if let Some(held) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                let options = BasicNackOptions {
                    requeue: true,
                    ..Default::default()
                };
                let _ = step(held.acker.nack(options)).await;
                drop(held.channel);
            });
        }
    }
}
