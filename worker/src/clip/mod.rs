//! Clips: hostile bytes into measured frames, or a clear refusal.
//!
//! `container` says by the first bytes which one demuxer may look, `probe` refuses within a
//! tenth of a second what is too large or too long, `frames` decodes the rest and samples it; both
//! run in a `jail`. Frames are measured on the threads of the pool, beside other captures', while
//! the next ones are decoded, and the few pictures that may become the best frame are kept in
//! `portraits`. Nothing touches a disk.

pub mod container;
pub mod frames;
mod jail;
mod portraits;
pub mod probe;
mod tools;

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use livegate_common::broker::Queue;
use livegate_common::job::{
    ClipFrame, ClipOutcome, Cost, Look, MeasuredClip, Outcome, Portrait, now_ms,
};
use livegate_common::liveness::measurement::FrameMeasurement;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::analyzer::{FaceAnalyzer, StartError};
use crate::cost::metered;
use crate::decode::RgbFrame;
use crate::pool::AnalyzerPool;
use crate::stages::Stage;
use container::Container;
use portraits::Album;
use tools::{Tools, memory_file};

/// Why a clip cannot be judged; for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unplayable {
    /// Its first bytes are those of something else.
    #[error("it is neither mp4 nor webm")]
    Container,
    /// There is no video stream in it.
    #[error("it has no video stream")]
    NoVideo,
    /// The stream is in a codec that is not decoded.
    #[error("its codec, {0}, is not supported; send H.264, HEVC, MPEG-4, VP8, VP9 or AV1")]
    Codec(String),
    /// Its frames are too small or too large.
    #[error(
        "it is {width}x{height}; each side must be 120 to 2160 pixels, with at most 1920x1440 pixels in all"
    )]
    Size {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// It goes on for too long.
    #[error("it lasts over 30 seconds")]
    TooLong,
    /// It cannot be decoded to its end.
    #[error("it is damaged or ends early")]
    Damaged,
    /// There are too few frames in it to see a movement.
    #[error("too few frames: {0}, where at least 8 are needed; record at 10 a second or more")]
    TooFewFrames(usize),
    /// What happens between two frames cannot be told.
    #[error("its frames are over half a second apart; record at 10 frames a second or more")]
    Gap,
    /// The size changes from one frame to another.
    #[error("its frames change size; do not turn the device while recording")]
    SizeChanges,
    /// Decoding takes more time or memory than any camera's clip.
    #[error("it takes too long to decode; send a lower resolution or frame rate")]
    TooCostly,
}

/// Why a clip was not measured.
#[derive(Debug)]
pub enum ClipError {
    /// It is its own fault.
    Unplayable(Unplayable),
    /// It is ours; for operators.
    Failed(String),
}

impl ClipError {
    fn failed(what: &str, cause: &dyn Display) -> Self {
        Self::Failed(format!("{what}: {cause}"))
    }
}

impl From<Unplayable> for ClipError {
    fn from(unplayable: Unplayable) -> Self {
        Self::Unplayable(unplayable)
    }
}

/// Makes sure that clips can be read here; says so where the kernel is too old to confine what
/// reads them. Call it inside a tokio runtime.
///
/// # Errors
/// [`StartError::Program`] or [`StartError::Confined`], naming the program that is missing or does
/// not run.
pub async fn check_tools() -> Result<(), StartError> {
    let tools = Tools::find()?;
    for (name, program) in [("ffmpeg", &tools.ffmpeg), ("ffprobe", &tools.ffprobe)] {
        let cannot_run = |cause: String| StartError::Confined { name, cause };
        let input = memory_file(&[]).map_err(|e| cannot_run(e.to_string()))?;
        let child = jail::spawn(program, ["-version"], input, 2).await;
        let output = child.map_err(|e| cannot_run(e.to_string()))?;
        let output = output.wait_with_output().await;
        let output = output.map_err(|e| cannot_run(e.to_string()))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(cannot_run(format!("{} {words}", output.status)));
        }
    }
    if !jail::is_confined() {
        tracing::warn!(
            "This kernel has no Landlock (Linux 5.13 or later): what decodes clips is not kept from files"
        );
    }
    Ok(())
}

/// Measures a clip that came over `queue`; `None` when its deadline (Unix milliseconds) passed.
pub(crate) async fn measure(
    pool: &AnalyzerPool,
    queue: Queue,
    clip: &Bytes,
    deadline_ms: u64,
) -> Option<Outcome> {
    let left = Duration::from_millis(deadline_ms.saturating_sub(now_ms()));
    let mut cost = Cost::default();
    // Dropping the work ends whatever it has started.
    let measured = tokio::time::timeout(left, work_out(pool, queue, clip, &mut cost)).await;
    pool.metrics().cost(cost);
    let measured = measured.ok()?;
    match &measured {
        Ok(_) => pool.metrics().clip(true),
        Err(ClipError::Unplayable(_)) => pool.metrics().clip(false),
        Err(ClipError::Failed(_)) => {}
    }
    let clip = match measured {
        Ok(measured) => ClipOutcome::Measured(measured),
        Err(ClipError::Unplayable(why)) => ClipOutcome::Unplayable(why.to_string()),
        Err(ClipError::Failed(cause)) => return Some(Outcome::Failed(cause)),
    };
    let models = pool.models().clone();
    Some(Outcome::Clip { clip, models, cost })
}

