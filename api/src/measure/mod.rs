//! Sends media to the workers and collects their measurements before a deadline.
//!
//! The frames of one capture are split into small batches, so that idle workers share one request;
//! under load the split costs nothing. Batches go to the workers in the turns of their key (`admission`). A clip is one batch: the worker that decodes it also measures
//! it. A live frame is a batch of its own, on a queue of its own. The media stay in memory here until
//! every outcome is in, since a batch that the broker lost is published again.

mod error;
mod work;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use livegate_common::id::{BatchId, RequestId};
use livegate_common::job::{Batch, ClipOutcome, Cost, EncodedFrame, Look, MeasuredClip, Outcome};
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::thresholds::{ModelSetId, Thresholds};
use livegate_media::Picture;

pub use self::error::MeasureError;
use self::work::{Piece, measure};
use crate::admission::{Lane, Work, megapixels};
use crate::services::Services;

/// Frames in a batch: as many as give each thread one batch, within these limits. Few, so that a request is shared by the
/// threads there are; and some, because a worker measures frames of a batch in step, which costs less.
const FRAMES_PER_BATCH: RangeInclusive<usize> = 2..=4;

/// Size from which a batch takes no further frame, bytes: brokers limit the size of a message.
const BYTES_PER_BATCH: usize = 8 << 20;

/// Size from which a batch takes no further frame, megapixels: other callers wait for as long as a batch takes.
const MEGAPIXELS_PER_BATCH: f64 = 4.0;

/// The thresholds for these models. Also notes these models as those that measured last.
///
/// # Errors
/// [`MeasureError::UnknownModels`] where the operating point has no thresholds for these models.
pub fn thresholds_of<'a>(
    services: &'a Services,
    models: &ModelSetId,
) -> Result<&'a Arc<Thresholds>, MeasureError> {
    if let Some(name) = services.thresholds.name_of(models) {
        services.models.note(name);
    }
    let unknown = || MeasureError::UnknownModels(models.as_str().to_owned());
    services.thresholds.of(models).ok_or_else(unknown)
}

/// The outcome of measuring, with the models and the cost.
#[derive(Debug)]
pub struct Measured<T> {
    /// The outcome of the medium.
    pub outcome: T,
    /// The models that measured it.
    pub models: ModelSetId,
    /// Processor time that the medium cost all workers together.
    pub cost: Cost,
}

/// Measures `images` within `limit`, in the turns of `lane`. Returns one outcome for each, in their order.
///
/// # Errors
/// [`MeasureError`] when not every frame has an outcome.
pub async fn measure_images(
    services: &Services,
    lane: &Lane,
    request: &RequestId,
    images: &[&Picture],
    limit: Duration,
) -> Result<Measured<Vec<FrameOutcome>>, MeasureError> {
    let size = |image: &&Picture| (image.bytes().len(), megapixels(image.header()));
    let pieces = split(images, lane.threads(), size)
        .into_iter()
        .map(|frames| frames_piece(&frames, Look::Whole))
        .collect();
    let outcomes = measure(services, lane, request, pieces, limit).await?;
    in_order(outcomes, images.len())
}

/// Measures one picture on its own within `limit`, as closely as `look` says. In the lane of live frames, workers let it
/// go ahead of verifies.
///
/// # Errors
/// [`MeasureError`] when there is no measurement.
pub async fn measure_frame(
    services: &Services,
    lane: &Lane,
    request: &RequestId,
    image: &Picture,
    look: Look,
    limit: Duration,
) -> Result<Measured<FrameOutcome>, MeasureError> {
    let pieces = vec![frames_piece(&[(0, image)], look)];
    let outcomes = measure(services, lane, request, pieces, limit).await?;
    let Measured {
        mut outcome,
        models,
        cost,
    } = in_order(outcomes, 1)?;
    let outcome = outcome.pop().ok_or(MeasureError::Missing)?;
    Ok(Measured {
        outcome,
        models,
        cost,
    })
}

