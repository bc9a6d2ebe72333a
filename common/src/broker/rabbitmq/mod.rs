//! The queue at RabbitMQ.
//!
//! Publisher and consumer have connections of their own and reconnect without a limit. Of several brokers the
//! publisher uses one, and the next one when that fails; the consumer takes from all. lapin's own recovery is
//! off. A lost connection must end what was under way (a publish that waits for its
//! confirmation, a delivery that waits for its acknowledgement), and lapin would revive it instead.

mod address;
mod consumer;
mod publisher;

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection};
use tokio::time::timeout;

pub use address::BrokerAddresses;
use address::Link;
pub use consumer::RabbitConsumer;
pub use publisher::RabbitPublisher;

use super::{MAX_BYTES, MAX_MESSAGES, Queue};

use crate::retry::Backoff;

/// Longest wait for one step of the set-up: connecting, or declaring.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

const RECONNECT_MIN: Duration = Duration::from_millis(200);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Opens a channel after declaring every queue on it.
async fn open_channel(connection: &Connection, link: &Link) -> lapin::Result<Channel> {
    let channel = step(connection.create_channel()).await?;
    for queue in Queue::ALL {
        step(declare(&channel, link.queue(queue))).await?;
    }
    Ok(channel)
}

/// Declares a queue. No other code does: the broker refuses a second declaration that differs.
async fn declare(channel: &Channel, name: ShortString) -> lapin::Result<()> {
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
    channel.queue_declare(name, options, arguments).await?;
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
