//! One job: publishes its batches, again if needed, and collects their outcomes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Began};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livegate_common::blocking::run_blocking_if_large;
use livegate_common::broker::{Publisher, Queue};
use livegate_common::id::{BatchId, JobId, RequestId};
use livegate_common::job::{Batch, BatchHeader, Outcome, encode_batch, now_ms, open_outcome};
use livegate_common::results::{Announcements, ResultStore, StoreError};
use livegate_common::retry::Backoff;
use livegate_common::seal::SealKey;
use livegate_telemetry::traces;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug_span};

use super::error::MeasureError;
use crate::metrics::{Metrics, Stage};
use crate::services::Services;

/// How long before the deadline the store is asked once more, since announcements can be lost.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Pause before a store that did not answer is asked again.
const STORE_RETRY: Duration = Duration::from_millis(250);

/// Pauses before a batch that the broker did not accept is published again.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_millis(500);

/// Has workers measure each batch, sent over `queue`. Returns the outcomes in the order of the batches.
pub(super) async fn measure(
    services: &Services,
    request: &RequestId,
    queue: Queue,
    batches: Vec<Batch>,
    limit: Duration,
) -> Result<Vec<(BatchId, Outcome)>, MeasureError> {
    let deadline = Instant::now() + limit;
    let deadline_ms = now_ms() + u64::try_from(limit.as_millis()).unwrap_or(u64::MAX / 2);
    let (job, number) = (JobId::random(), batches.len());
    let mut work = Work {
        publisher: &*services.publisher,
        queue,
        results: &*services.results,
        seal: &services.seal,
        // Subscribed before publishing, since an outcome can arrive before `publish` returns.
        announcements: services.results.watch(job),
        job,
        request,
        deadline,
        deadline_ms,
        metrics: &services.metrics,
        spans: (0..).take(number).map(|n| (n, span_of(queue, n))).collect(),
        outstanding: (0..).zip(batches).collect(),
        outcomes: BTreeMap::new(),
        sent: None,
        look_at: deadline.checked_sub(LAST_LOOK).unwrap_or(deadline),
    };
    let done = tokio::time::timeout_at(deadline, work.run()).await;
    if let Some(sent) = work.sent {
        services.metrics.stage(Stage::Wait, sent);
    }
    match done {
        Ok(done) => done?,
        Err(_) => {
            return Err(MeasureError::Deadline {
                job,
                missing: work.outstanding.len(),
                batches: number,
            });
        }
    }
    let outcomes = work.outcomes.into_iter();
    Ok(outcomes
        .map(|(batch, outcome)| (BatchId { job, batch }, outcome))
        .collect())
}

fn span_of(queue: Queue, batch: u16) -> Span {
    debug_span!(
        "batch",
        otel.name = %format!("send {}", queue.name()),
        otel.kind = "producer",
        batch.number = batch,
    )
}

struct Work<'a> {
    publisher: &'a dyn Publisher,
    queue: Queue,
    results: &'a dyn ResultStore,
    seal: &'a SealKey,
    announcements: Announcements,
    job: JobId,
    request: &'a RequestId,
    deadline: Instant,
    deadline_ms: u64,
    metrics: &'a Metrics,
    /// Trace spans of the outstanding batches: each lasts until the outcome is in.
    spans: BTreeMap<u16, Span>,
    /// Batches without an outcome, by number.
    outstanding: BTreeMap<u16, Batch>,
    /// Outcomes of the other batches, by number.
    outcomes: BTreeMap<u16, Outcome>,
    /// When the first batches were published.
    sent: Option<Began>,
    /// When to ask the store without an announcement.
    look_at: Instant,
}

