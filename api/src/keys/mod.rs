//! API keys: who may call, and how much.
//!
//! The file holds hashes only. A key is 32 random bytes, so a plain SHA-256 is enough: there is
//! nothing to guess, and a slow hash would only slow every request down.

pub mod change;
pub mod create;
pub mod edit;
mod file;
pub mod list;
mod shape;

pub mod watch;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::contract::defaults::SessionDefaults;

pub use file::KeyFileError;

/// What every key begins with.
pub(crate) const PREFIX: &str = "tsk_";

/// Longest key that is hashed at all, bytes.
const MAX_KEY_BYTES: usize = 256;

/// One key, as the server knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// What records and logs call the key.
    pub id: String,
    /// What its operator calls it.
    pub name: String,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Size of its token bucket, and its refill each minute.
    pub requests_per_minute: u32,
    /// Verifications at once.
    pub concurrency: u32,
    /// What its sessions ask for where a request leaves it open.
    pub defaults: SessionDefaults,
}

/// SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyHash([u8; 32]);

/// Prints no digit of it.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

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

/// What lets a caller in as a key.
#[derive(Clone, Debug)]
struct Secret {
    hash: KeyHash,
    /// When it stops counting, Unix milliseconds; `None` for the key's present secret.
    until_ms: Option<u64>,
    key: Arc<KeyRecord>,
}

/// All keys.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<Secret>);

impl KeyRing {
    /// The key that `presented` is at `now_ms`, Unix milliseconds, if it is one.
    ///
    /// Takes the same time whichever key it is, and whether or not it is one.
    pub fn find(&self, presented: &str, now_ms: u64) -> Option<Arc<KeyRecord>> {
        if !presented.starts_with(PREFIX) || presented.len() > MAX_KEY_BYTES {
            return None;
        }
        let hash = KeyHash::of(presented);
        let (mut found, mut at) = (Choice::from(0), 0_u64);
        for (i, secret) in (0_u64..).zip(&self.0) {
            let same = secret.hash.0.ct_eq(&hash.0);
            at = u64::conditional_select(&at, &i, same);
            found |= same;
        }
        let at = usize::try_from(at).ok()?;
        let secret = bool::from(found).then(|| self.0.get(at)).flatten()?;
        let counts = secret.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        counts.then(|| Arc::clone(&secret.key))
    }

    /// The key with this id, if it still lets anybody in at `now_ms`, Unix milliseconds.
    pub fn with_id(&self, id: &str, now_ms: u64) -> Option<Arc<KeyRecord>> {
        let counts = |s: &&Secret| s.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        let of_id = self.0.iter().filter(counts).find(|s| s.key.id == id)?;
        Some(Arc::clone(&of_id.key))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|s| s.until_ms.is_none()).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
