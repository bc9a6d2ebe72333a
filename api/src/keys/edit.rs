//! Edits the key file: under a lock, as a whole, and with the operator's comments kept.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use livegate_common::job::now_ms;
use rand::Rng;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::file::{Entry, KeyFileError, OldSecret, entries, parse};
use super::shape::ShapeError;
use super::{PREFIX, TEST_PREFIX};
use crate::whole_file::{lock, replace};

/// Random bytes in a key.
const SECRET_BYTES: usize = 32;

/// Why the keys were not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read, written or understood.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A value is out of range, or the name is not allowed.
    #[error("{0}")]
    Invalid(String),
    /// No key has this id. The text says what to give instead.
    #[error("{0}")]
    NoSuchKey(String),
}

/// A fresh random key: `tsk_`, or `tsk_test_` for a test key, and 43 characters.
pub(super) fn new_secret(is_test: bool) -> String {
    let prefix = if is_test { TEST_PREFIX } else { PREFIX };
    loop {
        let bytes: [u8; SECRET_BYTES] = rand::rng().random();
        let digits = base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
        let secret = format!("{prefix}{digits}");
        // The digits of a live key may begin with test_.
        if secret.starts_with(TEST_PREFIX) == is_test {
            return secret;
        }
    }
}

/// Replaces the file by what `change` makes of it. A missing file counts as empty; a new one gets mode
/// 0600.
pub(super) fn edit(
    path: &Path,
    change: impl FnOnce(&mut Draft) -> Result<(), EditError>,
) -> Result<(), EditError> {
    let _lock = lock(path).map_err(KeyFileError::io(path))?;
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        Err(e) => return Err(KeyFileError::io(path)(e).into()),
    };
    let mut draft = Draft::read(path, &text)?;
    draft.drop_ended(now_ms())?;
    change(&mut draft)?;
    let text = draft.document.to_string();
    // A running server must be able to take over whatever is written.
    parse(&text).map_err(KeyFileError::shape(path))?;
    replace(path, &text).map_err(KeyFileError::io(path))?;
    Ok(())
}

/// The key file while it is edited: its entries, and the document with its comments, in the same order.
pub(super) struct Draft {
    path: PathBuf,
    entries: Vec<Entry>,
    document: DocumentMut,
}

impl Draft {
    /// Reads the file; an error if a server would refuse it.
    fn read(path: &Path, text: &str) -> Result<Self, KeyFileError> {
        parse(text).map_err(KeyFileError::shape(path))?;
        let document = text.parse::<DocumentMut>();
        Ok(Self {
            path: path.to_owned(),
            entries: entries(text).map_err(KeyFileError::shape(path))?,
            document: document
                .map_err(|e| KeyFileError::shape(path)(ShapeError::Toml(e.message().to_owned())))?,
        })
    }

    fn tables(&mut self) -> Result<&mut ArrayOfTables, KeyFileError> {
        let keys = self.document.entry("keys");
        let keys = keys.or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let shape = KeyFileError::shape(&self.path);
        keys.as_array_of_tables_mut()
            .ok_or_else(|| shape(ShapeError::NotTables))
    }

    fn table(&mut self, at: usize) -> Result<&mut Table, KeyFileError> {
        let shape = KeyFileError::shape(&self.path);
        let table = self.tables()?.get_mut(at);
        table.ok_or_else(|| shape(ShapeError::NoTable))
    }

    /// Removes the old secrets that are no longer valid.
    fn drop_ended(&mut self, now_ms: u64) -> Result<(), EditError> {
        for at in 0..self.entries.len() {
            let old = &mut self.entries[at].old_secrets;
            let before = old.len();
            old.retain(|secret| secret.counts_at(now_ms));
            if old.len() < before {
                self.write_old_secrets(at)?;
            }
        }
        Ok(())
    }

