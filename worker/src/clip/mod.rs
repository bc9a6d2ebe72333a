//! Clips: turns hostile bytes into measured frames, or refuses them with a reason.
//!
//! `container` recognises the format by the first bytes and names the one demuxer that may read it.
//! `probe` refuses within a tenth of a second what is too large or too long. `frames` decodes and
//! samples the rest. `reader` starts both programs in a jail (`livegate-jail`), and refuses all clips
//! where the kernel cannot confine them. `log` and `course` tell which frames count and whether any are missing. Frames are measured on the threads of the pool, beside other captures, while
//! the next ones are decoded. `colour` converts HDR on those threads. `allowance` refuses a clip that
//! takes longer than these threads have. `portraits` keeps the few pictures that may become the best
//! frame. Nothing is written to disk.

mod allowance;
pub mod colour;
mod course;
pub mod frames;
pub mod log;
mod portraits;
pub mod probe;
mod reader;
mod tools;

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use livegate_common::broker::Queue;
use livegate_common::job::{
    ClipOutcome, Cost, Failure, Look, MeasuredClip, Outcome, Portrait, TimeLimit, now_ms,
};
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::outcome::ClipFrame;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::analyzer::FaceAnalyzer;
use crate::cost::metered;
use crate::pool::{AnalyzerPool, PoolError};
use crate::stages::{Stage, timed};
use allowance::Allowance;
use colour::Converter;
use frames::{Picture, Sampled};
use livegate_media::{Container, RgbFrame, encode_jpeg};
use portraits::Album;
pub use reader::ClipReader;
use tools::memory_file;

/// Frames of a clip after which the pace is known, even when the clip is the first one. Up to there, the
/// time that it needs is estimated again after every frame.
const FIRST_FRAMES: usize = 16;

/// Why a clip cannot be judged. The text is meant for the caller.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unplayable {
    /// The first bytes are not those of a supported container.
    #[error("it is neither mp4 nor webm")]
    Container,
    /// The file has no video stream.
    #[error("it has no video stream")]
    NoVideo,
    /// The codec of the video is not supported.
    #[error("its codec, {0}, is not supported; send H.264, HEVC, MPEG-4, VP8, VP9 or AV1")]
    Codec(String),
    /// The frames are too small or too large.
    #[error(
        "it is {width}x{height}; each side must be 120 to 2160 pixels, with at most 1920x1440 pixels in all"
    )]
    Size {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
    /// The clip is longer than allowed.
    #[error("it lasts over 30 seconds")]
    TooLong,
    /// The clip is longer than the threads of this server can measure in time.
    #[error(
        "it lasts {seconds:.0} seconds, and this server can measure about {possible:.0} seconds of such a clip in the time that a verification may take; send a shorter one"
    )]
    TooLongHere {
        /// Length of the clip, seconds.
        seconds: f64,
        /// Longest possible length of such a clip, seconds, rounded down.
        possible: f64,
    },
    /// The clip cannot be decoded to its end.
    #[error("it is damaged or ends early")]
    Damaged,
    /// The clip starts between two key frames, and too few frames follow the next one.
    #[error(
        "it does not begin with a key frame, and too few frames follow a later one; record from a key frame on"
    )]
    NoKeyFrame,
    /// The clip has too few frames to show a movement.
    #[error("too few frames: {0}, where at least 8 are needed; record at 10 a second or more")]
    TooFewFrames(usize),
    /// Two frames are too far apart to know what happens in between.
    #[error("its frames are over half a second apart; record at 10 frames a second or more")]
    Gap,
    /// The size changes from one frame to another.
    #[error("its frames change size; do not turn the device while recording")]
    SizeChanges,
    /// The dynamic range changes from one frame to another.
    #[error("its frames change between HDR and standard range; record in one of them")]
    ColoursChange,
    /// Decoding takes more time or memory than any camera's clip.
    #[error("it takes too long to decode; send a lower resolution or frame rate")]
    TooCostly,
}

/// Why a clip was not measured.
#[derive(Debug)]
pub enum ClipError {
    /// The clip is at fault; the text is for the caller.
    Unplayable(Unplayable),
    /// The server is at fault; the text is for operators.
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

/// Measures a clip that came over `queue`; `None` when its deadline passed.
pub(crate) async fn measure(
    pool: &AnalyzerPool,
    queue: Queue,
    clip: &Bytes,
    time: TimeLimit,
) -> Option<Outcome> {
    let left = Duration::from_millis(time.deadline_ms.saturating_sub(now_ms()));
    let mut cost = Cost::default();
    // Dropping this future ends every process and task that it started.
    let measured =
        tokio::time::timeout(left, play_and_measure(pool, queue, clip, time, &mut cost)).await;
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
        Err(ClipError::Failed(cause)) => return Some(Outcome::Failed(Failure::ClipTools(cause))),
    };
    let models = pool.models().clone();
    Some(Outcome::Clip { clip, models, cost })
}

