//! Judges a folder of frames, or a clip, as verify would, without a server.

mod report;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use livegate_common::broker::Queue;
use livegate_common::job::{Batch, ClipOutcome, EncodedFrame, Look, Outcome, TimeLimit, now_ms};
use livegate_liveness::challenge::Challenge;
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_liveness::thresholds::{ThresholdSets, Thresholds};
use livegate_worker::{AnalyzerPool, measure};

pub use self::report::{FrameReport, Report};
use livegate_api::contract::bad_picture::BadFrame;
use livegate_api::contract::media::{MAX_IMAGES, MAX_VIDEO_BYTES, MAX_VIDEO_SIZE_MB, MIN_IMAGES};
use livegate_api::error::ApiError;
use livegate_api::verify::wire::CapturedFrame;
use livegate_liveness::judge::{Judgement, Undecodable, judge_clip, judge_images};

/// Longer than any capture takes on any machine.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// A frame of the folder.
#[derive(Clone, Debug)]
pub struct NamedFrame {
    /// The file's name.
    pub name: String,
    /// What verify would make of it.
    pub frame: CapturedFrame,
}

/// Why a capture cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The folder or a file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A frame that verify would refuse.
    #[error("{name}: {cause}")]
    Frame {
        /// The file.
        name: String,
        /// What verify would say.
        cause: BadFrame,
    },
    /// A number of frames that verify would refuse.
    #[error("{folder}: {cause} Frames are the files named NN_PHASE.jpg, .jpeg or .png.")]
    Count {
        /// The folder.
        folder: PathBuf,
        /// What verify would say.
        cause: ApiError,
    },
    /// A clip that verify would refuse.
    #[error("{0} is over {MAX_VIDEO_SIZE_MB} MiB")]
    ClipSize(PathBuf),
    /// The models failed, or what decodes clips.
    #[error("the capture could not be measured: {0}")]
    Measure(String),
}

impl CheckError {
    fn unmeasured(outcome: Option<Outcome>) -> Self {
        Self::Measure(match outcome {
            Some(Outcome::Failed(cause)) => cause,
            Some(Outcome::Frames { .. } | Outcome::Clip { .. }) => {
                "the outcome is about another medium".to_owned()
            }
            None => "it took too long".to_owned(),
        })
    }
}

/// Says how far a check, or an evaluation, is.
pub struct Progress(ProgressBar);

impl Progress {
    /// For so many frames or captures; nothing is shown unless `visible`.
    pub fn new(number: usize, visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(number).ok(), target);
        let style = ProgressStyle::with_template("Measuring {bar:30} {pos}/{len} {elapsed}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// One more is measured.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// Whether anybody sees it.
    pub fn is_visible(&self) -> bool {
        !self.0.is_hidden()
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Reads the frames of a folder, in the order of their names.
///
/// # Errors
/// [`CheckError`] for the first frame that verify would refuse.
pub fn read_folder(folder: &Path) -> Result<Vec<NamedFrame>, CheckError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        |cause| CheckError::Io { path, cause }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail(folder))? {
        let path = entry.map_err(fail(folder))?.path();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .map(str::to_ascii_lowercase);
        if matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png")) {
            paths.push(path);
        }
    }
    paths.sort();
    if !(MIN_IMAGES..=MAX_IMAGES).contains(&paths.len()) {
        let cause = ApiError::FrameCount {
            given: paths.len(),
            min: MIN_IMAGES,
            max: MAX_IMAGES,
        };
        return Err(CheckError::Count {
            folder: folder.to_owned(),
            cause,
        });
    }
    let mut frames = Vec::with_capacity(paths.len());
    for (position, path) in paths.iter().enumerate() {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let tag = stem.split_once('_').map_or("", |(_, tag)| tag);
        let image = std::fs::read(path).map_err(fail(path))?;
        let frame = CapturedFrame::new(tag, 0.0, Bytes::from(image)).map_err(|problem| {
            CheckError::Frame {
                name: name.clone(),
                cause: BadFrame { position, problem },
            }
        })?;
        frames.push(NamedFrame { name, frame });
    }
    Ok(frames)
}

/// Reads a clip.
///
/// # Errors
/// [`CheckError`] when it cannot be read, or verify would refuse its size.
pub fn read_clip(path: &Path) -> Result<Bytes, CheckError> {
    let clip = std::fs::read(path).map_err(|cause| CheckError::Io {
        path: path.to_owned(),
        cause,
    })?;
    if clip.len() > MAX_VIDEO_BYTES {
        return Err(CheckError::ClipSize(path.to_owned()));
    }
    Ok(clip.into())
}

/// Measures and judges frames.
///
/// # Errors
/// [`CheckError`] when they cannot be measured.
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
        FrameReport::new(index, frame.name, outcome, challenge.mirrored)
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

/// Measures frames and gives what became of each, in their order; calls `done` after each.
///
/// # Errors
/// [`CheckError::Measure`] when they cannot be measured.
pub async fn measure_frames(
    pool: &AnalyzerPool,
    frames: &[NamedFrame],
    done: impl Fn(),
) -> Result<Vec<FrameOutcome>, CheckError> {
    let mut measuring = FuturesUnordered::new();
    for (index, frame) in (0_u32..).zip(frames) {
        let image = frame.frame.image.clone();
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

/// Measures and judges a clip.
///
/// # Errors
/// [`CheckError`] when it cannot be measured.
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
            let row = |(
                index,
                ClipFrame {
                    seconds: _,
                    measured,
                },
            )| {
                let outcome = FrameOutcome::Measured(Box::new(measured));
                FrameReport::new(index, String::new(), outcome, challenge.mirrored)
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
/// [`CheckError::Measure`] when it cannot be measured.
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
