//! One job: publishes its batches, again if needed, and collects their outcomes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Began};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livegate_common::blocking::run_blocking_if_large;
use livegate_common::broker::Queue;
use livegate_common::id::{BatchId, JobId, RequestId};
use livegate_common::job::{
    Batch, BatchHeader, ClipOutcome, MeasuredClip, Outcome, encode_batch, now_ms, open_outcome,
};
use livegate_common::results::{Announcements, StoreError};
use livegate_common::retry::Backoff;
use livegate_liveness::outcome::FrameOutcome;
use livegate_telemetry::traces;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug_span};

use super::error::MeasureError;
use crate::admission::{self as workload, Batched, Lane};
use crate::metrics::Stage;
use crate::services::Services;

/// How long before the deadline the store is asked once more, since announcements can be lost.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Pause before a store that did not answer is asked again.
const STORE_RETRY: Duration = Duration::from_millis(250);

/// Pauses before a batch that the broker did not accept is published again.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_millis(500);

/// A batch, and the work that it is for prices and turns.
pub(super) struct Piece {
    pub batch: Batch,
    pub work: workload::Work,
}

/// Has workers measure each batch, in the turns of `lane`. Returns the outcomes in the order of the batches.
pub(super) async fn measure(
    services: &Services,
    lane: &Lane,
    request: &RequestId,
    pieces: Vec<Piece>,
    limit: Duration,
) -> Result<Vec<(BatchId, Outcome)>, MeasureError> {
    let deadline = Instant::now() + limit;
    let deadline_ms = now_ms() + u64::try_from(limit.as_millis()).unwrap_or(u64::MAX / 2);
    let (job, number) = (JobId::random(), pieces.len());
    let queue = lane.queue();
    let mut work = Work {
        lane,
        sender: Sender {
            services,
            queue,
            job,
            request,
            deadline,
            deadline_ms,
        },
        // Subscribed before publishing, since an outcome can arrive before `publish` returns.
        announcements: services.results.watch(job),
        spans: (0..).take(number).map(|n| (n, span_of(queue, n))).collect(),
        outstanding: (0..).zip(pieces).collect(),
        turns: BTreeMap::new(),
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
    lane: &'a Lane,
    sender: Sender<'a>,
    announcements: Announcements,
    /// Trace spans of the outstanding batches: each lasts until the outcome is in.
    spans: BTreeMap<u16, Span>,
    /// Batches without an outcome, by number.
    outstanding: BTreeMap<u16, Piece>,
    /// Those of them whose turn came, and which were published.
    turns: BTreeMap<u16, Batched>,
    /// Outcomes of the other batches, by number.
    outcomes: BTreeMap<u16, Outcome>,
    /// When the first batch was published.
    sent: Option<Began>,
    /// When to ask the store without an announcement.
    look_at: Instant,
}

impl Work<'_> {
    /// Runs until every batch has an outcome, or until one has failed, since the others do not matter
    /// then.
    async fn run(&mut self) -> Result<(), MeasureError> {
        let (lane, sender) = (self.lane, self.sender);
        let mut connections = sender.services.publisher.connections();
        connections.mark_unchanged();
        let turn = |(n, piece): (&u16, &Piece)| {
            let (n, work) = (*n, piece.work.clone());
            async move { (n, sender.turn(lane, work).await) }
        };
        let mut waiting: FuturesUnordered<_> = self.outstanding.iter().map(turn).collect();
        let mut publishing = FuturesUnordered::new();
        while !self.outstanding.is_empty() {
            tokio::select! {
                () = self.announcements.changed() => self.collect().await?,
                () = tokio::time::sleep_until(self.look_at) => {
                    self.look_at = self.sender.deadline;
                    self.collect().await?;
                }
                Some((n, turn)) = waiting.next() => {
                    self.turns.insert(n, turn);
                    self.sent.get_or_insert_with(Began::now);
                    publishing.extend(self.message(n).map(|m| sender.send(m)));
                }
                Some(sent) = publishing.next() => sent?,
                Ok(()) = connections.changed() => {
                    // The broker's messages are lost. Some outcomes may have arrived, though.
                    self.collect().await?;
                    publishing.clear();
                    let lost: Vec<u16> = self.turns.keys().copied().collect();
                    sender.services.metrics.republished(lost.len());
                    let again = lost.into_iter().filter_map(|n| self.message(n));
                    publishing.extend(again.map(|m| sender.send(m)));
                }
            }
        }
        Ok(())
    }

    /// The work that a batch turned out to be, if its cost says what such work costs. Pictures without a face cost
    /// less, and a whole look at a live frame may go on from a glance.
    fn learned(&self, expected: &workload::Work, outcome: &Outcome) -> Option<workload::Work> {
        let has_face = |frame: &FrameOutcome| match frame {
            FrameOutcome::Measured(measured) => measured.face.is_some(),
            FrameOutcome::Undecodable(_) => false,
        };
        match outcome {
            Outcome::Frames { frames, .. } => {
                let all = frames.iter().all(|(_, frame)| has_face(frame));
                let is_alone = self.sender.queue == Queue::Verify || !expected.is_whole();
                (all && is_alone).then(|| expected.clone())
            }
            Outcome::Clip { clip, .. } => match clip {
                ClipOutcome::Measured(clip) => Some(workload::Work::clip(length_s(clip))),
                ClipOutcome::Unplayable(_) => None,
            },
            Outcome::Failed(_) => None,
        }
    }

    /// What is sent of an outstanding batch.
    fn message(&self, batch: u16) -> Option<Message> {
        Some(Message {
            batch,
            content: self.outstanding.get(&batch)?.batch.clone(),
            trace: self.spans.get(&batch).and_then(traces::context_of),
        })
    }

    /// Collects every outcome that has arrived.
    async fn collect(&mut self) -> Result<(), MeasureError> {
        let waiting: Vec<u16> = self.outstanding.keys().copied().collect();
        for batch in waiting {
            let id = BatchId {
                job: self.sender.job,
                batch,
            };
            let services = self.sender.services;
            match services.results.take(id).await {
                Ok(None) => {}
                Ok(Some(message)) => match open_outcome(&message, id, &services.seal)? {
                    Outcome::Failed(cause) => return Err(MeasureError::Failed { id, cause }),
                    outcome @ (Outcome::Frames { cost, .. } | Outcome::Clip { cost, .. }) => {
                        if let Some(turn) = self.turns.remove(&batch) {
                            let learned = self.learned(turn.work(), &outcome);
                            turn.done(cost, learned.as_ref());
                        }
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

/// What is sent of a batch.
struct Message {
    batch: u16,
    content: Batch,
    trace: Option<String>,
}

/// Sends the batches of one job.
#[derive(Clone, Copy)]
struct Sender<'a> {
    services: &'a Services,
    queue: Queue,
    job: JobId,
    request: &'a RequestId,
    deadline: Instant,
    deadline_ms: u64,
}

impl Sender<'_> {
    /// Waits for the turn of a batch.
    async fn turn(self, lane: &Lane, work: workload::Work) -> Batched {
        let began = Began::now();
        let turn = lane.turn(work).await;
        self.services.metrics.stage(Stage::Turn, began);
        turn
    }

    /// Seals a batch and publishes it.
    async fn send(self, message: Message) -> Result<(), MeasureError> {
        let sealed = self.seal(message).instrument(Stage::Seal.span()).await?;
        self.publish(sealed).await;
        Ok(())
    }

    async fn seal(self, message: Message) -> Result<Bytes, MeasureError> {
        let began = Began::now();
        let header = BatchHeader {
            id: BatchId {
                job: self.job,
                batch: message.batch,
            },
            reply_to: self.services.results.replica(),
            deadline_ms: self.deadline_ms,
            sent_ms: now_ms(),
            request: self.request.clone(),
            trace: message.trace,
        };
        let (content, seal) = (message.content, self.services.seal.clone());
        let sealing = run_blocking_if_large(content.bytes(), move || {
            encode_batch(&header, &content, &seal)
        });
        let sealed = sealing.await.map_err(|_| MeasureError::Interrupted)??;
        self.services.metrics.stage(Stage::Seal, began);
        Ok(sealed)
    }

    /// Publishes one message, repeatedly if needed, until the broker confirms it.
    async fn publish(self, message: Bytes) {
        let began = Began::now();
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let publisher = &self.services.publisher;
            match publisher.publish(self.queue, message.clone(), left).await {
                Ok(()) => return self.services.metrics.stage(Stage::Publish, began),
                Err(error) => {
                    tracing::warn!(error = %error, "A batch could not be published yet: {error}");
                }
            }
            backoff.wait().await;
        }
    }
}

/// The length of a measured clip, seconds, at least 1: that of its pictures, and not what its file states.
fn length_s(clip: &MeasuredClip) -> f64 {
    let last = clip.frames.last();
    last.map_or(1.0, |frame| f64::from(frame.seconds).max(1.0))
}