async fn play_and_measure(
    pool: &AnalyzerPool,
    queue: Queue,
    clip: &Bytes,
    time: TimeLimit,
    cost: &mut Cost,
) -> Result<MeasuredClip, ClipError> {
    let container = Container::of(clip).ok_or(Unplayable::Container)?;
    let tools = pool.clip_reader().await?.tools()?;
    let _turn = pool.clip_turn().await;
    let failed = |e: &dyn Display| ClipError::failed("no memory for a clip", e);
    let bytes = clip.clone();
    let writing = tokio::task::spawn_blocking(move || memory_file(&bytes));
    let file = writing.await.map_err(|e| failed(&e))?;
    let file = file.map_err(|e| failed(&e))?;
    let to_look_at = file.try_clone().map_err(|e| failed(&e))?;
    let began = Instant::now();
    let probing = probe::probe(&tools, container, to_look_at);
    let probed = probing.instrument(Stage::Probe.span()).await?;
    pool.metrics().stage(Stage::Probe, began.elapsed());
    let allowance = Allowance::new(&probed, time.whole, pool.threads());
    allowance.check(pool.pace().seconds())?;

    let began = Instant::now();
    let (sender, decoded) = mpsc::channel(1);
    // A `JoinSet`, because dropping it aborts the task.
    let mut decoding = JoinSet::new();
    decoding.spawn(async move { frames::decode(&tools, container, &probed, file, sender).await });
    let job = Job {
        pool,
        queue,
        allowance,
        converter: probed.colours.map(Converter::new).map(Arc::new),
    };
    let measuring = job.measure_all(decoded, cost);
    let measured = measuring.instrument(Stage::Clip.span()).await?;
    pool.metrics().stage(Stage::Clip, began.elapsed());
    match decoding.join_next().await {
        Some(Ok(ended)) => ended?,
        Some(Err(e)) => return Err(ClipError::failed("decoding panicked", &e)),
        None => {}
    }
    Ok(measured)
}

/// A clip that is being measured.
struct Job<'a> {
    pool: &'a AnalyzerPool,
    queue: Queue,
    allowance: Allowance,
    converter: Option<Arc<Converter>>,
}

impl Job<'_> {
    /// Measures frames as they arrive, a few at once, and returns them in the order of the clip.
    async fn measure_all(
        &self,
        mut decoded: mpsc::Receiver<Sampled>,
        cost: &mut Cost,
    ) -> Result<MeasuredClip, ClipError> {
        let (mut measured, mut measuring) = (Vec::new(), FuturesOrdered::new());
        let mut album = Arc::new(Mutex::new(Album::default()));
        // `index` counts the frames sent since the clip's beginning. `left_out` counts results still to
        // come of earlier frames.
        let (mut index, mut left_out, mut ended) = (0_u32, 0_u32, false);
        loop {
            tokio::select! {
                frame = next(self.pool, &mut decoded), if !ended => match frame {
                    Some((sampled, room)) => {
                        if sampled.starts_over {
                            left_out = u32::try_from(measuring.len()).unwrap_or(u32::MAX);
                            index = 0;
                            measured.clear();
                            album = Arc::default();
                        }
                        measuring.push_back(self.measure_one(index, sampled, Arc::clone(&album), room));
                        index += 1;
                    }
                    None => ended = true,
                },
                Some(done) = measuring.next() => {
                    let (frame, spent) = done.map_err(|e| ClipError::Failed(e.to_string()))?;
                    *cost += spent;
                    let frame: ClipFrame = frame.map_err(ClipError::Failed)?;
                    self.pool.metrics().frame(Look::Whole, true);
                    if left_out > 0 {
                        left_out -= 1;
                    } else {
                        measured.push(frame);
                    }
                    if measured.len() <= FIRST_FRAMES {
                        self.allowance.check(self.pool.pace().seconds())?;
                    }
                }
                else => break,
            }
        }
        let album = std::mem::take(&mut *album.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(MeasuredClip {
            frames: measured,
            portraits: album.into_portraits(),
        })
    }

    /// Measures a frame on a thread of the pool, which releases `room` when it is done.
    fn measure_one(
        &self,
        index: u32,
        sampled: Sampled,
        album: Arc<Mutex<Album>>,
        room: OwnedSemaphorePermit,
    ) -> impl Future<Output = Result<(Result<ClipFrame, String>, Cost), PoolError>> {
        let (converter, pace) = (self.converter.clone(), Arc::clone(self.pool.pace()));
        self.pool.run(self.queue, move |analyzer, is_awaited| {
            metered(analyzer, |analyzer| {
                let began = Instant::now();
                if !is_awaited() {
                    return Err("nobody waits for it".to_owned());
                }
                let frame = in_standard_range(sampled.picture, converter.as_deref())?;
                let measured = measure_frame(analyzer, index, &frame, &album)?;
                pace.add(began.elapsed());
                // The next frame may be decoded.
                drop(room);
                #[expect(clippy::cast_possible_truncation, reason = "within half a minute")]
                let seconds = sampled.seconds as f32;
                Ok(ClipFrame { seconds, measured })
            })
        })
    }
}

/// The next frame, as soon as there is room for it among the frames of all clips.
async fn next(
    pool: &AnalyzerPool,
    decoded: &mut mpsc::Receiver<Sampled>,
) -> Option<(Sampled, OwnedSemaphorePermit)> {
    let room = pool.frame_room().await?;
    Some((decoded.recv().await?, room))
}

fn in_standard_range(picture: Picture, converter: Option<&Converter>) -> Result<RgbFrame, String> {
    match (picture, converter) {
        (Picture::Rgb(frame), _) => Ok(frame),
        (Picture::Yuv(frame), Some(converter)) => {
            Ok(timed(Stage::Decode, || converter.convert(&frame)))
        }
        (Picture::Yuv(_), None) => Err("a frame has colours that nobody foresaw".to_owned()),
    }
}

fn measure_frame(
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
        // Outside the lock: encoding takes milliseconds.
        let jpeg = encode_jpeg(frame).map_err(|e| e.to_string())?;
        open().keep(face, Portrait { frame: index, jpeg });
    }
    Ok(measurement)
}
