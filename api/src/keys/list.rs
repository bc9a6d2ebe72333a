//! Shows the keys of a file, without anything that a key could be guessed or checked by.

use std::path::Path;

use comfy_table::{Table, presets};
use livegate_common::job::now_ms;
use livegate_common::liveness::challenge::Action;
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

    fn row(&self) -> [String; 11] {
        let actions = if self.actions.len() == Action::ALL.len() {
            "all".to_owned()
        } else {
            self.actions.join(" ")
        };
        let mut rotated = self.rotated_at.as_deref().map_or_else(String::new, seconds);
        for until in &self.old_secrets_until {
            rotated += &format!(", old until {}", seconds(until));
        }
        [
            self.id.clone(),
            // A file made by hand may hold anything.
            self.name.replace(char::is_control, "?"),
            self.created_at.as_deref().map_or_else(String::new, seconds),
            rotated,
            if self.liveness { "yes" } else { "no" }.to_owned(),
            self.requests_per_minute.to_string(),
            self.concurrency.to_string(),
            actions,
            self.yaw_deg.to_string(),
            self.pitch_deg.to_string(),
            self.blink_ear.to_string(),
        ]
    }
}

/// A time without its fraction of a second.
fn seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.replace(char::is_control, "?"),
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

/// A table for people.
pub fn to_text(keys: &[ListedKey]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "id", "name", "created", "rotated", "liveness", "a minute", "at once", "actions", "yaw",
        "pitch", "blink",
    ]);
    table.add_rows(keys.iter().map(ListedKey::row));
    format!("{table}\n")
}
