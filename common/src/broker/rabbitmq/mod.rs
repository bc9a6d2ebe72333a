//! The queue at RabbitMQ.
//!
//! Publisher and consumer each have a connection of their own and reconnect without a limit. lapin's own
//! recovery is off. A lost connection must end what was under way (a publish that waits for its
//! confirmation, a delivery that waits for its acknowledgement), and lapin would revive it instead.

mod consumer;
mod publisher;

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::timeout;

pub use consumer::RabbitConsumer;
pub use publisher::RabbitPublisher;

use super::{BrokerUrlError, MAX_BYTES, MAX_MESSAGES, Queue};

use crate::retry::Backoff;

/// Heartbeat interval, seconds.
///
/// A peer that is silent for twice this time counts as lost, which is noticed half of this time later at
/// most. A network may forget a connection without closing it, and within 15 s of the network's return the
/// service must work again.
const HEARTBEAT_SECONDS: u16 = 4;

/// Longest wait for one step of the set-up: connecting, or declaring.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

const RECONNECT_MIN: Duration = Duration::from_millis(200);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Makes connections to one broker.
struct Link {
    /// The URI, which holds the password. It is never logged.
    uri: AMQPUri,
    /// The connection's name on the broker's own pages.
    name: &'static str,
}

impl Link {
    fn new(url: &str, name: &'static str) -> Result<Self, BrokerUrlError> {
        // The parser's message is dropped, since it may repeat parts of the URL.
        let mut uri: AMQPUri = url.parse().map_err(|_| BrokerUrlError::Malformed)?;
        match uri.scheme {
            AMQPScheme::AMQP => {}
            AMQPScheme::AMQPS => return Err(BrokerUrlError::NoTls),
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(Self { uri, name })
    }

    async fn connect(&self) -> lapin::Result<Connection> {
        let properties = ConnectionProperties::default().with_connection_name(self.name.into());
        step(Connection::connect_uri(self.uri.clone(), properties)).await
    }

    /// The broker's address, for logs.
    fn address(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }
}

/// Opens a channel after declaring every queue on it.
async fn open_channel(connection: &Connection) -> lapin::Result<Channel> {
    let channel = step(connection.create_channel()).await?;
    for queue in Queue::ALL {
        step(declare(&channel, queue)).await?;
    }
    Ok(channel)
}

/// Declares a queue. No other code does: the broker refuses a second declaration that differs.
async fn declare(channel: &Channel, queue: Queue) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    // The type is named, so that the default of a virtual host does not apply. A quorum queue would write
    // media to disk.
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("classic".into()),
    );
    arguments.insert("x-max-length".into(), long(MAX_MESSAGES));
    arguments.insert("x-max-length-bytes".into(), long(MAX_BYTES));
    // The default would drop the oldest message, which a caller waits for.
    arguments.insert(
        "x-overflow".into(),
        AMQPValue::LongString("reject-publish".into()),
    );
    // The queue is durable, and its messages are transient. RabbitMQ 4 deprecates queues that are neither
    // durable nor exclusive, and 3.10 accepts durable ones.
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(queue.name().into(), options, arguments)
        .await?;
    Ok(())
}

fn long(number: usize) -> AMQPValue {
    AMQPValue::LongLongInt(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Limits the time of one step.
///
/// A broker that accepts a connection and then does not answer must not stop the attempts to reach one that
/// does.
async fn step<T>(work: impl Future<Output = lapin::Result<T>>) -> lapin::Result<T> {
    match timeout(STEP_TIMEOUT, work).await {
        Ok(result) => result,
        Err(late) => Err(std::io::Error::from(late).into()),
    }
}

/// The pauses between attempts to connect.
fn backoff() -> Backoff {
    Backoff::new(RECONNECT_MIN, RECONNECT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_refused_without_being_repeated() {
        for url in [
            "",
            "broker",
            "http://user:secret@host",
            "amqp://user:secret@host:port",
        ] {
            let error = Link::new(url, "test").err().unwrap();
            assert_eq!(error, BrokerUrlError::Malformed, "{url}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(
            Link::new("amqps://host", "test").err(),
            Some(BrokerUrlError::NoTls)
        );
        let link = Link::new("amqp://user:secret@host:1234/%2f", "test").unwrap();
        assert_eq!(link.address(), "host:1234");
    }
}