/// The outcomes of all `count` frames, from those of their batches, which come in the order of their
/// frames.
fn in_order(
    outcomes: Vec<(BatchId, Outcome)>,
    count: usize,
) -> Result<Measured<Vec<FrameOutcome>>, MeasureError> {
    let (mut outcome, mut cost) = (Vec::with_capacity(count), Cost::default());
    let (mut expected, mut models) = (0.., None);
    for (id, batch) in outcomes {
        match batch {
            Outcome::Frames {
                frames,
                models: by,
                cost: spent,
            } => {
                if *models.get_or_insert_with(|| by.clone()) != by {
                    return Err(MeasureError::MixedModels);
                }
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
        Ok(Measured {
            outcome,
            models: models.unwrap_or_default(),
            cost,
        })
    } else {
        Err(MeasureError::Missing)
    }
}

/// Measures a clip within `limit`. `work` is what it is expected to be.
///
/// # Errors
/// [`MeasureError`] when there is no measurement.
pub async fn measure_clip(
    services: &Services,
    lane: &Lane,
    request: &RequestId,
    clip: Bytes,
    work: Work,
    limit: Duration,
) -> Result<Measured<ClipOutcome>, MeasureError> {
    let batch = Batch::Clip(clip);
    let outcomes = measure(services, lane, request, vec![Piece { batch, work }], limit).await?;
    match outcomes.into_iter().next() {
        Some((id, Outcome::Clip { clip, models, cost })) => match clip {
            ClipOutcome::Measured(clip) if lacks_portraits(&clip) => {
                Err(MeasureError::Mismatch(id))
            }
            outcome @ (ClipOutcome::Measured(_) | ClipOutcome::Unplayable(_)) => Ok(Measured {
                outcome,
                models,
                cost,
            }),
        },
        Some((id, Outcome::Failed(cause))) => Err(MeasureError::Failed { id, cause }),
        Some((id, Outcome::Frames { .. })) => Err(MeasureError::Mismatch(id)),
        None => Err(MeasureError::Missing),
    }
}

/// Whether the best frame of a clip would come without a picture.
fn lacks_portraits(clip: &MeasuredClip) -> bool {
    clip.portraits.is_empty() && clip.frames.iter().any(|f| f.measured.face.is_some())
}

/// A batch of these frames, each with its index in the caller's sequence.
fn frames_piece(frames: &[(u32, &Picture)], look: Look) -> Piece {
    let work = Work::pictures(frames.iter().map(|(_, image)| image.header()), look);
    let frames = frames.iter().map(|(index, image)| EncodedFrame {
        index: *index,
        image: image.bytes().clone(),
    });
    let frames = frames.collect();
    Piece {
        batch: Batch::Frames { frames, look },
        work,
    }
}

/// Frames of a batch, of this many on this many threads.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few frames; casts saturate"
)]
fn frames_per_batch(frames: usize, threads: f64) -> usize {
    let each = (frames as f64 / threads).ceil() as usize;
    each.clamp(*FRAMES_PER_BATCH.start(), *FRAMES_PER_BATCH.end())
}

/// The batches of one capture, where workers have this many threads: its frames in their order, each with its index.
/// `size` is that of a frame, in bytes and in megapixels.
pub fn split<T: Copy>(
    frames: &[T],
    threads: f64,
    size: impl Fn(&T) -> (usize, f64),
) -> Vec<Vec<(u32, T)>> {
    let most = frames_per_batch(frames.len(), threads);
    let mut batches: Vec<Vec<(u32, T)>> = Vec::new();
    for (index, &image) in (0_u32..).zip(frames) {
        let has_room = |batch: &&mut Vec<(u32, T)>| {
            let with = batch.iter().map(|(_, other)| *other).chain([image]);
            let (bytes, pixels) = with.fold((0, 0.0), |(bytes, pixels), image| {
                let (more_bytes, more_pixels) = size(&image);
                (bytes + more_bytes, pixels + more_pixels)
            });
            batch.len() < most && bytes <= BYTES_PER_BATCH && pixels <= MEGAPIXELS_PER_BATCH
        };
        match batches.last_mut().filter(has_room) {
            Some(batch) => batch.push((index, image)),
            None => batches.push(vec![(index, image)]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::png;

    #[test]
    fn frames_are_split_in_their_order_by_number_bytes_and_pixels() {
        let picture = |side, bytes| png(side, side, bytes);
        let (small, heavy, large) = (picture(640, 10), picture(640, 5 << 20), picture(1500, 10));
        let sizes = |images: &[&Picture]| -> Vec<Vec<u32>> {
            let indexes = |batch: &Vec<(u32, &Picture)>| batch.iter().map(|(i, _)| *i).collect();
            let size = |p: &&Picture| (p.bytes().len(), megapixels(p.header()));
            // With 64 threads, a batch has two frames at most.
            split(images, 64.0, size).iter().map(indexes).collect()
        };
        assert_eq!(sizes(&[&small; 5]), [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(
            sizes(&[&small, &heavy, &heavy, &heavy]),
            [vec![0, 1], vec![2], vec![3]]
        );
        assert_eq!(
            sizes(&[&large, &small, &large, &large]),
            [vec![0, 1], vec![2], vec![3]]
        );
        assert!(sizes(&[]).is_empty());
    }

    #[test]
    fn each_thread_gets_a_batch_of_two_to_four_frames() {
        for (frames, threads, each) in [
            (8, 1.0, 4),
            (8, 2.0, 4),
            (8, 3.0, 3),
            (8, 4.0, 2),
            (8, 64.0, 2),
            (20, 4.0, 4),
            (20, 7.0, 3),
            (1, 1.0, 2),
        ] {
            assert_eq!(
                frames_per_batch(frames, threads),
                each,
                "{frames} {threads}"
            );
        }
    }
}
