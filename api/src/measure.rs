//! Media out, measurements in, before a deadline.
//!
//! The frames of one capture are split into small batches, so that an idle pool of workers shares
//! one request; under load the split costs nothing. A clip is one batch: whoever decodes it measures
//! it. A live frame is a batch of its own, on a queue of its own. The media stay here until every
//! outcome is in: a batch that the broker lost is published again.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livegate_common::aside::aside;
use livegate_common::broker::{Publisher, Queue};
use livegate_common::id::{BatchId, JobId};
use livegate_common::job::{
    Batch, BatchHeader, ClipOutcome, CodecError, Cost, EncodedFrame, FrameOutcome, Look,
    MeasuredClip, Outcome, encode_batch, now_ms, open_outcome,
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
    /// Some frames have no outcome.
    #[error("not every frame has an outcome")]
    Missing,
    /// Sealing was cut short.
    #[error("sealing the frames was interrupted")]
    Interrupted,
}

/// What measuring gave.
#[derive(Debug)]
pub struct Measured<T> {
    /// What became of the medium.
    pub outcome: T,
    /// What all of it together cost the workers.
    pub cost: Cost,
}

/// Measures `images` within `limit`: one outcome each, in their order.
///
/// # Errors
/// [`MeasureError`]: not every frame has an outcome.
pub async fn measure_images(
    services: &Services,
    images: &[Bytes],
    limit: Duration,
) -> Result<Measured<Vec<FrameOutcome>>, MeasureError> {
    let whole = |frames| Batch::Frames {
        frames,
        look: Look::Whole,
    };
    let batches = split(images).into_iter().map(whole).collect();
    let outcomes = measure(services, Queue::Verify, batches, limit).await?;
    in_order(outcomes, images.len())
}

/// Measures one live frame within `limit`, as closely as `look` says. Goes ahead of other work.
///
/// # Errors
/// [`MeasureError`]: nothing is known of it.
pub async fn measure_frame(
    services: &Services,
    image: Bytes,
    look: Look,
    limit: Duration,
) -> Result<Measured<FrameOutcome>, MeasureError> {
    let frames = vec![EncodedFrame { index: 0, image }];
    let batch = Batch::Frames { frames, look };
    let outcomes = measure(services, Queue::Interactive, vec![batch], limit).await?;
    let Measured { mut outcome, cost } = in_order(outcomes, 1)?;
    let outcome = outcome.pop().ok_or(MeasureError::Missing)?;
    Ok(Measured { outcome, cost })
}

/// The outcomes of all frames, of which there must be `count`, from those of their batches, which
/// come in the order of their frames.
fn in_order(
    outcomes: Vec<(BatchId, Outcome)>,
    count: usize,
) -> Result<Measured<Vec<FrameOutcome>>, MeasureError> {
    let (mut outcome, mut cost) = (Vec::with_capacity(count), Cost::default());
    let mut expected = 0..;
    for (id, batch) in outcomes {
        match batch {
            Outcome::Frames {
                frames,
                cost: spent,
            } => {
                cost += spent;
                for (index, frame) in frames {
                    if Some(index) != expected.next() {
                        return Err(MeasureError::Mismatch(id));
                    }
                    outcome.push(frame);
                }
            }
            Outcome::Clip { .. } => return Err(MeasureError::Mismatch(id)),
            Outcome::Failed(cause) => return Err(MeasureError::Failed { id, cause }),
        }
    }
    if outcome.len() == count {
        Ok(Measured { outcome, cost })
    } else {
        Err(MeasureError::Missing)
    }
}

/// Measures a clip within `limit`.
///
/// # Errors
/// [`MeasureError`]: nothing is known of it.
pub async fn measure_clip(
    services: &Services,
    clip: Bytes,
    limit: Duration,
) -> Result<Measured<ClipOutcome>, MeasureError> {
    let outcomes = measure(services, Queue::Verify, vec![Batch::Clip(clip)], limit).await?;
    match outcomes.into_iter().next() {
        Some((id, Outcome::Clip { clip, cost })) => match clip {
            ClipOutcome::Measured(clip) if lacks_portraits(&clip) => {
                Err(MeasureError::Mismatch(id))
            }
            outcome @ (ClipOutcome::Measured(_) | ClipOutcome::Unplayable(_)) => {
                Ok(Measured { outcome, cost })
            }
        },
        Some((id, Outcome::Failed(cause))) => Err(MeasureError::Failed { id, cause }),
        Some((id, Outcome::Frames { .. })) => Err(MeasureError::Mismatch(id)),
        None => Err(MeasureError::Missing),
    }
}

