//! The format of the key file: TOML, one `[[keys]]` table for each key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use livegate_liveness::challenge::{Action, Angles, Range};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::shape::ShapeError;
use super::{KeyHash, KeyRecord, KeyRing, Secret};
use crate::contract::defaults::SessionDefaults;

/// Allowed requests per minute of a key.
const REQUESTS_PER_MINUTE: std::ops::RangeInclusive<u32> = 1..=1_000_000;
/// Allowed simultaneous verifications of a key.
const CONCURRENCY: std::ops::RangeInclusive<u32> = 1..=1_000;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file does not exist.
    #[error("there is no key file {}: make one with `livegate-api keys create --name NAME`, or set LIVEGATE_KEYS", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        cause: std::io::Error,
    },
    /// The file is not TOML of the right shape. The text names a place, never a content.
    #[error("the key file {path} is not valid: {cause}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: ShapeError,
    },
}

impl KeyFileError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |cause| {
            if cause.kind() == std::io::ErrorKind::NotFound {
                Self::Missing(std::path::absolute(&path).unwrap_or(path))
            } else {
                Self::Io { path, cause }
            }
        }
    }

    pub(super) fn shape(path: &Path) -> impl FnOnce(ShapeError) -> Self + use<> {
        let path = path.to_owned();
        |cause| Self::Shape { path, cause }
    }
}

/// One `[[keys]]` table, as the file writes it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub id: String,
    pub name: String,
    pub hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_secrets: Vec<OldSecret>,
    #[serde(default, skip_serializing_if = "is_live")]
    pub test: bool,
    #[serde(default = "yes")]
    pub liveness: bool,
    #[serde(default = "default_requests_per_minute")]
    pub requests_per_minute: u32,
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yaw_deg: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch_deg: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blink_ear: Option<f32>,
}

/// A secret that was replaced and stays valid for a while.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OldSecret {
    pub hash: String,
    /// When it stops being valid: RFC 3339.
    pub until: String,
}

impl OldSecret {
    fn until_ms(&self) -> Result<u64, ShapeError> {
        OffsetDateTime::parse(&self.until, &Rfc3339)
            .ok()
            .and_then(|t| u64::try_from(t.unix_timestamp_nanos() / 1_000_000).ok())
            .ok_or(ShapeError::Until)
    }

    /// Whether it is still valid at `now_ms`, Unix milliseconds.
    pub fn counts_at(&self, now_ms: u64) -> bool {
        self.until_ms().is_ok_and(|until_ms| now_ms < until_ms)
    }
}

fn yes() -> bool {
    true
}

/// Whether a key is a live one, by its `test`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_live(test: &bool) -> bool {
    !*test
}

pub(super) fn default_requests_per_minute() -> u32 {
    600
}

pub(super) fn default_concurrency() -> u32 {
    16
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: Vec<Entry>,
}

impl KeyRing {
    /// Reads the keys in a file.
    ///
    /// # Errors
    /// [`KeyFileError`] when any part of the file is invalid: a key ring with silently missing keys
    /// would be a surprise.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let text = std::fs::read_to_string(path).map_err(KeyFileError::io(path))?;
        parse(&text).map_err(KeyFileError::shape(path))
    }
}

/// Reads the tables of a file that a server would accept.
pub(super) fn load_entries(path: &Path) -> Result<Vec<Entry>, KeyFileError> {
    let text = std::fs::read_to_string(path).map_err(KeyFileError::io(path))?;
    parse(&text)
        .and_then(|_| entries(&text))
        .map_err(KeyFileError::shape(path))
}

/// The tables of the file, unchecked.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, ShapeError> {
    // Only the message: the full error text would quote the line, which may be a hash.
    let file: Result<File, _> = toml::from_str(text);
    file.map(|f| f.keys)
        .map_err(|e| ShapeError::Toml(e.message().to_owned()))
}

/// The key ring that a server makes from the file.
pub(super) fn parse(text: &str) -> Result<KeyRing, ShapeError> {
    let mut ring: Vec<Secret> = Vec::new();
    for entry in entries(text)? {
        let id = &entry.id;
        let secrets = entry.secrets().map_err(|cause| ShapeError::Key {
            id: id.clone(),
            cause: Box::new(cause),
        })?;
        if ring.iter().any(|known| known.key.id == *id) {
            return Err(ShapeError::IdTwice(id.clone()));
        }
        for secret in secrets {
            if ring.iter().any(|known| known.hash == secret.hash) {
                return Err(ShapeError::SecretTwice(id.clone()));
            }
            ring.push(secret);
        }
    }
    Ok(KeyRing(ring))
}

impl Entry {
    /// The secrets that are accepted as this key: its present one, then the old ones.
    pub fn secrets(&self) -> Result<Vec<Secret>, ShapeError> {
        let key = Arc::new(self.record()?);
        let secret = |hash: &str, until_ms| -> Result<Secret, ShapeError> {
            let hash = KeyHash::parse(hash).ok_or(ShapeError::Hash)?;
            let key = Arc::clone(&key);
            Ok(Secret {
                hash,
                until_ms,
                key,
            })
        };
        let mut secrets = vec![secret(&self.hash, None)?];
        for old in &self.old_secrets {
            secrets.push(secret(&old.hash, Some(old.until_ms()?))?);
        }
        Ok(secrets)
    }

