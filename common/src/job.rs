//! What crosses the queue: jobs one way, outcomes the other, and their one binary encoding.
//!
//! A message is a clear header (postcard) followed by sealed content. The header is the associated
//! data of the seal, so nobody can give a batch another id, another deadline or another addressee.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::id::{BatchId, ReplicaId};
use crate::liveness::measurement::FrameMeasurement;
use crate::seal::{SealError, SealKey};

/// First byte of every message; another number is another encoding.
const FORMAT: u8 = 3;

/// Why a message is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The header or the content does not parse.
    #[error("a message is not in the encoding of this version")]
    Malformed,
    /// The content could not be opened or sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Milliseconds since the Unix epoch, on the clock that deadlines are kept in. Hosts must agree on
/// it to about a second (NTP does).
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// What anybody may know of a batch: enough to route it and to drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// Which batch this is.
    pub id: BatchId,
    /// Who waits for the outcome.
    pub reply_to: ReplicaId,
    /// Unix milliseconds after which nobody waits.
    pub deadline_ms: u64,
}

impl BatchHeader {
    /// Time left at `now_ms`; zero when past.
    pub fn remaining(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(now_ms))
    }
}

/// One encoded picture of a batch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedFrame {
    /// Position in the caller's sequence, from 0.
    pub index: u32,
    /// JPEG or PNG, as the caller sent it.
    #[serde(with = "serde_bytes_as_bytes")]
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

/// How closely a frame is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Look {
    /// Everything that is measured of a face.
    Whole,
    /// All but who it is and whether it is a presentation attack, which take most of the time: where
    /// faces are, and how the largest of them moves and how well it can be seen.
    Glance,
}

/// Work for one worker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Batch {
    /// Some frames of one capture.
    Frames {
        /// The frames, in the caller's order.
        frames: Vec<EncodedFrame>,
        /// How closely they are looked at.
        look: Look,
    },
    /// A whole clip, mp4 or webm, as the caller sent it.
    Clip(#[serde(with = "serde_bytes_as_bytes")] Bytes),
}

/// Prints sizes only.
impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frames { frames, look } => write!(f, "Frames({look:?}, {frames:?})"),
            Self::Clip(clip) => write!(f, "Clip({} bytes)", clip.len()),
        }
    }
}

/// What became of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FrameOutcome {
    /// It was looked at; this is what it shows.
    Measured(Box<FrameMeasurement>),
    /// Its pixels could not be decoded; the text says why and holds nothing of the picture.
    Undecodable(String),
}

/// What became of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClipOutcome {
    /// It was played; this is what it shows.
    Measured(MeasuredClip),
    /// It is no clip that can be judged; the text says why and holds nothing of what it shows.
    Unplayable(String),
}

/// A clip's frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredClip {
    /// What each sampled frame shows, in their order.
    pub frames: Vec<FrameMeasurement>,
    /// The pictures of a few of them, from which the best frame can be chosen. Not empty if any
    /// frame shows a face.
    pub portraits: Vec<Portrait>,
}

/// The picture of a sampled frame.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portrait {
    /// Position among the sampled frames, from 0.
    pub frame: u32,
    /// JPEG, upright.
    #[serde(with = "serde_bytes_as_bytes")]
    pub jpeg: Bytes,
}

/// Prints sizes only.
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
        /// One entry per frame of the batch, with its index.
        frames: Vec<(u32, FrameOutcome)>,
        /// What it took.
        cost: Cost,
    },
    /// The answer to [`Batch::Clip`].
    Clip {
        /// What became of it.
        clip: ClipOutcome,
        /// What it took; decoding, which is done by another process, not included.
        cost: Cost,
    },
    /// The batch could not be worked on; the text is for operators.
    Failed(String),
}

/// Processor time spent on a batch, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// All of it, on the analyzing thread.
    pub cpu_us: u64,
    /// The part spent inside the inference runtime.
    pub inference_us: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.cpu_us += other.cpu_us;
        self.inference_us += other.inference_us;
    }
}

/// A batch as the queue carries it.
///
/// # Errors
/// [`CodecError`] when it cannot be encoded or sealed.
pub fn encode_batch(
    header: &BatchHeader,
    batch: &Batch,
    key: &SealKey,
) -> Result<Bytes, CodecError> {
    encode(header, batch, key)
}

/// The readable part of a queued batch, and what [`open_batch`] needs.
///
/// # Errors
/// [`CodecError::Malformed`] when it is not a batch.
pub fn read_header(message: &[u8]) -> Result<BatchHeader, CodecError> {
    Ok(split(message)?.0)
}

/// Opens a queued batch.
///
/// # Errors
/// [`CodecError`] when it is not a batch, or not sealed with this key.
pub fn open_batch(message: &[u8], key: &SealKey) -> Result<(BatchHeader, Batch), CodecError> {
    open(message, key)
}

/// An outcome as the result store carries it.
///
/// # Errors
/// [`CodecError`] when it cannot be encoded or sealed.
pub fn encode_outcome(
    header: &BatchHeader,
    outcome: &Outcome,
    key: &SealKey,
) -> Result<Bytes, CodecError> {
    encode(header, outcome, key)
}

