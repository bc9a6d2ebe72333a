//! The queue between API and workers.
//!
//! At-least-once: a delivery that is neither acknowledged nor returned when its consumer dies is
//! delivered again, to any consumer. Messages live in memory only and expire at their deadline.

mod memory;
mod rabbitmq;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

pub use memory::MemoryBroker;
pub use rabbitmq::{RabbitConsumer, RabbitPublisher};

/// Waiting messages that a queue takes before it refuses more. Far beyond what workers can measure
/// before the deadline: it bounds the broker's memory, admission control bounds the load.
const MAX_MESSAGES: usize = 10_000;

/// Bytes of waiting messages that a queue takes before it refuses more.
const MAX_BYTES: usize = 2 << 30;

/// Which kind of work a message is; each kind has a queue of its own, so that a burst of one does
/// not delay the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Frame batches of `/v1/liveness/verify`.
    Verify,
    /// Single frames of interactive sessions.
    Interactive,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Verify];

    /// The queue's name at the broker.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verify => "livegate.verify",
            Self::Interactive => "livegate.interactive",
        }
    }
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The broker is there and said no: the queue is full or nobody declared it.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// No connection to the broker at present.
    #[error("the broker cannot be reached: {0}")]
    Unavailable(String),
}

/// Why a broker's URL cannot be used. Never repeats the URL, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// It does not parse.
    #[error("the AMQP URL does not parse; expected amqp://user:password@host:port/vhost")]
    Malformed,
    /// It asks for TLS.
    #[error("amqps is not supported; put a TLS proxy between Livegate and the broker")]
    NoTls,
}

/// The sending side of the queue.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Sends `body` and returns once the broker has taken it.
    ///
    /// The broker drops the message after `expires_in`, whether or not a consumer is there.
    ///
    /// # Errors
    /// [`PublishError`]: the message was not taken, or it is unknown whether it was; sending it
    /// again is safe, since outcomes are idempotent.
    async fn publish(
        &self,
        queue: Queue,
        body: Bytes,
        expires_in: Duration,
    ) -> Result<(), PublishError>;

    /// Counts the connections made so far. It changes when a lost broker is back: messages that it
    /// held are gone then, and whoever still waits for one publishes it again.
    fn connections(&self) -> watch::Receiver<u64>;

    /// Whether the broker can be reached, and takes messages, at this moment.
    fn is_connected(&self) -> bool;
}

/// The receiving side of the queue.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for the next delivery, from any of the consumer's queues; `None` once the consumer was closed and will deliver no more.
    ///
    /// Reconnects by itself, for as long as it takes.
    async fn next(&mut self) -> Option<Delivery>;

    /// Stops taking new messages. Deliveries already handed out can still be acknowledged.
    async fn close(&mut self);
}

/// One message in a consumer's hands. Dropped without a word, it is delivered again.
pub struct Delivery {
    /// The message as it was published.
    pub body: Bytes,
    /// Which queue it came from.
    pub queue: Queue,
    /// Whether it was delivered before, to a consumer that did not acknowledge it.
    pub redelivered: bool,
    acknowledger: Box<dyn Acknowledge>,
}

impl Delivery {
    /// Tells the broker that the message is done with.
    pub async fn ack(self) {
        self.acknowledger.ack().await;
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("bytes", &self.body.len())
            .field("queue", &self.queue)
            .field("redelivered", &self.redelivered)
            .finish_non_exhaustive()
    }
}

/// How an implementation acknowledges one delivery; dropping it returns the message.
#[async_trait]
trait Acknowledge: Send + Sync {
    async fn ack(self: Box<Self>);
}
