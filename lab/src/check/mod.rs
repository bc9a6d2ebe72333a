//! Judges a folder of frames or a clip as verify does, without a server.

mod error;
mod read;
mod report;

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livegate_common::broker::Queue;
use livegate_common::job::{Batch, ClipOutcome, EncodedFrame, Look, Outcome, TimeLimit, now_ms};
use livegate_liveness::challenge::Challenge;
use livegate_liveness::judge::{Judgement, Undecodable, judge_clip, judge_images};
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_liveness::thresholds::{ThresholdSets, Thresholds};
use livegate_worker::{AnalyzerPool, measure};

pub use self::error::CheckError;
pub use self::read::{NamedFrame, read_clip, read_folder, read_only_clip};
use self::report::Origin;
pub use self::report::{FrameReport, Report};
use crate::progress::Progress;

/// Limit of one capture, longer than any takes on any machine.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// Measures and judges frames, with the given challenge.
///
/// # Errors
/// [`CheckError`] when the frames cannot be measured.
pub async fn check_frames(
    pool: &AnalyzerPool,
    thresholds: &ThresholdSets,
    challenge: &Challenge,
    frames: Vec<NamedFrame>,
    progress: &Progress,
) -> Result<Report, CheckError> {
    let started = Instant::now();
    let outcomes = measure_frames(pool, &frames, || progress.advance()).await?;
    let phases = frames.iter().map(|f| f.frame.phase);
    let tagged = phases.zip(outcomes.iter().cloned());
    let judgement = judge_images(challenge, tagged, None, known(pool, thresholds)?);
    let rows = frames.into_iter().zip(outcomes).enumerate();
    let row = |(index, (frame, outcome)): (usize, (NamedFrame, FrameOutcome))| {
        FrameReport::new(index, Origin::File(frame.name), outcome, challenge.mirrored)
    };
    Ok(Report {
        frames: rows.map(row).collect(),
        judgement,
        elapsed_ms: elapsed_ms(started),
    })
}

/// The thresholds for the models of a pool.
fn known<'a>(
    pool: &AnalyzerPool,
    thresholds: &'a ThresholdSets,
) -> Result<&'a Thresholds, CheckError> {
    let unknown = || CheckError::Measure("the thresholds are for other models".to_owned());
    Ok(thresholds.of(pool.models()).ok_or_else(unknown)?)
}

/// Measures frames one after another and returns their outcomes in order. Calls `done` after each.
///
/// # Errors
/// [`CheckError::Measure`] when the frames cannot be measured.
pub async fn measure_frames(
    pool: &AnalyzerPool,
    frames: &[NamedFrame],
    done: impl Fn(),
) -> Result<Vec<FrameOutcome>, CheckError> {
    let mut measuring = FuturesUnordered::new();
    for (index, frame) in (0_u32..).zip(frames) {
        let image = frame.frame.image.bytes().clone();
        let batch = Batch::Frames {
            frames: vec![EncodedFrame { index, image }],
            look: Look::Whole,
        };
        measuring.push(measure(pool, Queue::Verify, batch, time_limit()));
    }
    let mut measured = Vec::with_capacity(frames.len());
    while let Some(outcome) = measuring.next().await {
        match outcome {
            Some(Outcome::Frames { frames, .. }) => measured.extend(frames),
            other => return Err(CheckError::unmeasured(other)),
        }
        done();
    }
    measured.sort_by_key(|(index, _)| *index);
    Ok(measured.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Measures and judges a clip, with the given challenge.
///
/// # Errors
/// [`CheckError`] when the clip cannot be measured.
pub async fn check_clip(
    pool: &AnalyzerPool,
    thresholds: &ThresholdSets,
    challenge: &Challenge,
    clip: Bytes,
) -> Result<Report, CheckError> {
    let started = Instant::now();
    let (frames, judgement) = match measure_clip(pool, clip).await? {
        ClipOutcome::Measured(clip) => {
            let judgement = judge_clip(
                challenge,
                clip.frames.clone(),
                |index| clip.has_picture(index),
                None,
                known(pool, thresholds)?,
            );
            let row = |(index, ClipFrame { seconds, measured })| {
                let outcome = FrameOutcome::Measured(Box::new(measured));
                FrameReport::new(index, Origin::Clip(seconds), outcome, challenge.mirrored)
            };
            let rows = clip.frames.into_iter().enumerate().map(row);
            (rows.collect(), judgement)
        }
        ClipOutcome::Unplayable(cause) => {
            let unplayable = Judgement::Undecodable(vec![Undecodable::Clip { cause }]);
            (Vec::new(), unplayable)
        }
    };
    Ok(Report {
        frames,
        judgement,
        elapsed_ms: elapsed_ms(started),
    })
}

/// Measures a clip.
///
/// # Errors
/// [`CheckError::Measure`] when the clip cannot be measured.
pub async fn measure_clip(pool: &AnalyzerPool, clip: Bytes) -> Result<ClipOutcome, CheckError> {
    match measure(pool, Queue::Verify, Batch::Clip(clip), time_limit()).await {
        Some(Outcome::Clip { clip, .. }) => Ok(clip),
        other => Err(CheckError::unmeasured(other)),
    }
}

fn time_limit() -> TimeLimit {
    TimeLimit {
        deadline_ms: now_ms() + u64::try_from(TIME_LIMIT.as_millis()).unwrap_or(u64::MAX / 2),
        whole: TIME_LIMIT,
    }
}

fn elapsed_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
