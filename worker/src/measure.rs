//! Measures the frames or the clip of a batch.

use std::sync::Arc;

use livegate_common::broker::Queue;
use livegate_common::job::{Batch, EncodedFrame, Failure, Look, Outcome, TimeLimit, now_ms};
use livegate_liveness::outcome::FrameOutcome;
use livegate_media::RgbFrame;
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

/// Most frames that are measured in step.
pub const IN_STEP: usize = 4;
/// Most megapixels of them, but for the last one: all of them are in memory at once.
const MEGAPIXELS_IN_STEP: f64 = 4.0;

/// A frame with its index, or why it is none.
type Decoded = (u32, Result<RgbFrame, String>);

/// `None` when the work need not go on; an error when a model fails.
fn measure_frames(
    analyzer: &mut dyn FaceAnalyzer,
    frames: &[EncodedFrame],
    look: Look,
    (recent, runtime): (&Arc<Recent>, &Handle),
    goes_on: &dyn Fn() -> bool,
) -> Option<Result<Vec<(u32, FrameOutcome)>, String>> {
    if let [frame] = frames {
        let measured = goes_on().then(|| measure_one(analyzer, frame, look, (recent, runtime)));
        return measured.map(|outcome| Ok(vec![(frame.index, outcome?)]));
    }
    let mut outcomes = Vec::with_capacity(frames.len());
    let mut rest = frames.iter();
    loop {
        let mut group: Vec<Decoded> = Vec::with_capacity(IN_STEP);
        let mut megapixels = 0.0;
        while group.len() < IN_STEP && megapixels < MEGAPIXELS_IN_STEP {
            let Some(frame) = rest.next() else { break };
            if !goes_on() {
                return None;
            }
            let decoded = decode(frame);
            megapixels += decoded
                .as_ref()
                .map_or(0.0, |f| f.pixels.len() as f64 / 3e6);
            group.push((frame.index, decoded));
        }
        if group.is_empty() {
            return Some(Ok(outcomes));
        }
        if !goes_on() {
            return None;
        }
        match measure_in_step(analyzer, group, look) {
            Ok(measured) => outcomes.extend(measured),
            Err(cause) => return Some(Err(cause)),
        }
    }
}

fn decode(frame: &EncodedFrame) -> Result<RgbFrame, String> {
    timed(Stage::Decode, || livegate_media::decode(&frame.image)).map_err(|e| e.to_string())
}

fn measure_in_step(
    analyzer: &mut dyn FaceAnalyzer,
    group: Vec<Decoded>,
    look: Look,
) -> Result<Vec<(u32, FrameOutcome)>, String> {
    let pictures: Vec<&RgbFrame> = group.iter().filter_map(|(_, f)| f.as_ref().ok()).collect();
    let measured = analyzer.analyze_all(&pictures, look);
    let mut measured = measured.map_err(|e| e.to_string())?.into_iter();
    let outcome = |(index, decoded): Decoded| {
        let outcome = match decoded {
            Ok(_) => FrameOutcome::Measured(Box::new(
                measured.next().ok_or("a frame has no measurement")?,
            )),
            Err(cause) => FrameOutcome::Undecodable(cause),
        };
        Ok((index, outcome))
    };
    group.into_iter().map(outcome).collect()
}

