//! What requests are made of: their batches, by the API's own rule, and the work that admission counts.

use std::time::Duration;

use livegate_api::admission::Work;
use livegate_api::admission::price::Kind;
use livegate_api::measure::split;
use livegate_common::job::Look;

use super::model::ServiceTimes;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    /// A verify of frames.
    Frames,
    /// A verify of a clip.
    Clip,
    /// One live frame.
    Live,
}

impl Medium {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Frames, Self::Clip, Self::Live];

    /// Its name in a mix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Clip => "clip",
            Self::Live => "live",
        }
    }
}

/// What a request of one kind is made of.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The work that admission counts.
    pub work: Work,
    /// Its batches.
    pub batches: Vec<Piece>,
    /// Processor time of the API before admission.
    pub receive: Duration,
    /// Processor time of the client.
    pub client: Duration,
}

/// One batch.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The work that turns and prices count.
    pub work: Work,
    /// Frames that the threads measure.
    pub frames: u32,
    /// Bytes of its media.
    pub bytes: usize,
}

/// The shapes of all kinds.
#[derive(Clone, Debug)]
pub struct Shapes {
    /// A verify of frames.
    pub frames: Shape,
    /// A verify of a clip.
    pub clip: Shape,
    /// A live frame at which the workers glance.
    pub glance: Shape,
    /// A live frame that is measured as a whole.
    pub whole: Shape,
}

/// A time in milliseconds as a duration.
pub fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1e3)
}

/// Thousand bytes as bytes.
fn bytes(kilobytes: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked when read: 0 to 1,000,000"
    )]
    let bytes = (kilobytes * 1e3) as usize;
    bytes
}

impl Shapes {
    /// The shapes of requests with these times, divided into batches by the API's own rule for workers with this many
    /// threads.
    pub fn of(times: &ServiceTimes, threads: u32) -> Self {
        let ServiceTimes {
            frames, clip, live, ..
        } = times;
        let megapixels = |width: u32, height: u32| f64::from(width) * f64::from(height) / 1e6;
        let pixels = megapixels(frames.width, frames.height);
        let size = (bytes(frames.kilobytes), pixels);
        let all = vec![size; usize::try_from(frames.number).unwrap_or(0)];
        let kind = Kind::picture(frames.format.into(), pixels, Look::Whole);
        let piece = |batch: Vec<(u32, (usize, f64))>| Piece {
            work: batch.iter().map(|_| kind).collect(),
            frames: u32::try_from(batch.len()).unwrap_or(u32::MAX),
            bytes: batch.iter().map(|(_, (bytes, _))| bytes).sum(),
        };
        let live_frame = |look| {
            let pixels = megapixels(live.width, live.height);
            let kind = |look| Kind::picture(live.format.into(), pixels, look);
            let piece = Piece {
                work: [kind(look)].into_iter().collect(),
                frames: 1,
                bytes: bytes(live.kilobytes),
            };
            Shape {
                // Let in at the price of a whole measurement, whatever it needs (api/src/interactive/frame.rs).
                work: [kind(Look::Whole)].into_iter().collect(),
                batches: vec![piece],
                receive: milliseconds(live.receive_ms),
                client: milliseconds(live.client_ms),
            }
        };
        Self {
            frames: Shape {
                work: all.iter().map(|_| kind).collect(),
                batches: split(&all, f64::from(threads), |size| *size)
                    .into_iter()
                    .map(piece)
                    .collect(),
                receive: milliseconds(frames.receive_ms),
                client: milliseconds(frames.client_ms),
            },
            clip: Shape {
                work: Work::clip(clip.seconds),
                batches: vec![Piece {
                    work: Work::clip(clip.seconds),
                    frames: clip.frames,
                    bytes: bytes(clip.kilobytes),
                }],
                receive: milliseconds(clip.receive_ms),
                client: milliseconds(clip.client_ms),
            },
            glance: live_frame(Look::Glance),
            whole: live_frame(Look::Whole),
        }
    }
}