/// Opens the stored outcome of batch `id`.
///
/// # Errors
/// [`CodecError`] when it is not an outcome of that batch, or not sealed with this key.
pub fn open_outcome(message: &[u8], id: BatchId, key: &SealKey) -> Result<Outcome, CodecError> {
    let (header, outcome) = open(message, key)?;
    if header.id == id {
        Ok(outcome)
    } else {
        Err(CodecError::Malformed)
    }
}

/// Keeps batches and outcomes apart: the same header seals to another context for each.
trait Content: Serialize + for<'de> Deserialize<'de> {
    const KIND: &'static [u8];
}

impl Content for Batch {
    const KIND: &'static [u8] = b"livegate batch";
}

impl Content for Outcome {
    const KIND: &'static [u8] = b"livegate outcome";
}

fn encode<C: Content>(
    header: &BatchHeader,
    content: &C,
    key: &SealKey,
) -> Result<Bytes, CodecError> {
    let mut message =
        postcard::to_extend(header, vec![FORMAT]).map_err(|_| CodecError::Malformed)?;
    let plain = postcard::to_stdvec(content).map_err(|_| CodecError::Malformed)?;
    let sealed = key.seal(&plain, &[C::KIND, &message].concat())?;
    message.extend_from_slice(&sealed);
    Ok(message.into())
}

fn split(message: &[u8]) -> Result<(BatchHeader, usize), CodecError> {
    let (&format, rest) = message.split_first().ok_or(CodecError::Malformed)?;
    if format != FORMAT {
        return Err(CodecError::Malformed);
    }
    let (header, sealed) = postcard::take_from_bytes(rest).map_err(|_| CodecError::Malformed)?;
    Ok((header, message.len() - sealed.len()))
}

fn open<C: Content>(message: &[u8], key: &SealKey) -> Result<(BatchHeader, C), CodecError> {
    let (header, header_bytes) = split(message)?;
    let (clear, sealed) = message.split_at(header_bytes);
    let plain = key.open(sealed, &[C::KIND, clear].concat())?;
    let content = postcard::from_bytes(&plain).map_err(|_| CodecError::Malformed)?;
    Ok((header, content))
}

/// Lets [`Bytes`] travel as one run of bytes.
mod serde_bytes_as_bytes {
    use bytes::Bytes;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Bytes, s: S) -> Result<S::Ok, S::Error> {
        serde_bytes::serialize(bytes.as_ref(), s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        serde_bytes::deserialize::<Vec<u8>, D>(d).map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::JobId;

    fn header() -> BatchHeader {
        BatchHeader {
            id: BatchId {
                job: JobId::random(),
                batch: 3,
            },
            reply_to: ReplicaId::random(),
            deadline_ms: 1_000,
        }
    }

    fn batch() -> Batch {
        let image = Bytes::from_static(b"\xff\xd8 not really a picture");
        Batch::Frames {
            frames: vec![EncodedFrame { index: 4, image }],
            look: Look::Glance,
        }
    }

    #[test]
    fn a_batch_survives_the_queue_and_is_unreadable_on_it() {
        let (key, header) = (SealKey::random().unwrap(), header());
        let message = encode_batch(&header, &batch(), &key).unwrap();
        assert!(!message.windows(6).any(|w| w == b"really"));
        assert_eq!(read_header(&message).unwrap(), header);
        assert_eq!(open_batch(&message, &key).unwrap(), (header, batch()));
        let clip = Batch::Clip(Bytes::from_static(b"not really a clip"));
        let message = encode_batch(&header, &clip, &key).unwrap();
        assert!(!message.windows(6).any(|w| w == b"really"));
        assert_eq!(open_batch(&message, &key).unwrap(), (header, clip));
    }

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
    fn an_outcome_answers_its_own_batch_only() {
        let (key, header) = (SealKey::random().unwrap(), header());
        let outcome = Outcome::Failed("no".into());
        let message = encode_outcome(&header, &outcome, &key).unwrap();
        assert_eq!(open_outcome(&message, header.id, &key).unwrap(), outcome);
        let other = BatchId {
            batch: 4,
            ..header.id
        };
        assert!(open_outcome(&message, other, &key).is_err());
        assert!(
            open_batch(&message, &key).is_err(),
            "an outcome is no batch"
        );
    }

    #[test]
    fn no_change_to_a_message_goes_unnoticed() {
        let key = SealKey::random().unwrap();
        let message = encode_batch(&header(), &batch(), &key).unwrap();
        for i in 0..message.len() {
            let mut changed = message.to_vec();
            changed[i] ^= 0x10;
            assert!(open_batch(&changed, &key).is_err(), "byte {i}");
            assert!(open_batch(&message[..i], &key).is_err(), "length {i}");
        }
    }

    #[test]
    fn time_left_never_goes_below_zero() {
        assert_eq!(header().remaining(400), Duration::from_millis(600));
        assert_eq!(header().remaining(5_000), Duration::ZERO);
    }
}
