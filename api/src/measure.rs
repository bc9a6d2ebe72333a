//! Frames out, measurements in, before a deadline.
//!
//! The frames of one capture are split into small batches, so that an idle pool of workers shares
//! one request; under load the split costs nothing. The frames stay here until every outcome is in:
//! a batch that the broker lost is published again.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livegate_common::broker::{Publisher, Queue};
use livegate_common::id::{BatchId, JobId};
use livegate_common::job::{
    BatchHeader, CodecError, Cost, EncodedFrame, FrameBatch, FrameOutcome, Outcome, encode_batch,
    now_ms, open_outcome,
};
use livegate_common::results::{Announcements, ResultStore, StoreError};
use livegate_common::seal::SealKey;
use tokio::time::Instant;

use crate::services::Services;

/// Frames in a batch. Small, so that two workers halve the time of one request of eight frames.
const FRAMES_PER_BATCH: usize = 2;

/// Bytes in a batch beyond which it takes no further frame: brokers limit the size of a message.
const BYTES_PER_BATCH: usize = 8 << 20;

/// How long before the deadline the store is asked once more, since announcements can be lost.
const LAST_LOOK: Duration = Duration::from_millis(250);

/// Pause before asking a store again that could not be asked.
const STORE_RETRY: Duration = Duration::from_millis(250);

/// Pauses before publishing again what the broker did not take.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_millis(500);

/// Why frames were not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The deadline passed.
    #[error("{missing} of {batches} batches of job {job} had no outcome at the deadline")]
    Deadline {
        /// The job.
        job: JobId,
        /// Batches without an outcome.
        missing: usize,
        /// All batches.
        batches: usize,
    },
    /// A worker gave up.
    #[error("a worker failed on batch {id}: {cause}")]
    Failed {
        /// The batch.
        id: BatchId,
        /// What it says.
        cause: String,
    },
    /// A batch or an outcome does not code.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An outcome is not about the frames that were sent.
    #[error("the outcome of batch {0} is about other frames")]
    Mismatch(BatchId),
    /// Sealing was cut short.
    #[error("sealing the frames was interrupted")]
    Interrupted,
}

/// What measuring gave.
#[derive(Debug)]
pub struct Measured {
    /// One outcome per image, in their order.
    pub outcomes: Vec<FrameOutcome>,
    /// What all batches together cost the workers.
    pub cost: Cost,
}

/// Measures `images`, in their order, within `limit`.
///
/// # Errors
/// [`MeasureError`]: not every frame has an outcome.
pub async fn measure(
    services: &Services,
    images: &[Bytes],
    limit: Duration,
) -> Result<Measured, MeasureError> {
    let deadline = Instant::now() + limit;
    let deadline_ms = now_ms() + u64::try_from(limit.as_millis()).unwrap_or(u64::MAX / 2);
    let job = JobId::random();
    let mut work = Work {
        publisher: &*services.publisher,
        results: &*services.results,
        seal: &services.seal,
        // Before publishing: an outcome can be there before publish returns.
        announcements: services.results.watch(job),
        job,
        deadline,
        deadline_ms,
        outstanding: split(images),
        outcomes: vec![None; images.len()],
        cost: Cost::default(),
        look_at: deadline.checked_sub(LAST_LOOK).unwrap_or(deadline),
    };
    let batches = work.outstanding.len();
    match tokio::time::timeout_at(deadline, work.run()).await {
        Ok(done) => done?,
        Err(_) => {
            let missing = work.outstanding.len();
            return Err(MeasureError::Deadline {
                job,
                missing,
                batches,
            });
        }
    }
    // Every slot is full, or a batch would be outstanding.
    Ok(Measured {
        outcomes: work.outcomes.into_iter().flatten().collect(),
        cost: work.cost,
    })
}

struct Work<'a> {
    publisher: &'a dyn Publisher,
    results: &'a dyn ResultStore,
    seal: &'a SealKey,
    announcements: Announcements,
    job: JobId,
    deadline: Instant,
    deadline_ms: u64,
    /// Batches without an outcome.
    outstanding: BTreeMap<u16, FrameBatch>,
    outcomes: Vec<Option<FrameOutcome>>,
    cost: Cost,
    /// When to look into the store without having been told to.
    look_at: Instant,
}

