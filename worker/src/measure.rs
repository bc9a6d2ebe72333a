//! Measures the frames or the clip of a batch.

use std::sync::Arc;

use livegate_common::broker::Queue;
use livegate_common::job::{Batch, EncodedFrame, Failure, Look, Outcome, TimeLimit, now_ms};
use livegate_liveness::outcome::FrameOutcome;
use tokio::runtime::Handle;

use crate::analyzer::FaceAnalyzer;
use crate::clip;
use crate::cost::metered;
use crate::pool::{AnalyzerPool, Kept, Recent};
use crate::stages::{Stage, timed};

/// Measures a batch that came over `queue`; `None` when nobody waits for the outcome any more.
///
/// That is the case when the deadline passed before or during the measurement.
pub async fn measure(
    pool: &AnalyzerPool,
    queue: Queue,
    batch: Batch,
    time: TimeLimit,
) -> Option<Outcome> {
    match batch {
        Batch::Frames { frames, look } => {
            let (recent, runtime) = (Arc::clone(pool.recent()), Handle::current());
            let measuring = pool.run(queue, move |analyzer, is_awaited| {
                let goes_on = || is_awaited() && now_ms() < time.deadline_ms;
                metered(analyzer, |analyzer| {
                    measure_frames(analyzer, &frames, look, (&recent, &runtime), &goes_on)
                })
            });
            match measuring.await {
                Ok((Some(Ok(frames)), cost)) => {
                    pool.metrics().cost(cost);
                    for (_, frame) in &frames {
                        let measured = matches!(frame, FrameOutcome::Measured(_));
                        pool.metrics().frame(look, measured);
                    }
                    let models = pool.models().clone();
                    Some(Outcome::Frames {
                        frames,
                        models,
                        cost,
                    })
                }
                Ok((Some(Err(cause)), _)) => Some(Outcome::Failed(Failure::Measuring(cause))),
                Ok((None, _)) => None,
                Err(e) => Some(Outcome::Failed(Failure::Measuring(e.to_string()))),
            }
        }
        Batch::Clip(bytes) => clip::measure(pool, queue, &bytes, time).await,
    }
}

/// `None` when the work need not go on; an error when a model fails.
fn measure_frames(
    analyzer: &mut dyn FaceAnalyzer,
    frames: &[EncodedFrame],
    look: Look,
    (recent, runtime): (&Arc<Recent>, &Handle),
    goes_on: &dyn Fn() -> bool,
) -> Option<Result<Vec<(u32, FrameOutcome)>, String>> {
    let mut outcomes = Vec::with_capacity(frames.len());
    for frame in frames {
        if !goes_on() {
            return None;
        }
        let kept = match look {
            Look::Whole => recent.take(&frame.image),
            Look::Glance => None,
        };
        let (pixels, begun) = match kept {
            Some(Kept { frame, begun }) => (Ok(frame), Some(begun)),
            None => {
                let decoded = timed(Stage::Decode, || livegate_media::decode(&frame.image));
                (decoded, None)
            }
        };
        let outcome = match pixels {
            Err(e) => FrameOutcome::Undecodable(e.to_string()),
            Ok(pixels) => match analyzer.go_on(&pixels, look, begun) {
                Ok((measurement, begun)) => {
                    if let Some(begun) = begun.filter(|_| look == Look::Glance) {
                        let frame_kept = Kept {
                            frame: pixels,
                            begun,
                        };
                        recent.put(runtime, &frame.image, frame_kept);
                    }
                    FrameOutcome::Measured(Box::new(measurement))
                }
                Err(e) => return Some(Err(e.to_string())),
            },
        };
        outcomes.push((frame.index, outcome));
    }
    Some(Ok(outcomes))
}
