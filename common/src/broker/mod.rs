//! The queue between API and workers.
//!
//! Delivery is at-least-once. If a consumer dies with a delivery that it neither acknowledged nor returned,
//! the message is delivered again, to any consumer. Messages are stored in memory only and expire at their
//! deadline.

mod memory;
mod rabbitmq;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

pub use memory::MemoryBroker;
pub use rabbitmq::{BrokerAddresses, RabbitConsumer, RabbitPublisher};

use crate::tls::TlsError;

/// Most waiting messages in a queue before it refuses more.
///
/// This is far beyond what workers can measure before the deadline. It bounds the broker's memory;
/// admission control bounds the load.
pub const MAX_MESSAGES: usize = 10_000;

/// Most bytes of waiting messages in a queue before it refuses more.
pub const MAX_BYTES: usize = 2 << 30;

/// A kind of work. Each kind has a queue of its own, so that a burst of one does not delay the other.
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

    /// The queue's name at a broker that is the only one; with several, each adds its own address
    /// ([`BrokerAddresses`]).
    pub fn name(self) -> &'static str {
        match self {
            Self::Verify => "livegate.verify",
            Self::Interactive => "livegate.interactive",
        }
    }
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The broker refused the message: the queue is full or not declared.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// There is no connection to the broker at present.
    #[error("the broker cannot be reached: {0}")]
    Unavailable(String),
}

/// Why the brokers' URLs cannot be used. The message never repeats a URL, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// A URL does not parse.
    #[error(
        "a URL does not parse; expected amqp://user:password@host:port/vhost or amqps://…, and a comma between several"
    )]
    Malformed,
    /// Some URLs ask for TLS and some do not.
    #[error("some URLs begin with amqps:// and some with amqp://; all must begin with the same")]
    Mixed,
    /// The same broker is named twice.
    #[error("the same host and port is named twice; name each broker once")]
    Twice,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The sending side of the queue.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Sends `body` and returns when the broker has accepted it.
    ///
    /// The broker drops the message after `expires_in`, whether or not there is a consumer.
    ///
    /// # Errors
    /// [`PublishError`]: the message was not accepted, or it is unknown whether it was. Publishing it again
    /// is safe, since outcomes are idempotent.
    async fn publish(
        &self,
        queue: Queue,
        body: Bytes,
        expires_in: Duration,
    ) -> Result<(), PublishError>;

    /// Number of connections made so far. It changes when a lost broker is back. The broker has then lost
    /// its messages, so a caller that still waits for an outcome publishes its message again.
    fn connections(&self) -> watch::Receiver<u64>;

    /// Whether the broker can be reached and accepts messages now.
    fn is_connected(&self) -> bool;
}

/// The receiving side of the queue.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for the next delivery from any of the consumer's queues. `None` once the consumer was closed
    /// and has no more deliveries.
    ///
    /// Reconnects by itself, without a limit.
    async fn next(&mut self) -> Option<Delivery>;

    /// Stops receiving messages. Deliveries already handed out can still be acknowledged.
    async fn close(&mut self);
}

/// One delivered message. If it is dropped without [`Delivery::ack`], the queue delivers it again.
pub struct Delivery {
    /// The message as it was published.
    pub body: Bytes,
    /// The queue that it came from.
    pub queue: Queue,
    /// Whether it was delivered before, to a consumer that did not acknowledge it.
    pub redelivered: bool,
    acknowledger: Box<dyn Acknowledge>,
}

impl Delivery {
    /// Acknowledges the message: it is not delivered again.
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

/// Acknowledges one delivery. Dropping it returns the message to the queue.
#[async_trait]
trait Acknowledge: Send + Sync {
    async fn ack(self: Box<Self>);
}
