//! Jobs and outcomes: the messages that cross the queue.

mod codec;
mod shared_bytes;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use livegate_liveness::outcome::{ClipFrame, FrameOutcome};
use livegate_liveness::thresholds::ModelSetId;
use serde::{Deserialize, Serialize};

use crate::id::{BatchId, ReplicaId, RequestId};

pub use codec::{CodecError, encode_batch, encode_outcome, open_batch, open_outcome, read_header};

/// Current time, milliseconds since the Unix epoch, on the clock that deadlines use. Hosts must agree on it
/// to about a second (NTP does).
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// The readable part of a batch: enough to route it, to drop it and to trace it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// The batch's id.
    pub id: BatchId,
    /// The API process that waits for the outcome.
    pub reply_to: ReplicaId,
    /// Time after which nobody waits for the outcome, Unix milliseconds.
    pub deadline_ms: u64,
    /// Time at which the batch was sent, Unix milliseconds.
    pub sent_ms: u64,
    /// Id of the request that the batch belongs to: ours, and the caller's own beside it.
    pub request: RequestId,
    /// The span that the batch belongs to, as in a `traceparent` header; `None` if no traces are collected.
    pub trace: Option<String>,
}

impl BatchHeader {
    /// Time since the batch was sent, at `now_ms`. Zero if the clocks of two hosts disagree so that it
    /// would be negative.
    pub fn age(&self, now_ms: u64) -> Duration {
        Duration::from_millis(now_ms.saturating_sub(self.sent_ms))
    }

    /// The time allowed for the batch, and its end.
    pub fn time_limit(&self) -> TimeLimit {
        TimeLimit {
            deadline_ms: self.deadline_ms,
            whole: Duration::from_millis(self.deadline_ms.saturating_sub(self.sent_ms)),
        }
    }

    /// Time left at `now_ms`; zero after the deadline.
    pub fn remaining(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(now_ms))
    }
}

/// The time allowed for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    /// Time after which nobody waits for the outcome, Unix milliseconds.
    pub deadline_ms: u64,
    /// The whole time that was allowed when the batch was sent.
    pub whole: Duration,
}

/// One encoded picture of a batch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedFrame {
    /// Position in the caller's sequence, from 0.
    pub index: u32,
    /// JPEG or PNG, as the caller sent it.
    #[serde(with = "shared_bytes")]
    pub image: Bytes,
}

impl std::fmt::Debug for EncodedFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "EncodedFrame({}, {} bytes)",
            self.index,
            self.image.len()
        )
    }
}

/// How much of a frame is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Look {
    /// All that can be measured of a face.
    Whole,
    /// All except identity and presentation attack detection, which take half of the time: the places of
    /// faces, and pose, eyes, mouth and quality of the largest face.
    Glance,
}

/// Work for one worker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Batch {
    /// Some frames of one capture.
    Frames {
        /// The frames, in the caller's order.
        frames: Vec<EncodedFrame>,
        /// How much of each frame is measured.
        look: Look,
    },
    /// A whole clip, mp4 or webm, as the caller sent it.
    Clip(#[serde(with = "shared_bytes")] Bytes),
}

impl Batch {
    /// Size of the batch's media, bytes. They are nearly all of the batch.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Frames { frames, .. } => frames.iter().map(|f| f.image.len()).sum(),
            Self::Clip(clip) => clip.len(),
        }
    }
}

/// Prints sizes only: media must not get into logs.
impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frames { frames, look } => write!(f, "Frames({look:?}, {frames:?})"),
            Self::Clip(clip) => write!(f, "Clip({} bytes)", clip.len()),
        }
    }
}

/// Outcome of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClipOutcome {
    /// The clip was decoded and measured.
    Measured(MeasuredClip),
    /// The clip cannot be decoded or judged. The text gives the cause and holds nothing of what the clip
    /// shows.
    Unplayable(String),
}

/// Measurements of a clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredClip {
    /// The sampled frames, in their order.
    pub frames: Vec<ClipFrame>,
    /// Pictures of a few of the frames, from which the best frame is chosen. Not empty if any frame shows a
    /// face.
    pub portraits: Vec<Portrait>,
}

impl MeasuredClip {
    /// Whether the picture of the frame at `index`, from 0, is among the portraits.
    pub fn has_picture(&self, index: usize) -> bool {
        self.portraits.iter().any(|p| p.is_of(index))
    }
}