impl Work<'_> {
    /// Runs until every batch has an outcome, or until one has failed, since the others do not matter
    /// then.
    async fn run(&mut self) -> Result<(), MeasureError> {
        let mut connections = self.publisher.connections();
        connections.mark_unchanged();
        let (publisher, queue, deadline) = (self.publisher, self.queue, self.deadline);
        let metrics = self.metrics;
        let publish = |message| publish(publisher, metrics, queue, message, deadline);
        let mut publishing: FuturesUnordered<_> = self
            .seal_outstanding()
            .await?
            .into_iter()
            .map(publish)
            .collect();
        self.sent = Some(Began::now());
        while !self.outstanding.is_empty() {
            tokio::select! {
                () = self.announcements.changed() => self.collect().await?,
                () = tokio::time::sleep_until(self.look_at) => {
                    self.look_at = self.deadline;
                    self.collect().await?;
                }
                Some(()) = publishing.next() => {}
                Ok(()) = connections.changed() => {
                    // The broker's messages are lost. Some outcomes may have arrived, though.
                    self.collect().await?;
                    publishing.clear();
                    metrics.republished(self.outstanding.len());
                    publishing.extend(self.seal_outstanding().await?.into_iter().map(publish));
                }
            }
        }
        Ok(())
    }

    /// The messages of all outstanding batches, sealed.
    async fn seal_outstanding(&self) -> Result<Vec<Bytes>, MeasureError> {
        let began = Began::now();
        let (seal, job, deadline_ms) = (self.seal.clone(), self.job, self.deadline_ms);
        let (request, sent_ms) = (self.request.clone(), now_ms());
        let traces: BTreeMap<u16, Option<String>> = (self.spans.iter())
            .map(|(batch, span)| (*batch, traces::context_of(span)))
            .collect();
        let reply_to = self.results.replica();
        let batches = self.outstanding.clone();
        let bytes = batches.values().map(Batch::bytes).sum();
        let sealing = run_blocking_if_large(bytes, move || {
            let seal_one = |(batch, content): (u16, Batch)| {
                let header = BatchHeader {
                    id: BatchId { job, batch },
                    reply_to,
                    deadline_ms,
                    sent_ms,
                    request: request.clone(),
                    trace: traces.get(&batch).cloned().flatten(),
                };
                encode_batch(&header, &content, &seal)
            };
            batches
                .into_iter()
                .map(seal_one)
                .collect::<Result<Vec<_>, _>>()
        });
        let sealed = sealing.instrument(Stage::Seal.span()).await;
        let sealed = sealed.map_err(|_| MeasureError::Interrupted)??;
        self.metrics.stage(Stage::Seal, began);
        Ok(sealed)
    }

    /// Collects every outcome that has arrived.
    async fn collect(&mut self) -> Result<(), MeasureError> {
        let waiting: Vec<u16> = self.outstanding.keys().copied().collect();
        for batch in waiting {
            let id = BatchId {
                job: self.job,
                batch,
            };
            match self.results.take(id).await {
                Ok(None) => {}
                Ok(Some(message)) => match open_outcome(&message, id, self.seal)? {
                    Outcome::Failed(cause) => return Err(MeasureError::Failed { id, cause }),
                    outcome @ (Outcome::Frames { .. } | Outcome::Clip { .. }) => {
                        self.outstanding.remove(&batch);
                        self.spans.remove(&batch);
                        self.outcomes.insert(batch, outcome);
                    }
                },
                Err(StoreError(cause)) => {
                    tracing::warn!(batch.id = %id, "The outcome of {id} could not be read yet: {cause}");
                    self.look_at = self.look_at.min(Instant::now() + STORE_RETRY);
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Publishes one message, repeatedly if needed, until the broker confirms it.
async fn publish(
    publisher: &dyn Publisher,
    metrics: &Metrics,
    queue: Queue,
    message: Bytes,
    deadline: Instant,
) {
    let began = Began::now();
    let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match publisher.publish(queue, message.clone(), left).await {
            Ok(()) => return metrics.stage(Stage::Publish, began),
            Err(error) => {
                tracing::warn!(error = %error, "A batch could not be published yet: {error}");
            }
        }
        backoff.wait().await;
    }
}
