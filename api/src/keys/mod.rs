//! API keys: who may call, and how much.
//!
//! The file holds only hashes. A key is 32 random bytes, so a plain SHA-256 is enough: such a key
//! cannot be guessed, and a slow hash would only slow down every request.

mod attempts;
pub mod change;
pub mod create;
pub mod edit;
mod file;
pub mod lent;
pub mod list;
mod shape;

pub mod watch;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::contract::defaults::SessionDefaults;

pub use attempts::AttemptPolicy;
pub use file::KeyFileError;

/// Prefix of every key.
pub(crate) const PREFIX: &str = "tsk_";

/// Prefix of every test key. No other key begins with it.
const TEST_PREFIX: &str = "tsk_test_";

/// Longest text that is hashed as a key, bytes.
const MAX_KEY_BYTES: usize = 256;

/// One API key, without its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// Id of the key, which records and logs show: 1 to 64 letters, digits, `_` or `-`.
    pub id: String,
    /// Name that the operator gave it, for people; need not be unique.
    pub name: String,
    /// Whether it is a test key: its sessions take the outcome that they are asked for, and no measurement.
    pub is_test: bool,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Size of its token bucket, and its refill each minute: 1 to 1,000,000 requests.
    pub requests_per_minute: u32,
    /// Simultaneous verifications, 1 to 1,000.
    pub concurrency: u32,
    /// Its policy on attempts; `None` where attempts are not counted.
    pub attempts: Option<AttemptPolicy>,
    /// Defaults of its sessions, used where a request leaves something open.
    pub defaults: SessionDefaults,
}

/// SHA-256 of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyHash([u8; 32]);

/// Prints no digit of the hash.
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

/// One secret, and the key that it stands for.
#[derive(Clone, Debug)]
struct Secret {
    hash: KeyHash,
    /// When it stops being valid, Unix milliseconds; `None` for the key's present secret.
    until_ms: Option<u64>,
    key: Arc<KeyRecord>,
}

/// All keys, by their secrets.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<Secret>);

impl KeyRing {
    /// The key whose secret is `presented`, if that is valid at `now_ms`, Unix milliseconds.
    ///
    /// Takes the same time whichever key it is, and whether or not there is such a key.
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
        // A secret shows which kind of key it is for. A file that was edited by hand must not change that.
        let is_of_kind = secret.key.is_test == presented.starts_with(TEST_PREFIX);
        let counts = is_of_kind && secret.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        counts.then(|| Arc::clone(&secret.key))
    }

    /// The key with this id, if any of its secrets is still valid at `now_ms`, Unix milliseconds.
    pub fn with_id(&self, id: &str, now_ms: u64) -> Option<Arc<KeyRecord>> {
        let counts = |s: &&Secret| s.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        let of_id = self.0.iter().filter(counts).find(|s| s.key.id == id)?;
        Some(Arc::clone(&of_id.key))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|s| s.until_ms.is_none()).count()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
