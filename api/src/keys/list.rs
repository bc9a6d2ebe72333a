//! Shows the keys of a file, without anything that a key could be guessed or checked by.

use std::path::Path;

use livegate_common::job::now_ms;
use serde::Serialize;

use super::KeyRecord;
use super::file::{Entry, KeyFileError, load_entries};

/// One key. Times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedKey {
    /// What records and logs call it.
    pub id: String,
    /// What its operator calls it.
    pub name: String,
    /// When it was made, where the file says so.
    pub created_at: Option<String>,
    /// When it was last given a new secret.
    pub rotated_at: Option<String>,
    /// Until when each of its old secrets goes on counting; none that has ended.
    pub old_secrets_until: Vec<String>,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Verifications at once.
    pub concurrency: u32,
    /// What its sessions draw from.
    pub actions: Vec<&'static str>,
    /// Degrees.
    pub yaw_deg: f32,
    /// Degrees.
    pub pitch_deg: f32,
    /// Eye aspect ratio.
    pub blink_ear: f32,
}

impl ListedKey {
    fn new(entry: &Entry, record: &KeyRecord, now_ms: u64) -> Self {
        let counting = entry.old_secrets.iter().filter(|o| o.counts_at(now_ms));
        let defaults = &record.defaults;
        Self {
            id: entry.id.clone(),
            name: entry.name.clone(),
            created_at: entry.created_at.clone(),
            rotated_at: entry.rotated_at.clone(),
            old_secrets_until: counting.map(|old| old.until.clone()).collect(),
            liveness: record.liveness,
            requests_per_minute: record.requests_per_minute,
            concurrency: record.concurrency,
            actions: defaults.actions.iter().map(|a| a.name()).collect(),
            yaw_deg: defaults.angles.yaw_deg,
            pitch_deg: defaults.angles.pitch_deg,
            blink_ear: defaults.angles.blink_ear,
        }
    }
}

/// The keys of a file, in its order.
///
/// # Errors
/// [`KeyFileError`] when there is none that can be used.
pub fn list(path: &Path) -> Result<Vec<ListedKey>, KeyFileError> {
    let now_ms = now_ms();
    let entries = load_entries(path)?;
    let listed = entries.iter().map(|entry| {
        let record = entry.record().map_err(KeyFileError::shape(path))?;
        Ok(ListedKey::new(entry, &record, now_ms))
    });
    listed.collect()
}
