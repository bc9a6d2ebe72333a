//! `Idempotency-Key` on a verify: the same request sent again gets the same answer, from any replica.
//!
//! The session's record decides everything. The claim of a verify that has a key says which request it is
//! for, who works on it and until when that holds unless it is renewed. The end of the session names the
//! answer, which was stored before. So there is one verdict, whichever process dies:
//!
//! | a process dies | what the next request with the key does |
//! |---|---|
//! | before the claim | verifies |
//! | after the claim | waits until the claim lapses, claims the session anew, verifies |
//! | after its answer is stored | the same: nothing names that answer, and it expires |
//! | after the session's end is recorded | writes the audit record that is missing, and repeats the answer |
//!
//! A process that stalled and comes back finds another claim in the record. It then does what any further
//! request does: it waits for the other's answer and repeats it.

mod header;
mod kept;
mod lease;
mod repeat;

use livegate_common::job::now_ms;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::header::{IdempotencyKey, MAX_LENGTH, NAME, RequestKey};
pub use self::kept::{KeptAnswer, Outcome};
pub(super) use self::lease::{End, Found, end, find, keep, record_once, renew};
pub use self::repeat::{LEASE_MS, Repeatable};
pub(super) use self::repeat::{Standing, repeat};

/// One request with a key: the key and the body, as hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// SHA-256 of the body's bytes as they came.
    pub body: [u8; 32],
}

impl Identity {
    /// The identity of a request with this key and this body. Takes about two milliseconds per megabyte.
    pub fn of(key: &IdempotencyKey, body: &[u8]) -> Self {
        Self {
            key: key.0,
            body: Sha256::digest(body).into(),
        }
    }

    /// A new claim for this request.
    pub(super) fn claim(self) -> Repeatable {
        Repeatable {
            identity: self,
            owner: Uuid::new_v4(),
            until_ms: now_ms() + LEASE_MS,
            is_recorded: false,
        }
    }
}
