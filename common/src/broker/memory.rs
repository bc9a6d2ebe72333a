//! The queue within one process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::{
    Acknowledge, Consumer, Delivery, MAX_BYTES, MAX_MESSAGES, PublishError, Publisher, Queue,
};

/// Queues in memory. Clones share the same queues.
#[derive(Clone)]
pub struct MemoryBroker {
    verify: Arc<MemoryQueue>,
    interactive: Arc<MemoryQueue>,
    /// The number of connections is always one: the memory itself.
    connections: watch::Sender<u64>,
}

impl MemoryBroker {
    /// Empty queues with the same limits as those at RabbitMQ.
    pub fn new() -> Self {
        Self::with_capacity(MAX_MESSAGES, MAX_BYTES)
    }

    /// Empty queues, each with a limit on the number and the bytes of waiting messages.
    pub fn with_capacity(max_messages: usize, max_bytes: usize) -> Self {
        let queue = || {
            Arc::new(MemoryQueue {
                waiting: Mutex::default(),
                arrived: Notify::new(),
                max_messages,
                max_bytes,
            })
        };
        Self {
            verify: queue(),
            interactive: queue(),
            connections: watch::Sender::new(1),
        }
    }

    /// A consumer of `queues` that holds at most `prefetch` unacknowledged deliveries of each queue.
    pub fn consumer(&self, queues: &[Queue], prefetch: u16) -> impl Consumer + use<> {
        let source = |queue: &Queue| Source {
            name: *queue,
            queue: Arc::clone(self.queue(*queue)),
            places: Arc::new(Semaphore::new(usize::from(prefetch.max(1)))),
        };
        MemoryConsumer {
            sources: queues.iter().map(source).collect(),
            closed: false,
        }
    }

    fn queue(&self, queue: Queue) -> &Arc<MemoryQueue> {
        match queue {
            Queue::Verify => &self.verify,
            Queue::Interactive => &self.interactive,
        }
    }
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Publisher for MemoryBroker {
    async fn publish(
        &self,
        queue: Queue,
        body: Bytes,
        expires_in: Duration,
    ) -> Result<(), PublishError> {
        let queue = self.queue(queue);
        let expires_at = Instant::now() + expires_in;
        queue.push(Message {
            body,
            expires_at,
            redelivered: false,
        })?;
        // Media must not be kept after their deadline, even without a consumer.
        let waiting = Arc::downgrade(queue);
        tokio::spawn(async move {
            tokio::time::sleep_until(expires_at).await;
            if let Some(queue) = waiting.upgrade() {
                queue.lock().drop_expired();
            }
        });
        Ok(())
    }

    fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    fn is_connected(&self) -> bool {
        true
    }
}

struct MemoryQueue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    bytes: usize,
}

#[derive(Clone)]
struct Message {
    body: Bytes,
    expires_at: Instant,
    redelivered: bool,
}

impl MemoryQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, message: Message) -> Result<(), PublishError> {
        let mut waiting = self.lock();
        if waiting.messages.len() >= self.max_messages
            || waiting.bytes + message.body.len() > self.max_bytes
        {
            return Err(PublishError::Refused("the queue is full".to_owned()));
        }
        waiting.bytes += message.body.len();
        waiting.messages.push_back(message);
        self.arrived.notify_one();
        Ok(())
    }

    /// Returns a message that was delivered and not acknowledged. It keeps its place in the queue.
    fn put_back(&self, mut message: Message) {
        message.redelivered = true;
        let mut waiting = self.lock();
        waiting.bytes += message.body.len();
        waiting.messages.push_front(message);
        self.arrived.notify_one();
    }

    async fn pop(&self) -> Message {
        loop {
            if let Some(message) = self.lock().pop() {
                return message;
            }
            // A message that arrives between the check and the wait leaves a permit behind.
            self.arrived.notified().await;
        }
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Message> {
        self.drop_expired();
        let message = self.messages.pop_front()?;
        self.bytes -= message.body.len();
        Some(message)
    }

    fn drop_expired(&mut self) {
        let now = Instant::now();
        self.messages.retain(|m| m.expires_at > now);
        self.bytes = self.messages.iter().map(|m| m.body.len()).sum();
    }
}

struct MemoryConsumer {
    sources: Vec<Source>,
    closed: bool,
}

/// One queue, as seen by one consumer.
struct Source {
    name: Queue,
    queue: Arc<MemoryQueue>,
    places: Arc<Semaphore>,
}

impl Source {
    /// Cancel-safe: dropped before it has a message, it has taken none.
    async fn next(&self) -> Option<Delivery> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let message = self.queue.pop().await;
        Some(Delivery {
            body: message.body.clone(),
            queue: self.name,
            redelivered: message.redelivered,
            acknowledger: Box::new(Unacknowledged {
                message: Some(message),
                queue: Arc::clone(&self.queue),
                _place: place,
            }),
        })
    }
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn next(&mut self) -> Option<Delivery> {
        if self.closed {
            return None;
        }
        // The other futures are dropped, and made again for the next delivery.
        let mut racing: FuturesUnordered<_> = self.sources.iter().map(Source::next).collect();
        racing.next().await.flatten()
    }

    async fn close(&mut self) {
        self.closed = true;
    }
}

struct Unacknowledged {
    message: Option<Message>,
    queue: Arc<MemoryQueue>,
    _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Acknowledge for Unacknowledged {
    async fn ack(mut self: Box<Self>) {
        self.message = None;
    }
}

impl Drop for Unacknowledged {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.queue.put_back(message);
        }
    }
}
