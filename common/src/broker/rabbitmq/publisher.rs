//! The sending side of the queue at RabbitMQ.
//!
//! Of several brokers it uses one. When the connection to this one is lost, it tries the next one at once, and
//! those who wait for an outcome publish their messages there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, Event};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{BrokerAddresses, Link, backoff, open_channel, step};
use crate::broker::{PublishError, Publisher, Queue};
use crate::retry::Backoff;

/// AMQP delivery mode of a message that the broker need not write to disk.
const TRANSIENT: u8 = 1;

/// Interval at which the channel's state is checked, in addition to the events that report its end.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Publishes to RabbitMQ over one connection, which a background task maintains.
pub struct RabbitPublisher {
    state: Arc<State>,
    keeper: JoinHandle<()>,
}

/// A channel to a broker that has the queues.
#[derive(Clone)]
struct Outlet {
    channel: Channel,
    link: Link,
}

struct State {
    outlet: watch::Sender<Option<Outlet>>,
    connections: watch::Sender<u64>,
    /// Whether the broker is short of memory or disk and does not read until that is over.
    blocked: AtomicBool,
    /// Notified when a publish finds that the channel no longer works.
    broken: Notify,
}

impl RabbitPublisher {
    /// A publisher to the first of these brokers that it reaches.
    ///
    /// It does not wait for a broker. Until one is reached, [`Publisher::is_connected`] is false and
    /// publishing fails at once. Call it inside a tokio runtime.
    pub fn connect(brokers: &BrokerAddresses) -> Self {
        let state = Arc::new(State {
            outlet: watch::Sender::new(None),
            connections: watch::Sender::new(0),
            blocked: AtomicBool::new(false),
            broken: Notify::new(),
        });
        let keeper = tokio::spawn(keep_connected(brokers.clone(), Arc::clone(&state)));
        Self { state, keeper }
    }
}

impl Drop for RabbitPublisher {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[async_trait]
impl Publisher for RabbitPublisher {
    async fn publish(
        &self,
        queue: Queue,
        body: Bytes,
        expires_in: Duration,
    ) -> Result<(), PublishError> {
        let outlet = self.state.outlet.borrow().clone();
        let Some(outlet) = outlet else {
            return Err(PublishError::Unavailable("not connected".to_owned()));
        };
        if self.state.blocked.load(Ordering::Relaxed) {
            return Err(PublishError::Refused(
                "it is short of memory or disk space".to_owned(),
            ));
        }
        match timeout(expires_in, publish(&outlet, queue, &body, expires_in)).await {
            Ok(Ok(confirmation)) => accepted(confirmation),
            Ok(Err(error)) => {
                if !outlet.channel.status().connected() {
                    self.state.broken.notify_one();
                }
                Err(PublishError::Unavailable(error.to_string()))
            }
            Err(_) => Err(PublishError::Unavailable(format!(
                "no answer within {expires_in:?}"
            ))),
        }
    }

    fn connections(&self) -> watch::Receiver<u64> {
        self.state.connections.subscribe()
    }

    fn is_connected(&self) -> bool {
        // A broker that does not read cannot accept messages, even while it is connected.
        let blocked = self.state.blocked.load(Ordering::Relaxed);
        let outlet = self.state.outlet.borrow();
        !blocked && (outlet.as_ref()).is_some_and(|outlet| outlet.channel.status().connected())
    }
}

async fn publish(
    outlet: &Outlet,
    queue: Queue,
    body: &[u8],
    expires_in: Duration,
) -> lapin::Result<Confirmation> {
    // Mandatory: the broker returns a message for a queue that does not exist. Otherwise it would drop the
    // message silently.
    let options = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    let properties = BasicProperties::default()
        .with_delivery_mode(TRANSIENT)
        .with_expiration(expires_in.as_millis().max(1).to_string().into());
    let queue = outlet.link.queue(queue);
    let confirm = (outlet.channel)
        .basic_publish("".into(), queue, options, body, properties)
        .await?;
    // The confirmation is awaited in a task of its own: lapin keeps every confirmation that nobody awaits,
    // without end.
    match tokio::spawn(confirm).await {
        Ok(confirmation) => confirmation,
        Err(stopped) => Err(std::io::Error::other(stopped).into()),
    }
}

fn accepted(confirmation: Confirmation) -> Result<(), PublishError> {
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err(PublishError::Refused("no such queue".to_owned())),
        Confirmation::Nack(_) => Err(PublishError::Refused("the queue is full".to_owned())),
        Confirmation::NotRequested => Err(PublishError::Unavailable(
            "the channel confirms nothing".to_owned(),
        )),
    }
}

async fn keep_connected(brokers: BrokerAddresses, state: Arc<State>) {
    let mut backoff = backoff();
    // How many brokers in a row could not be used.
    let mut failed = 0;
    for link in brokers.links().iter().cycle() {
        let error = match link.connect("livegate publisher").await {
            Ok(connection) => {
                let served = serve(&connection, link, &state, &mut backoff).await;
                state.outlet.send_replace(None);
                state.blocked.store(false, Ordering::Relaxed);
                if served.was_of_use {
                    failed = 0;
                }
                served.error.to_string()
            }
            Err(error) => link.explained(&error),
        };
        if backoff.is_fresh() {
            let address = link.address();
            tracing::warn!(
                amqp.address = %address,
                error = %error,
                "The publisher has no connection to RabbitMQ at {address}, and keeps trying: {error}"
            );
        }
        failed += 1;
        if failed % brokers.links().len() == 0 {
            backoff.wait().await;
        }
    }
}

/// How a connection ended.
struct Served {
    /// Whether messages could be published over it.
    was_of_use: bool,
    error: lapin::Error,
}

/// Keeps a channel open while the connection lasts.
async fn serve(
    connection: &Connection,
    link: &Link,
    state: &State,
    backoff: &mut Backoff,
) -> Served {
    let mut events = connection.events_listener();
    let mut was_of_use = false;
    loop {
        let channel = match open(connection, link).await {
            Ok(channel) => channel,
            Err(error) => return Served { was_of_use, error },
        };
        state.outlet.send_replace(Some(Outlet {
            channel: channel.clone(),
            link: link.clone(),
        }));
        if !was_of_use {
            was_of_use = true;
            backoff.reset();
            let address = link.address();
            tracing::info!(amqp.address = %address, "The publisher is connected to RabbitMQ at {address}");
            // Counted only here, so that a publish which this wakes finds the channel. Counted once for
            // each connection: a channel that fails alone loses no messages.
            state.connections.send_modify(|count| *count += 1);
        }
        let mut last_error = None;
        while channel.status().connected() && connection.status().connected() {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(_)) => state.blocked.store(true, Ordering::Relaxed),
                    Some(Event::ConnectionUnblocked) => state.blocked.store(false, Ordering::Relaxed),
                    Some(Event::Error(error)) => last_error = Some(error),
                    Some(_) => {}
                    None => break,
                },
                () = state.broken.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        state.outlet.send_replace(None);
        if !connection.status().connected() {
            let lost = || std::io::Error::from(std::io::ErrorKind::ConnectionReset).into();
            let error = last_error.unwrap_or_else(lost);
            return Served { was_of_use, error };
        }
        // Without a pause, a channel that fails again and again would keep a processor busy.
        backoff.wait().await;
    }
}

async fn open(connection: &Connection, link: &Link) -> lapin::Result<Channel> {
    let channel = open_channel(connection, link).await?;
    step(channel.confirm_select(ConfirmSelectOptions::default())).await?;
    Ok(channel)
}
