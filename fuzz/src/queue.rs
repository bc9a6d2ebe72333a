//! Properties of reading messages of the queue and outcomes of the store.
//!
//! Anybody who can write there could send any bytes. Since random bytes never pass the seal, the content
//! inside the seal is tested separately.

use std::fmt::Debug;
use std::sync::LazyLock;

use bytes::Bytes;
use livegate_common::id::{BatchId, JobId, ReplicaId, RequestId};
use livegate_common::job::{
    Batch, BatchHeader, Failure, Outcome, encode_batch, encode_outcome, open_batch, open_outcome,
    read_header,
};
use livegate_common::seal::SealKey;
use serde::Serialize;
use uuid::Uuid;

use crate::memory::within;

/// Bytes that a seal adds: its nonce and its tag.
const SEAL_BYTES: usize = 24 + 16;

static KEY: LazyLock<SealKey> =
    LazyLock::new(|| SealKey::from_base64("dGhlIGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVzISE=").unwrap());

fn header() -> BatchHeader {
    BatchHeader {
        id: BatchId {
            job: JobId(Uuid::from_u128(1)),
            batch: 2,
        },
        reply_to: ReplicaId(Uuid::from_u128(3)),
        deadline_ms: 5_000,
        sent_ms: 4_000,
        request: RequestId::fresh(),
        trace: None,
    }
}

/// A message with this content: the clear part of a sealed message, and a valid seal around the content.
fn message(sealed: &Bytes, plain: usize, kind: &[u8], content: &[u8]) -> Vec<u8> {
    let clear = &sealed[..sealed.len() - plain - SEAL_BYTES];
    let seal = KEY.seal(content, &[kind, clear].concat()).unwrap();
    [clear, &seal].concat()
}

/// Most memory of opening so large a message, bytes: sealed, opened and decoded copies, and numbers that
/// are larger in memory than in the message.
fn memory(bytes: usize) -> usize {
    bytes * 32 + (1 << 20)
}

fn read_again<T: Serialize + Debug>(first: &T, second: &T) {
    // Compared as bytes: a measurement may hold NaN, which does not equal itself.
    let bytes = |content: &T| postcard::to_stdvec(content).unwrap();
    assert_eq!(bytes(first), bytes(second));
}

/// A message is one of ours or refused. One of ours decodes to the same value after it is encoded again.
pub fn queue_batch(bytes: &[u8]) {
    let read = within(memory(bytes.len()), || read_header(bytes));
    let opened = within(memory(bytes.len()), || open_batch(bytes, &KEY));
    assert!(opened.is_err() || read.is_ok());
    let (header, empty) = (header(), Batch::Clip(Bytes::new()));
    let sealed = encode_batch(&header, &empty, &KEY).unwrap();
    let plain = postcard::to_stdvec(&empty).unwrap().len();
    let message = message(&sealed, plain, b"livegate batch", bytes);
    if let Ok((_, batch)) = within(memory(message.len()), || open_batch(&message, &KEY)) {
        let again = encode_batch(&header, &batch, &KEY).unwrap();
        let (read, again) = open_batch(&again, &KEY).unwrap();
        assert_eq!(read, header);
        read_again(&batch, &again);
    }
}

/// The same property for an outcome.
pub fn queue_outcome(bytes: &[u8]) {
    let (header, none) = (header(), Outcome::Failed(Failure::EndedWorkers(3)));
    let open = |message: &[u8]| {
        within(memory(message.len()), || {
            open_outcome(message, header.id, &KEY)
        })
    };
    let _ = open(bytes);
    let sealed = encode_outcome(&header, &none, &KEY).unwrap();
    let plain = postcard::to_stdvec(&none).unwrap().len();
    let message = message(&sealed, plain, b"livegate outcome", bytes);
    if let Ok(outcome) = open(&message) {
        assert!(outcome.bytes() < usize::MAX / 2);
        let again = encode_outcome(&header, &outcome, &KEY).unwrap();
        read_again(&outcome, &open(&again).unwrap());
    }
}
