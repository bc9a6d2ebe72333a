//! API keys: who may call, and how much.
//!
//! The file holds hashes only. A key is 32 random bytes, so a plain SHA-256 is enough: there is
//! nothing to guess, and a slow hash would only slow every request down.

pub mod create;
mod file;
pub mod watch;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::server_to_server::wire::SessionDefaults;

pub use file::KeyFileError;

/// What every key begins with.
const PREFIX: &str = "tsk_";

/// Longest key that is hashed at all, bytes.
const MAX_KEY_BYTES: usize = 256;

/// One key, as the server knows it.
#[derive(Clone, PartialEq)]
pub struct KeyRecord {
    /// What records and logs call the key.
    pub id: String,
    /// What its operator calls it.
    pub name: String,
    hash: KeyHash,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Size of its token bucket, and its refill each minute.
    pub requests_per_minute: u32,
    /// Verifications at once.
    pub concurrency: u32,
    /// What its sessions ask for where a request leaves it open.
    pub defaults: SessionDefaults,
}

/// Prints no hash.
impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("liveness", &self.liveness)
            .field("requests_per_minute", &self.requests_per_minute)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyHash([u8; 32]);

impl KeyHash {
    const PREFIX: &'static str = "sha256:";

    fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix(Self::PREFIX)
            .filter(|d| d.len() == 64 && d.is_ascii())?;
        let mut hash = [0; 32];
        for (i, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Self(hash))
    }

    fn to_text(self) -> String {
        let digits: String = self.0.iter().map(|b| format!("{b:02x}")).collect();
        format!("{}{digits}", Self::PREFIX)
    }
}

/// All keys.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<Arc<KeyRecord>>);

impl KeyRing {
    /// The key that `presented` is, if it is one.
    ///
    /// Takes the same time whichever key it is, and whether or not it is one.
    pub fn find(&self, presented: &str) -> Option<Arc<KeyRecord>> {
        if !presented.starts_with(PREFIX) || presented.len() > MAX_KEY_BYTES {
            return None;
        }
        let hash = KeyHash::of(presented);
        let (mut found, mut at) = (Choice::from(0), 0_u64);
        for (i, record) in (0_u64..).zip(&self.0) {
            let same = record.hash.0.ct_eq(&hash.0);
            at = u64::conditional_select(&at, &i, same);
            found |= same;
        }
        let at = usize::try_from(at).ok()?;
        bool::from(found).then(|| self.0.get(at).cloned()).flatten()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
