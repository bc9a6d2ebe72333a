//! Measures and judges one capture as verify does, and keeps its numbers.

mod actions;
pub mod decision;
pub mod likeness;
mod poses;

use livegate_common::job::ClipOutcome;
use livegate_liveness::challenge::{Challenge, Phase};
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_worker::AnalyzerPool;
use serde::{Deserialize, Serialize};

pub use self::actions::{Found, Watched};
pub use self::decision::{Decision, Response};
use self::likeness::{ByPose, Faces};
pub use self::poses::PoseError;
use super::manifest::Capture;
use super::medium::Medium;
use super::{EvaluateError, Setting};
use crate::check::{measure_clip, measure_frames};
use livegate_liveness::judge::{Judgement, Undecodable, judge_clip, judge_images};

/// The kept numbers of a capture. They hold nothing of a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Number of frames that could be decoded.
    pub frames: usize,
    /// Number of frames that show a face.
    pub frames_with_face: usize,
    /// The answer of presentation attack detection.
    pub response: Response,
    /// The answer of verify; null where the manifest lists no action that verify knows.
    pub decision: Option<Decision>,
    /// The listed actions of a clip, and whether they were detected.
    pub actions: Vec<Found>,
    /// Detections of actions where they are not shown.
    pub watched: Vec<Watched>,
    /// The errors at the listed poses.
    pub poses: Vec<PoseError>,
    /// How alike its faces are to the mean of its frontal ones, by pose.
    pub likeness: ByPose,
    /// Whether it has frontal faces with which others can be compared.
    pub has_reference: bool,
}

/// A measured frame and its time.
struct Frame {
    /// Milliseconds from the clip's start; 0 for a still, without meaning for a folder.
    at_ms: u64,
    /// The measurement. Directions are the subject's own.
    measurement: FrameMeasurement,
}

/// The outcomes of the frames of a capture.
enum Outcomes {
    Frames(Vec<Phase>, Vec<FrameOutcome>),
    Clip(ClipOutcome),
}

/// Measures a capture and judges it. The returned faces are for comparisons in memory.
///
/// # Errors
/// [`EvaluateError`] when the capture cannot be measured, or contradicts the manifest.
pub async fn measure(
    pool: &AnalyzerPool,
    capture: &Capture,
    point: &Setting,
) -> Result<(Measured, Faces), EvaluateError> {
    let failed = EvaluateError::of_capture(capture);
    let (path, kind) = (capture.path.clone(), capture.kind);
    let medium = tokio::task::spawn_blocking(move || Medium::read(&path, kind));
    let medium = medium.await.map_err(|e| failed(&e))?;
    let outcomes = match medium.map_err(|e| failed(&e))? {
        Medium::Clip(clip) => {
            Outcomes::Clip(measure_clip(pool, clip).await.map_err(|e| failed(&e))?)
        }
        Medium::Frames(frames) => {
            let measuring = measure_frames(pool, &frames, || {});
            let outcomes = measuring.await.map_err(|e| failed(&e))?;
            let phases = frames.iter().map(|f| f.frame.phase).collect();
            Outcomes::Frames(phases, outcomes)
        }
    };
    let (judged, point) = (capture.clone(), point.clone());
    // Takes tens of milliseconds for a long clip, so it must not run on an async thread.
    let judging = tokio::task::spawn_blocking(move || judge(&judged, &outcomes, &point));
    let judged = judging.await.map_err(|e| failed(&e))?;
    judged.map_err(|problem| failed(&problem))
}

fn judge(
    capture: &Capture,
    outcomes: &Outcomes,
    point: &Setting,
) -> Result<(Measured, Faces), String> {
    let (truth, t) = (&capture.truth, &point.thresholds);
    let challenge = Challenge {
        actions: decision::challenge(truth),
        angles: point.angles,
        mirrored: truth.mirrored,
    };
    let judgement = match outcomes {
        Outcomes::Frames(phases, outcomes) => {
            let tagged = phases.iter().copied().zip(outcomes.iter().cloned());
            judge_images(&challenge, tagged, None, t)
        }
        Outcomes::Clip(ClipOutcome::Measured(clip)) => {
            let has_picture = |index| clip.has_picture(index);
            judge_clip(&challenge, clip.frames.clone(), has_picture, None, t)
        }
        Outcomes::Clip(ClipOutcome::Unplayable(cause)) => {
            let cause = cause.clone();
            Judgement::Undecodable(vec![Undecodable::Clip { cause }])
        }
    };
    let frames = frames(outcomes, truth.mirrored);
    if let Some(last) = frames.last() {
        truth.within(last.at_ms)?;
    }
    let seen = || frames.iter().filter_map(|f| f.measurement.face.as_ref());
    let (faces, likeness) = Faces::of(seen(), t);
    let measured = Measured {
        frames: frames.len(),
        frames_with_face: seen().count(),
        response: Response::of(&judgement, &t.pad),
        decision: (!challenge.actions.is_empty()).then(|| Decision::of(&judgement)),
        actions: actions::find(truth, &frames, &point.angles, t),
        watched: actions::watch(truth, &frames, &point.angles, t),
        poses: poses::errors(&truth.poses, &frames),
        likeness,
        has_reference: faces.has_reference(),
    };
    Ok((measured, faces))
}

/// The frames that could be measured, with their times in the clip.
fn frames(outcomes: &Outcomes, mirrored: bool) -> Vec<Frame> {
    let frame = |at_ms, measured: &FrameMeasurement| {
        let measurement = measured.clone();
        Frame {
            at_ms,
            measurement: if mirrored {
                measurement.unmirrored()
            } else {
                measurement
            },
        }
    };
    match outcomes {
        Outcomes::Frames(_, outcomes) => outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                FrameOutcome::Measured(measured) => Some(frame(0, measured)),
                FrameOutcome::Undecodable(_) => None,
            })
            .collect(),
        Outcomes::Clip(ClipOutcome::Measured(clip)) => clip
            .frames
            .iter()
            .map(|ClipFrame { seconds, measured }| frame(time_ms(*seconds), measured))
            .collect(),
        Outcomes::Clip(ClipOutcome::Unplayable(_)) => Vec::new(),
    }
}

/// A time in milliseconds.
fn time_ms(seconds: f32) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some 30 000 at most, and none below 0"
    )]
    let at_ms = (f64::from(seconds) * 1000.0).round().max(0.0) as u64;
    at_ms
}