/// The picture of a sampled frame.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portrait {
    /// Position among the sampled frames, from 0.
    pub frame: u32,
    /// The upright picture, as JPEG.
    #[serde(with = "shared_bytes")]
    pub jpeg: Bytes,
}

impl Portrait {
    /// Whether this is the picture of the frame at `index`, from 0.
    pub fn is_of(&self, index: usize) -> bool {
        usize::try_from(self.frame).is_ok_and(|frame| frame == index)
    }
}

/// Prints sizes only: pictures must not get into logs.
impl std::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Portrait({}, {} bytes)", self.frame, self.jpeg.len())
    }
}

/// A worker's answer to one batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The answer to [`Batch::Frames`].
    Frames {
        /// One entry for each frame of the batch, with the frame's index in the caller's sequence.
        frames: Vec<(u32, FrameOutcome)>,
        /// Identifier of the set of models that measured.
        models: ModelSetId,
        /// Time spent.
        cost: Cost,
    },
    /// The answer to [`Batch::Clip`].
    Clip {
        /// The clip's outcome.
        clip: ClipOutcome,
        /// Identifier of the set of models that measured.
        models: ModelSetId,
        /// Time spent, without decoding, which another process does.
        cost: Cost,
    },
    /// The batch could not be measured.
    Failed(Failure),
}

/// Why a batch could not be measured. The texts are for operators, and hold nothing of the media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// It ended every worker that tried it.
    #[error("it ended every worker that tried it, {0} times")]
    EndedWorkers(u32),
    /// The worker cannot open or read it.
    #[error("it cannot be read; is LIVEGATE_SEAL_KEY the API's? {0}")]
    Unreadable(String),
    /// A model failed.
    #[error("measuring failed: {0}")]
    Measuring(String),
    /// What decodes clips failed.
    #[error("decoding the clip failed: {0}")]
    ClipTools(String),
}

impl Outcome {
    /// Approximate size, bytes: that of pictures and embeddings, which are nearly all of the outcome.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Frames { frames, .. } => frames.len() * EMBEDDING_BYTES,
            Self::Clip {
                clip: ClipOutcome::Measured(clip),
                ..
            } => {
                let pictures: usize = clip.portraits.iter().map(|p| p.jpeg.len()).sum();
                pictures + clip.frames.len() * EMBEDDING_BYTES
            }
            Self::Clip {
                clip: ClipOutcome::Unplayable(text),
                ..
            } => text.len(),
            // A sentence.
            Self::Failed(_) => 0,
        }
    }
}

/// Size of an embedding, bytes: 512 numbers of four bytes.
const EMBEDDING_BYTES: usize = 512 * 4;

/// Time spent on a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Processor time of the analyzing thread, microseconds.
    pub cpu_us: u64,
    /// The part of it inside the inference runtime, microseconds.
    pub inference_us: u64,
    /// Time for which threads were occupied, microseconds of the clock on the wall. It is more than `cpu_us`
    /// where threads share their cores with something else.
    pub occupied_us: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.cpu_us += other.cpu_us;
        self.inference_us += other.inference_us;
        self.occupied_us += other.occupied_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::JobId;

    #[test]
    fn nothing_of_a_medium_is_printed() {
        let picture = Bytes::from_static(b"secret");
        let portrait = Portrait {
            frame: 1,
            jpeg: picture.clone(),
        };
        let batches = [
            Batch::Clip(picture.clone()),
            Batch::Frames {
                frames: vec![EncodedFrame {
                    index: 0,
                    image: picture,
                }],
                look: Look::Whole,
            },
        ];
        assert_eq!(
            format!("{batches:?} {portrait:?}"),
            "[Clip(6 bytes), Frames(Whole, [EncodedFrame(0, 6 bytes)])] Portrait(1, 6 bytes)"
        );
    }

    #[test]
    fn time_left_and_time_gone_never_go_below_zero() {
        let header = BatchHeader {
            id: BatchId {
                job: JobId::random(),
                batch: 3,
            },
            reply_to: ReplicaId::random(),
            deadline_ms: 1_000,
            sent_ms: 300,
            request: RequestId::fresh(),
            trace: None,
        };
        assert_eq!(header.remaining(400), Duration::from_millis(600));
        assert_eq!(header.remaining(5_000), Duration::ZERO);
        assert_eq!(header.age(400), Duration::from_millis(100));
        assert_eq!(header.age(200), Duration::ZERO);
    }
}
