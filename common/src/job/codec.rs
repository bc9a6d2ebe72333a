//! Binary encoding of the messages that cross the queue.
//!
//! A message is a clear header (postcard), followed by sealed content. The header is the seal's associated
//! data. So nobody can change a batch's id, deadline or addressee.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::shared_bytes::read_shared;
use super::{Batch, BatchHeader, Outcome};
use crate::id::BatchId;
use crate::seal::{SealError, SealKey};

/// First byte of every message. Another value marks another encoding.
const FORMAT: u8 = 7;

/// Why a message cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The header or the content does not parse.
    #[error("a message is not in the encoding of this version")]
    Malformed,
    /// The content cannot be opened or sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Encodes and seals a batch for the queue.
///
/// # Errors
/// [`CodecError`] if the batch cannot be encoded or sealed.
pub fn encode_batch(
    header: &BatchHeader,
    batch: &Batch,
    key: &SealKey,
) -> Result<Bytes, CodecError> {
    encode(header, batch, key)
}

/// The clear header of a queued batch.
///
/// # Errors
/// [`CodecError::Malformed`] if the message is not a batch.
pub fn read_header(message: &[u8]) -> Result<BatchHeader, CodecError> {
    Ok(split(message)?.0)
}

/// Opens a queued batch.
///
/// # Errors
/// [`CodecError`] if the message is not a batch, or was not sealed with this key.
pub fn open_batch(message: &[u8], key: &SealKey) -> Result<(BatchHeader, Batch), CodecError> {
    open(message, key)
}

/// Encodes and seals an outcome for the result store.
///
/// # Errors
/// [`CodecError`] if the outcome cannot be encoded or sealed.
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
/// [`CodecError`] if the message is not an outcome of that batch, or was not sealed with this key.
pub fn open_outcome(message: &[u8], id: BatchId, key: &SealKey) -> Result<Outcome, CodecError> {
    let (header, outcome) = open(message, key)?;
    if header.id == id {
        Ok(outcome)
    } else {
        Err(CodecError::Malformed)
    }
}

/// Separates batches from outcomes: each kind seals the same header as a different context.
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
    let clear = postcard::to_extend(header, vec![FORMAT]).map_err(|_| CodecError::Malformed)?;
    let context = [C::KIND, &clear].concat();
    let message = key.seal_after(clear, &context, |message| {
        postcard::to_extend(content, message).map_err(|_| CodecError::Malformed)
    })?;
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
    let plain = Bytes::from(key.open(sealed, &[C::KIND, clear].concat())?);
    let content = read_shared(&plain, |plain| postcard::from_bytes(plain));
    Ok((header, content.map_err(|_| CodecError::Malformed)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{JobId, ReplicaId, RequestId};
    use crate::job::Failure;
    use crate::job::{EncodedFrame, Look};

    fn header() -> BatchHeader {
        BatchHeader {
            id: BatchId {
                job: JobId::random(),
                batch: 3,
            },
            reply_to: ReplicaId::random(),
            deadline_ms: 1_000,
            sent_ms: 500,
            request: RequestId::fresh(),
            trace: Some(format!("00-{:032x}-{:016x}-01", 1, 2)),
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
        assert_eq!(
            open_batch(&message, &key).unwrap(),
            (header.clone(), batch())
        );
        let clip = Batch::Clip(Bytes::from_static(b"not really a clip"));
        let message = encode_batch(&header, &clip, &key).unwrap();
        assert!(!message.windows(6).any(|w| w == b"really"));
        assert_eq!(open_batch(&message, &key).unwrap(), (header, clip));
    }

    #[test]
    fn an_outcome_answers_its_own_batch_only() {
        let (key, header) = (SealKey::random().unwrap(), header());
        let outcome = Outcome::Failed(Failure::Measuring("no".into()));
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
}
