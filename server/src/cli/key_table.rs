//! Table of the API keys in a key file.

use comfy_table::{Table, presets};
use livegate_api::keys::list::ListedKey;
use livegate_liveness::challenge::Action;

/// Formats the keys as a table for people.
pub fn to_text(keys: &[ListedKey]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header([
        "id", "name", "kind", "created", "rotated", "liveness", "a minute", "at once", "actions",
        "yaw", "pitch", "blink",
    ]);
    table.add_rows(keys.iter().map(row));
    format!("{table}\n")
}

fn row(key: &ListedKey) -> [String; 12] {
    let actions = if key.actions.len() == Action::ALL.len() {
        "all".to_owned()
    } else {
        key.actions.join(" ")
    };
    let mut rotated = key.rotated_at.as_deref().map_or_else(String::new, seconds);
    for until in &key.old_secrets_until {
        rotated += &format!(", old until {}", seconds(until));
    }
    [
        key.id.clone(),
        // The name in an edited file may contain control characters.
        key.name.replace(char::is_control, "?"),
        if key.test { "test" } else { "live" }.to_owned(),
        key.created_at.as_deref().map_or_else(String::new, seconds),
        rotated,
        if key.liveness { "yes" } else { "no" }.to_owned(),
        key.requests_per_minute.to_string(),
        key.concurrency.to_string(),
        actions,
        key.yaw_deg.to_string(),
        key.pitch_deg.to_string(),
        key.blink_ear.to_string(),
    ]
}

/// A time without its fraction of a second.
fn seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.replace(char::is_control, "?"),
    }
}