/// Whether the best frame of a clip would have no picture.
fn lacks_portraits(clip: &MeasuredClip) -> bool {
    clip.portraits.is_empty() && clip.frames.iter().any(|f| f.measured.face.is_some())
}

/// Has workers measure each batch, sent over `queue`; gives the outcomes in the order of the
/// batches.
async fn measure(
    services: &Services,
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
        // Before publishing: an outcome can be there before publish returns.
        announcements: services.results.watch(job),
        job,
        deadline,
        deadline_ms,
        outstanding: (0..).zip(batches).collect(),
        outcomes: BTreeMap::new(),
        look_at: deadline.checked_sub(LAST_LOOK).unwrap_or(deadline),
    };
    match tokio::time::timeout_at(deadline, work.run()).await {
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

struct Work<'a> {
    publisher: &'a dyn Publisher,
    queue: Queue,
    results: &'a dyn ResultStore,
    seal: &'a SealKey,
    announcements: Announcements,
    job: JobId,
    deadline: Instant,
    deadline_ms: u64,
    /// Batches without an outcome.
    outstanding: BTreeMap<u16, Batch>,
    /// The outcomes of the others.
    outcomes: BTreeMap<u16, Outcome>,
    /// When to look into the store without having been told to.
    look_at: Instant,
}

impl Work<'_> {
    /// Until every batch has an outcome, or one has failed: then the others don't matter.
    async fn run(&mut self) -> Result<(), MeasureError> {
        let mut connections = self.publisher.connections();
        connections.mark_unchanged();
        let (publisher, queue, deadline) = (self.publisher, self.queue, self.deadline);
        let mut publishing = FuturesUnordered::new();
        for message in self.seal_outstanding().await? {
            publishing.push(publish(publisher, queue, message, deadline));
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
                        publishing.push(publish(publisher, queue, message, deadline));
                    }
                }
            }
        }
        Ok(())
    }

    /// The messages of all outstanding batches.
    async fn seal_outstanding(&self) -> Result<Vec<Bytes>, MeasureError> {
        let (seal, job, deadline_ms) = (self.seal.clone(), self.job, self.deadline_ms);
        let reply_to = self.results.replica();
        let batches = self.outstanding.clone();
        let bytes = batches.values().map(Batch::bytes).sum();
        let sealing = aside(bytes, move || {
            let seal_one = |(batch, content): (u16, Batch)| {
                let header = BatchHeader {
                    id: BatchId { job, batch },
                    reply_to,
                    deadline_ms,
                };
                encode_batch(&header, &content, &seal)
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
                Ok(Some(message)) => match open_outcome(&message, id, self.seal)? {
                    Outcome::Failed(cause) => return Err(MeasureError::Failed { id, cause }),
                    outcome @ (Outcome::Frames { .. } | Outcome::Clip { .. }) => {
                        self.outstanding.remove(&batch);
                        self.outcomes.insert(batch, outcome);
                    }
                },
                Err(StoreError(cause)) => {
                    tracing::warn!(batch.id = %id, "The outcome of {id} is not known yet: {cause}");
                    self.look_at = self.look_at.min(Instant::now() + STORE_RETRY);
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn split(images: &[Bytes]) -> Vec<Vec<EncodedFrame>> {
    let mut batches: Vec<Vec<EncodedFrame>> = Vec::new();
    for (index, image) in (0_u32..).zip(images) {
        let frame = EncodedFrame {
            index,
            image: image.clone(),
        };
        let has_room = |batch: &&mut Vec<EncodedFrame>| {
            let bytes: usize = batch.iter().map(|f| f.image.len()).sum();
            batch.len() < FRAMES_PER_BATCH && bytes + image.len() <= BYTES_PER_BATCH
        };
        match batches.last_mut().filter(has_room) {
            Some(batch) => batch.push(frame),
            None => batches.push(vec![frame]),
        }
    }
    batches
}

/// Publishes one message, again and again if need be, until the broker has it.
async fn publish(publisher: &dyn Publisher, queue: Queue, message: Bytes, deadline: Instant) {
    let mut pause = FIRST_RETRY;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match publisher.publish(queue, message.clone(), left).await {
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
            let batches = split(images);
            let indexes = |batch: &Vec<EncodedFrame>| batch.iter().map(|f| f.index).collect();
            batches.iter().map(indexes).collect()
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
