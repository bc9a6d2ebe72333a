//! The queue at RabbitMQ.
//!
//! Both sides keep a connection of their own and reconnect for ever; lapin's own recovery is off,
//! because a lost connection must end what was under way (a publish that waits for its
//! confirmation, a delivery that waits for its acknowledgement) instead of reviving it.

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

/// A peer silent for twice this is taken for lost, which is noticed half of this later at most. A network
/// may forget a connection and close nothing, and within 15 s of its return all is to be well again.
const HEARTBEAT_SECONDS: u16 = 4;

/// Longest wait for one step of setting up: connecting, or declaring.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

const RECONNECT_MIN: Duration = Duration::from_millis(200);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Makes connections to one broker.
struct Link {
    /// Holds the password: never logged.
    uri: AMQPUri,
    /// What the broker's own pages call the connection.
    name: &'static str,
}

impl Link {
    fn new(url: &str, name: &'static str) -> Result<Self, BrokerUrlError> {
        // The parser's text is dropped: it may repeat parts of the URL.
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

    /// Where the broker is, for logs.
    fn address(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }
}

/// Opens a channel on which every queue exists.
async fn open_channel(connection: &Connection) -> lapin::Result<Channel> {
    let channel = step(connection.create_channel()).await?;
    for queue in Queue::ALL {
        step(declare(&channel, queue)).await?;
    }
    Ok(channel)
}

/// Declares a queue. The one place that does: the broker refuses a second declaration that differs.
async fn declare(channel: &Channel, queue: Queue) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    // Named, so that a virtual host whose default is another type does not get to choose: a quorum
    // queue writes media to disk.
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString("classic".into()),
    );
    arguments.insert("x-max-length".into(), long(MAX_MESSAGES));
    arguments.insert("x-max-length-bytes".into(), long(MAX_BYTES));
    // The default would drop the oldest message, which somebody is waiting for.
    arguments.insert(
        "x-overflow".into(),
        AMQPValue::LongString("reject-publish".into()),
    );
    // Durable is the queue, not what is in it: messages are transient. RabbitMQ 4 deprecates
    // queues that are neither durable nor exclusive, and 3.10 has no objection.
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

/// Bounds one step: a broker that accepts the connection and then says nothing must not stop the
/// attempts to reach one that does.
async fn step<T>(work: impl Future<Output = lapin::Result<T>>) -> lapin::Result<T> {
    match timeout(STEP_TIMEOUT, work).await {
        Ok(result) => result,
        Err(late) => Err(std::io::Error::from(late).into()),
    }
}

/// Waits between attempts to connect.
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