    /// Adds a key at the end of the file.
    pub fn add(&mut self, entry: Entry) -> Result<(), EditError> {
        let shape = || KeyFileError::shape(&self.path);
        let text = toml::to_string(&entry).map_err(|e| shape()(ShapeError::Toml(e.to_string())))?;
        let document = text.parse::<DocumentMut>();
        let mut table = document
            .map_err(|e| shape()(ShapeError::Toml(e.message().to_owned())))?
            .into_table();
        // Placed after the last table; otherwise it would keep its position from its own document.
        table.set_position(None);
        // Text after the last key stays above the new one, since it was there before.
        let end = self.document.trailing().as_str().unwrap_or_default();
        let gap = if self.entries.is_empty() && end.is_empty() {
            ""
        } else {
            "\n"
        };
        table.decor_mut().set_prefix(format!("{end}{gap}"));
        self.document.set_trailing("");
        self.tables()?.push(table);
        self.entries.push(entry);
        Ok(())
    }

    /// Removes a key.
    pub fn remove(&mut self, id: &str) -> Result<(), EditError> {
        let at = self.find(id)?;
        self.entries.remove(at);
        let tables = self.tables()?;
        let above = prefix(&tables.remove(at)).to_owned();
        // Comments directly above a key are removed with it; those before a blank line are about the
        // file and stay.
        let Some((kept, _)) = above.rsplit_once("\n\n") else {
            return Ok(());
        };
        let before = |rest: &str| format!("{}\n\n{}", kept.trim_end(), rest.trim_start());
        if let Some(next) = tables.get_mut(at) {
            let prefix = before(prefix(next));
            next.decor_mut().set_prefix(prefix);
        } else {
            let end = before(self.document.trailing().as_str().unwrap_or_default());
            self.document.set_trailing(end);
        }
        Ok(())
    }

    /// Gives a key another secret. `until` is when its present secret stops being valid, RFC 3339;
    /// `None`: at once, and so do its older secrets.
    pub fn replace_secret(
        &mut self,
        id: &str,
        hash: String,
        rotated_at: &str,
        until: Option<String>,
    ) -> Result<(), EditError> {
        let at = self.find(id)?;
        let table = self.table(at)?;
        set(table, "hash", hash.as_str());
        set(table, "rotated_at", rotated_at);
        let entry = &mut self.entries[at];
        let old_hash = std::mem::replace(&mut entry.hash, hash);
        match until {
            Some(until) => entry.old_secrets.push(OldSecret {
                hash: old_hash,
                until,
            }),
            None => entry.old_secrets.clear(),
        }
        self.write_old_secrets(at)
    }

    fn write_old_secrets(&mut self, at: usize) -> Result<(), EditError> {
        const NAME: &str = "old_secrets";
        let row = |old: &OldSecret| {
            let pairs = [("hash", old.hash.as_str()), ("until", old.until.as_str())];
            Value::InlineTable(InlineTable::from_iter(pairs))
        };
        let old: Array = self.entries[at].old_secrets.iter().map(row).collect();
        let table = self.table(at)?;
        if old.is_empty() {
            table.remove(NAME);
        } else {
            set(table, NAME, old);
        }
        Ok(())
    }

    /// Whether a key is a test key.
    pub fn is_test(&self, id: &str) -> Result<bool, EditError> {
        Ok(self.entries[self.find(id)?].test)
    }

    fn find(&self, id: &str) -> Result<usize, EditError> {
        let at = self.entries.iter().position(|entry| entry.id == id);
        at.ok_or_else(|| EditError::NoSuchKey(self.why_not(id)))
    }

    fn why_not(&self, given: &str) -> String {
        // Not repeated in the error, since error texts end up in logs.
        if given.starts_with(PREFIX) {
            return "that is a key itself: give its id, which `livegate-api keys list` shows"
                .to_owned();
        }
        let named = self.entries.iter().filter(|entry| entry.name == given);
        let ids: Vec<&str> = named.map(|entry| entry.id.as_str()).collect();
        if ids.is_empty() {
            let path = self.path.display();
            format!("{path} has no key {given:?}; `livegate-api keys list` shows those it has")
        } else {
            let ids = ids.join(" or ");
            format!("{given:?} is a name, and names need not be unique: give the id, {ids}")
        }
    }
}

/// The text above a table: comments and blank lines.
fn prefix(table: &Table) -> &str {
    let prefix = table.decor().prefix().and_then(|p| p.as_str());
    prefix.unwrap_or_default()
}

/// Sets a value; comments around the old one stay.
fn set(table: &mut Table, name: &str, value: impl Into<Value>) {
    let mut value = value.into();
    let item = table.entry(name).or_insert(Item::None);
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}