async fn work_out(
    pool: &AnalyzerPool,
    queue: Queue,
    clip: &Bytes,
    cost: &mut Cost,
) -> Result<MeasuredClip, ClipError> {
    let container = Container::of(clip).ok_or(Unplayable::Container)?;
    let tools = Tools::find().map_err(|e| ClipError::Failed(e.to_string()))?;
    let _turn = pool.clip_turn().await;
    let failed = |e: &dyn Display| ClipError::failed("no memory for a clip", e);
    let bytes = clip.clone();
    let writing = tokio::task::spawn_blocking(move || memory_file(&bytes));
    let file = writing.await.map_err(|e| failed(&e))?;
    let file = file.map_err(|e| failed(&e))?;
    let to_look_at = file.try_clone().map_err(|e| failed(&e))?;
    let began = Instant::now();
    let probing = probe::probe(tools, container, to_look_at);
    probing.instrument(Stage::Probe.span()).await?;
    pool.metrics().stage(Stage::Probe, began.elapsed());

    let began = Instant::now();
    let (sender, decoded) = mpsc::channel(1);
    // A set, since dropping it ends the task.
    let mut decoding = JoinSet::new();
    decoding.spawn(async move { frames::decode(tools, container, file, sender).await });
    let album = Arc::new(Mutex::new(Album::default()));
    let measuring = measure_all(pool, queue, decoded, &album, cost);
    let frames = measuring.instrument(Stage::Clip.span()).await?;
    pool.metrics().stage(Stage::Clip, began.elapsed());
    let times = match decoding.join_next().await {
        Some(Ok(ended)) => ended?,
        Some(Err(e)) => return Err(ClipError::failed("decoding panicked", &e)),
        None => Vec::new(),
    };
    if times.len() != frames.len() {
        let cause = "ffmpeg told the times of other frames than it sent".to_owned();
        return Err(ClipError::Failed(cause));
    }
    let at = |(seconds, measured): (f64, FrameMeasurement)| {
        #[expect(clippy::cast_possible_truncation, reason = "within half a minute")]
        let seconds = seconds as f32;
        ClipFrame { seconds, measured }
    };
    let album = std::mem::take(&mut *album.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(MeasuredClip {
        frames: times.into_iter().zip(frames).map(at).collect(),
        portraits: album.into_portraits(),
    })
}

/// Measures frames as they come, a few at once, and gives them in their order.
async fn measure_all(
    pool: &AnalyzerPool,
    queue: Queue,
    mut decoded: mpsc::Receiver<RgbFrame>,
    album: &Arc<Mutex<Album>>,
    cost: &mut Cost,
) -> Result<Vec<FrameMeasurement>, ClipError> {
    let (mut measured, mut measuring) = (Vec::new(), FuturesOrdered::new());
    let (mut index, mut ended) = (0_u32, false);
    loop {
        tokio::select! {
            frame = next(pool, &mut decoded), if !ended => match frame {
                Some((frame, room)) => {
                    let album = Arc::clone(album);
                    measuring.push_back(pool.run(queue, move |analyzer, is_awaited| {
                        metered(analyzer, |analyzer| {
                            let measured = is_awaited()
                                .then(|| measure_one(analyzer, index, &frame, &album));
                            // Room for another one.
                            drop(room);
                            measured.unwrap_or_else(|| Err("nobody waits for it".to_owned()))
                        })
                    }));
                    index += 1;
                }
                None => ended = true,
            },
            Some(done) = measuring.next() => {
                let (frame, spent) = done.map_err(|e| ClipError::Failed(e.to_string()))?;
                *cost += spent;
                measured.push(frame.map_err(ClipError::Failed)?);
                pool.metrics().frame(Look::Whole, true);
            }
            else => return Ok(measured),
        }
    }
}

/// The next frame, when there is room for it among those of all clips.
async fn next(
    pool: &AnalyzerPool,
    decoded: &mut mpsc::Receiver<RgbFrame>,
) -> Option<(RgbFrame, OwnedSemaphorePermit)> {
    let room = pool.frame_room().await?;
    Some((decoded.recv().await?, room))
}

fn measure_one(
    analyzer: &mut dyn FaceAnalyzer,
    index: u32,
    frame: &RgbFrame,
    album: &Mutex<Album>,
) -> Result<FrameMeasurement, String> {
    let measurement = analyzer.analyze(frame, Look::Whole);
    let measurement = measurement.map_err(|e| e.to_string())?;
    let open = || album.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(face) = measurement.face.as_ref()
        && open().wants(face)
    {
        // Not under the lock: it takes milliseconds.
        let jpeg = portraits::jpeg(frame).map_err(|e| e.to_string())?;
        open().keep(face, Portrait { frame: index, jpeg });
    }
    Ok(measurement)
}
