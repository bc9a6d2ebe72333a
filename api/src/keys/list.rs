//! Lists the keys of a file, without anything that helps to guess or check a key.

use std::path::Path;

use livegate_common::job::now_ms;
use serde::Serialize;

use super::KeyRecord;
use super::file::{Entry, KeyFileError, load_entries};

/// One key of the list. Times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedKey {
    /// Id of the key, which records and logs show.
    pub id: String,
    /// Name that the operator gave it.
    pub name: String,
    /// When it was created, where the file says so.
    pub created_at: Option<String>,
    /// When it last got a new secret.
    pub rotated_at: Option<String>,
    /// When each of its old secrets stops being valid; without those that have ended.
    pub old_secrets_until: Vec<String>,
    /// Whether it is a test key.
    pub test: bool,
    /// Whether it may use liveness.
    pub liveness: bool,
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Simultaneous verifications.
    pub concurrency: u32,
    /// Actions that its sessions draw from.
    pub actions: Vec<&'static str>,
    /// Angle of a turn to the side, degrees.
    pub yaw_deg: f32,
    /// Angle of a look up or down, degrees.
    pub pitch_deg: f32,
    /// Eye aspect ratio below which eyes count as closed.
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
            test: record.is_test,
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

/// The keys of a file, in the order of the file.
///
/// # Errors
/// [`KeyFileError`] when the file is missing or invalid.
pub fn list(path: &Path) -> Result<Vec<ListedKey>, KeyFileError> {
    let now_ms = now_ms();
    let entries = load_entries(path)?;
    let listed = entries.iter().map(|entry| {
        let record = entry.record().map_err(KeyFileError::shape(path))?;
        Ok(ListedKey::new(entry, &record, now_ms))
    });
    listed.collect()
}