    /// The key as the server uses it.
    pub fn record(&self) -> Result<KeyRecord, ShapeError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if self.id.is_empty() || self.id.len() > 64 || !self.id.bytes().all(plain) {
            return Err(ShapeError::Id);
        }
        check(
            "requests_per_minute",
            self.requests_per_minute,
            &REQUESTS_PER_MINUTE,
        )?;
        check("concurrency", self.concurrency, &CONCURRENCY)?;
        let standard = Angles::default();
        let angles = Angles {
            yaw_deg: in_range("yaw_deg", self.yaw_deg, Angles::YAW, standard.yaw_deg)?,
            pitch_deg: in_range(
                "pitch_deg",
                self.pitch_deg,
                Angles::PITCH,
                standard.pitch_deg,
            )?,
            blink_ear: in_range(
                "blink_ear",
                self.blink_ear,
                Angles::BLINK,
                standard.blink_ear,
            )?,
        };
        let actions = self
            .actions
            .as_ref()
            .map_or_else(|| Ok(Action::ALL.to_vec()), |a| actions(a))?;
        Ok(KeyRecord {
            id: self.id.clone(),
            name: self.name.clone(),
            is_test: self.test,
            liveness: self.liveness,
            requests_per_minute: self.requests_per_minute,
            concurrency: self.concurrency,
            defaults: SessionDefaults { actions, angles },
        })
    }
}

/// Checks that a limit is within its allowed range.
fn check(
    name: &'static str,
    value: u32,
    range: &std::ops::RangeInclusive<u32>,
) -> Result<(), ShapeError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(ShapeError::Limit {
        name,
        value,
        min: *range.start(),
        max: *range.end(),
    })
}

fn in_range(
    name: &'static str,
    value: Option<f32>,
    range: Range,
    default: f32,
) -> Result<f32, ShapeError> {
    match value {
        None => Ok(default),
        Some(value) if range.contains(f64::from(value)) => Ok(value),
        Some(_) => Err(ShapeError::Angle { name, range }),
    }
}

fn actions(names: &[String]) -> Result<Vec<Action>, ShapeError> {
    let mut actions = Vec::new();
    for name in names {
        match Action::from_name(name) {
            Some(action) if !actions.contains(&action) => actions.push(action),
            Some(_) | None => return Err(ShapeError::Actions),
        }
    }
    if actions.len() < 2 {
        Err(ShapeError::FewActions)
    } else {
        Ok(actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(more: &str) -> String {
        let hash = KeyHash::of("tsk_secret").to_text();
        format!("[[keys]]\nid = \"key_1\"\nname = \"shop\"\nhash = \"{hash}\"\n{more}\n")
    }

    #[test]
    fn a_key_is_found_by_its_secret_alone() {
        let other = entry("").replace("key_1", "key_2").replace(
            &KeyHash::of("tsk_secret").to_text(),
            &KeyHash::of("tsk_other").to_text(),
        );
        let ring = parse(&(entry("") + &other)).unwrap();
        assert_eq!(ring.find("tsk_secret", 0).unwrap().id, "key_1");
        assert_eq!(ring.find("tsk_other", 0).unwrap().id, "key_2");
        for wrong in [
            "",
            "tsk_",
            "tsk_secre",
            "tsk_secret ",
            "secret",
            &"tsk_".repeat(100),
        ] {
            assert!(ring.find(wrong, 0).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_counts_only_for_a_key_of_its_kind() {
        let of = |secret: &str, more: &str| {
            let hash = |secret: &str| KeyHash::of(secret).to_text();
            let text = entry(more).replace(&hash("tsk_secret"), &hash(secret));
            parse(&text).unwrap().find(secret, 0).map(|key| key.is_test)
        };
        assert_eq!(of("tsk_test_secret", "test = true"), Some(true));
        assert_eq!(of("tsk_secret", ""), Some(false));
        assert_eq!(of("tsk_test_secret", ""), None);
        assert_eq!(of("tsk_test_secret", "test = false"), None);
        assert_eq!(of("tsk_secret", "test = true"), None);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let ring = parse(&entry("")).unwrap();
        let key = ring.find("tsk_secret", 0).unwrap();
        assert_eq!(
            (key.liveness, key.requests_per_minute, key.concurrency),
            (true, 600, 16)
        );
        assert_eq!(key.defaults, SessionDefaults::default());
    }

    #[test]
    fn a_file_that_means_something_else_is_refused_whole() {
        for (more, named) in [
            ("requests_per_minute = 0", "1 to 1000000"),
            ("concurrency = 1001", "1 to 1000"),
            ("yaw_deg = 50", "15 to 40"),
            ("actions = [\"blink\"]", "at least 2"),
            ("actions = [\"blink\", \"blink\"]", "different"),
            ("livenes = false", "livenes"),
            ("old_secrets = [{ hash = \"x\" }]", "until"),
            (
                "old_secrets = [{ hash = \"x\", until = \"soon\" }]",
                "2026-01-31T12:00:00Z",
            ),
        ] {
            let cause = parse(&entry(more)).unwrap_err().to_string();
            assert!(cause.contains(named), "{more}: {cause}");
        }
        assert!(
            parse(&(entry("") + &entry("")))
                .unwrap_err()
                .to_string()
                .contains("twice")
        );
    }

    #[test]
    fn neither_debug_nor_an_error_shows_a_hash() {
        let hash = KeyHash::of("tsk_secret").to_text();
        assert!(!format!("{:?}", parse(&entry("")).unwrap()).contains(&hash[7..15]));
        let cause = |more| parse(&entry(more)).unwrap_err().to_string();
        let broken = cause("x x") + &cause("liveness = 3");
        assert!(!broken.contains(&hash[7..15]), "{broken}");
    }
}