/// Measures a frame by itself. A closer look goes on from a glance of a moment ago.
fn measure_one(
    analyzer: &mut dyn FaceAnalyzer,
    frame: &EncodedFrame,
    look: Look,
    (recent, runtime): (&Arc<Recent>, &Handle),
) -> Result<FrameOutcome, String> {
    let kept = match look {
        Look::Whole => recent.take(&frame.image),
        Look::Glance => None,
    };
    let (pixels, begun) = match kept {
        Some(Kept { frame, begun }) => (Ok(frame), Some(begun)),
        None => (decode(frame), None),
    };
    let pixels = match pixels {
        Ok(pixels) => pixels,
        Err(cause) => return Ok(FrameOutcome::Undecodable(cause)),
    };
    let (measurement, begun) = analyzer
        .go_on(&pixels, look, begun)
        .map_err(|e| e.to_string())?;
    if let Some(begun) = begun.filter(|_| look == Look::Glance) {
        let frame_kept = Kept {
            frame: pixels,
            begun,
        };
        recent.put(runtime, &frame.image, frame_kept);
    }
    Ok(FrameOutcome::Measured(Box::new(measurement)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, RgbImage};
    use livegate_liveness::measurement::FrameMeasurement;

    use super::*;
    use crate::analyzer::AnalyzeError;

    /// Notes how many frames came together; a measurement says how wide its frame is.
    #[derive(Default)]
    struct Noting(Vec<usize>);

    impl FaceAnalyzer for Noting {
        fn analyze(&mut self, frame: &RgbFrame, _: Look) -> Result<FrameMeasurement, AnalyzeError> {
            Ok(FrameMeasurement {
                width: frame.width,
                height: frame.height,
                faces: Vec::new(),
                face: None,
                scene: None,
            })
        }

        fn analyze_all(
            &mut self,
            frames: &[&RgbFrame],
            look: Look,
        ) -> Result<Vec<FrameMeasurement>, AnalyzeError> {
            self.0.push(frames.len());
            frames.iter().map(|f| self.analyze(f, look)).collect()
        }
    }

    /// Pictures of these widths, with their places as indexes; 0 is no picture.
    fn pictures(widths: &[u32]) -> Vec<EncodedFrame> {
        let encoded = |width: u32| {
            let mut file = Cursor::new(Vec::new());
            let picture = RgbImage::new(width, 1500);
            picture.write_to(&mut file, ImageFormat::Png).unwrap();
            file.into_inner()
        };
        let one = |(index, width): (u32, &u32)| EncodedFrame {
            index,
            image: if *width == 0 {
                vec![1, 2, 3]
            } else {
                encoded(*width)
            }
            .into(),
        };
        (0..).zip(widths).map(one).collect()
    }

    /// What becomes of them while somebody waits for `patience` looks at whether he does.
    fn measured(widths: &[u32], patience: usize) -> (Option<Vec<(u32, u32)>>, Vec<usize>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (mut noting, recent) = (Noting::default(), Arc::default());
        let asked = std::cell::Cell::new(0);
        let goes_on = || asked.replace(asked.get() + 1) < patience;
        let around = (&recent, runtime.handle());
        let done = measure_frames(
            &mut noting,
            &pictures(widths),
            Look::Whole,
            around,
            &goes_on,
        );
        let width = |(index, outcome): (u32, FrameOutcome)| match outcome {
            FrameOutcome::Measured(seen) => (index, seen.width),
            FrameOutcome::Undecodable(_) => (index, 0),
        };
        let done = done.map(|done| done.unwrap().into_iter().map(width).collect());
        (done, noting.0)
    }

    #[test]
    fn each_frame_gets_its_own_measurement_in_groups_by_number_and_pixels() {
        for (widths, groups) in [
            (&[120, 121, 122, 123, 124, 125][..], &[4, 2][..]),
            // One that is no picture takes its place, and no other's.
            (&[0, 121, 0, 123, 124, 0], &[2, 1]),
            (&[0, 0], &[0]),
            // 6 megapixels each; the first of three together has 3.
            (&[4000, 4001, 4002], &[1, 1, 1]),
            (&[2000, 2001, 2002], &[2, 1]),
        ] {
            let expected = (0..).zip(widths.iter().copied()).collect();
            assert_eq!(
                measured(widths, 100),
                (Some(expected), groups.to_vec()),
                "{widths:?}"
            );
        }
    }

    #[test]
    fn nothing_is_measured_for_nobody() {
        for patience in 0..5 {
            assert_eq!(
                measured(&[120, 121, 122, 123], patience),
                (None, Vec::new())
            );
        }
        // After the first group.
        assert_eq!(measured(&[120, 121, 122, 123, 124], 5), (None, vec![4]));
        assert_eq!(measured(&[120], 0), (None, Vec::new()));
    }
}
