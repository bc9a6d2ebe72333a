//! Judges frames in a folder as verify would, without a server.

mod report;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use livegate_common::job::{EncodedFrame, FrameBatch, FrameOutcome, Outcome, now_ms};
use livegate_common::liveness::challenge::{Challenge, Phase};
use livegate_common::liveness::thresholds::Thresholds;
use livegate_worker::AnalyzerPool;

pub use self::report::{FrameReport, Report};
use crate::error::ApiError;
use crate::judge::judge;
use crate::server_to_server::wire::{BadFrame, CapturedFrame, MAX_IMAGES, MIN_IMAGES};

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

/// Why a folder cannot be judged.
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
    /// The models failed.
    #[error("the frames could not be measured: {0}")]
    Measure(String),
}

/// Says how far a check is.
pub struct Progress(ProgressBar);

impl Progress {
    /// For so many frames; nothing is shown unless `visible`.
    pub fn new(frames: usize, visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(frames).ok(), target);
        let style = ProgressStyle::with_template("Measuring {bar:30} {pos}/{len} {elapsed}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
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
        let frame =
            CapturedFrame::new(tag, Bytes::from(image)).map_err(|problem| CheckError::Frame {
                name: name.clone(),
                cause: BadFrame { position, problem },
            })?;
        frames.push(NamedFrame { name, frame });
    }
    Ok(frames)
}

/// Measures and judges frames.
///
/// # Errors
/// [`CheckError`] when they cannot be measured.
pub async fn check(
    pool: &AnalyzerPool,
    thresholds: &Thresholds,
    challenge: &Challenge,
    frames: Vec<NamedFrame>,
    progress: &Progress,
) -> Result<Report, CheckError> {
    let started = Instant::now();
    let deadline_ms = now_ms() + u64::try_from(TIME_LIMIT.as_millis()).unwrap_or(u64::MAX / 2);
    let mut measuring = FuturesUnordered::new();
    for (index, frame) in (0_u32..).zip(&frames) {
        let encoded = EncodedFrame {
            index,
            image: frame.frame.image.clone(),
        };
        measuring.push(pool.measure(
            FrameBatch {
                frames: vec![encoded],
            },
            deadline_ms,
        ));
    }
    let mut measured = Vec::with_capacity(frames.len());
    while let Some(outcome) = measuring.next().await {
        match outcome {
            Some(Outcome::Done { frames, cost: _ }) => measured.extend(frames),
            Some(Outcome::Failed(cause)) => return Err(CheckError::Measure(cause)),
            None => return Err(CheckError::Measure("it took too long".to_owned())),
        }
        progress.0.inc(1);
    }
    measured.sort_by_key(|(index, _)| *index);
    let outcomes: Vec<FrameOutcome> = measured.into_iter().map(|(_, outcome)| outcome).collect();
    let phases: Vec<Phase> = frames.iter().map(|f| f.frame.phase).collect();
    let judgement = judge(challenge, &phases, &outcomes, thresholds);
    let rows = frames
        .into_iter()
        .zip(outcomes)
        .enumerate()
        .map(|(index, (frame, outcome))| {
            FrameReport::new(index, frame.name, outcome, challenge.mirrored)
        })
        .collect();
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Report {
        frames: rows,
        judgement,
        elapsed_ms,
    })
}