impl Work<'_> {
    async fn run(&mut self) -> Result<(), MeasureError> {
        let mut connections = self.publisher.connections();
        connections.mark_unchanged();
        let (publisher, deadline) = (self.publisher, self.deadline);
        let mut publishing = FuturesUnordered::new();
        for message in self.seal_outstanding().await? {
            publishing.push(publish(publisher, message, deadline));
        }
        while !self.outstanding.is_empty() {
            tokio::select! {
                () = self.announcements.changed() => self.collect().await?,
                () = tokio::time::sleep_until(self.look_at) => {
                    self.look_at = self.deadline;
                    self.collect().await?;
                }
                Some(()) = publishing.next() => {}
                Ok(()) = connections.changed() => {
                    // What the broker held before is gone. Outcomes may be there, though.
                    self.collect().await?;
                    publishing.clear();
                    for message in self.seal_outstanding().await? {
                        publishing.push(publish(publisher, message, deadline));
                    }
                }
            }
        }
        Ok(())
    }

    /// The messages of all outstanding batches. Sealing megabytes takes milliseconds, so it is done
    /// on a thread where it holds nobody up.
    async fn seal_outstanding(&self) -> Result<Vec<Bytes>, MeasureError> {
        let (seal, job, deadline_ms) = (self.seal.clone(), self.job, self.deadline_ms);
        let reply_to = self.results.replica();
        let batches = self.outstanding.clone();
        let sealing = tokio::task::spawn_blocking(move || {
            let seal_one = |(batch, frames): (u16, FrameBatch)| {
                let header = BatchHeader {
                    id: BatchId { job, batch },
                    reply_to,
                    deadline_ms,
                };
                encode_batch(&header, &frames, &seal)
            };
            batches
                .into_iter()
                .map(seal_one)
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(sealing.await.map_err(|_| MeasureError::Interrupted)??)
    }

    /// Takes every outcome that is there.
    async fn collect(&mut self) -> Result<(), MeasureError> {
        let waiting: Vec<u16> = self.outstanding.keys().copied().collect();
        for batch in waiting {
            let id = BatchId {
                job: self.job,
                batch,
            };
            match self.results.take(id).await {
                Ok(None) => {}
                Ok(Some(message)) => self.accept(id, &open_outcome(&message, id, self.seal)?)?,
                Err(StoreError(cause)) => {
                    tracing::warn!(batch.id = %id, "The outcome of {id} is not known yet: {cause}");
                    self.look_at = self.look_at.min(Instant::now() + STORE_RETRY);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self, id: BatchId, outcome: &Outcome) -> Result<(), MeasureError> {
        let frames = match outcome {
            Outcome::Done { frames, cost } => {
                self.cost.cpu_us += cost.cpu_us;
                self.cost.inference_us += cost.inference_us;
                frames
            }
            Outcome::Failed(cause) => {
                return Err(MeasureError::Failed {
                    id,
                    cause: cause.clone(),
                });
            }
        };
        let sent = self
            .outstanding
            .remove(&id.batch)
            .map(|b| b.frames)
            .unwrap_or_default();
        let same = sent
            .iter()
            .map(|f| f.index)
            .eq(frames.iter().map(|(index, _)| *index));
        if !same {
            return Err(MeasureError::Mismatch(id));
        }
        for (index, outcome) in frames {
            let slot = usize::try_from(*index)
                .ok()
                .and_then(|i| self.outcomes.get_mut(i));
            *slot.ok_or(MeasureError::Mismatch(id))? = Some(outcome.clone());
        }
        Ok(())
    }
}

fn split(images: &[Bytes]) -> BTreeMap<u16, FrameBatch> {
    let mut batches: Vec<FrameBatch> = Vec::new();
    for (index, image) in (0_u32..).zip(images) {
        let frame = EncodedFrame {
            index,
            image: image.clone(),
        };
        let has_room = |batch: &&mut FrameBatch| {
            let bytes: usize = batch.frames.iter().map(|f| f.image.len()).sum();
            batch.frames.len() < FRAMES_PER_BATCH && bytes + image.len() <= BYTES_PER_BATCH
        };
        match batches.last_mut().filter(has_room) {
            Some(batch) => batch.frames.push(frame),
            None => batches.push(FrameBatch {
                frames: vec![frame],
            }),
        }
    }
    (0..).zip(batches).collect()
}

/// Publishes one message, again and again if need be, until the broker has it.
async fn publish(publisher: &dyn Publisher, message: Bytes, deadline: Instant) {
    let mut pause = FIRST_RETRY;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match publisher
            .publish(Queue::Verify, message.clone(), left)
            .await
        {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = %error, "A batch is not published yet: {error}");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_split_in_their_order_by_number_and_by_size() {
        let (small, large) = (Bytes::from(vec![0; 10]), Bytes::from(vec![0; 5 << 20]));
        let sizes = |images: &[Bytes]| -> Vec<Vec<u32>> {
            let batches = split(images).into_values();
            batches
                .map(|b| b.frames.iter().map(|f| f.index).collect())
                .collect()
        };
        assert_eq!(
            sizes(&vec![small.clone(); 5]),
            [vec![0, 1], vec![2, 3], vec![4]]
        );
        assert_eq!(
            sizes(&[small, large.clone(), large.clone(), large]),
            [vec![0, 1], vec![2], vec![3]]
        );
        assert!(sizes(&[]).is_empty());
    }
}
