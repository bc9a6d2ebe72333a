//! What can be wrong in a key file.

use livegate_liveness::challenge::{Action, Range};

/// A key file, or one of its keys, is invalid. The text names the place and what is allowed, never a
/// content.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// It is not TOML, or a field is unknown, missing or of another type.
    #[error("{0}")]
    Toml(String),
    /// One key is invalid.
    #[error("key {id}: {cause}")]
    Key {
        /// The key's id.
        id: String,
        /// What is wrong with it.
        cause: Box<ShapeError>,
    },
    /// Two keys have the same id. Holds the id.
    #[error("key {0} is there twice")]
    IdTwice(String),
    /// A secret appears twice. Holds the id of the second key that has it.
    #[error("a secret of key {0} is there twice")]
    SecretTwice(String),
    /// The hash of a secret is malformed.
    #[error("hash must be sha256: and 64 hexadecimal digits")]
    Hash,
    /// The end of an old secret's time is malformed.
    #[error("until must be a time such as 2026-01-31T12:00:00Z")]
    Until,
    /// An id is malformed. Ids are parts of names in the store and appear in log lines.
    #[error("id must be 1 to 64 letters, digits, _ or -")]
    Id,
    /// A limit is out of range.
    #[error("{name} is {value}; it must be {min} to {max}")]
    Limit {
        /// The field.
        name: &'static str,
        /// Its value.
        value: u32,
        /// The least that is allowed.
        min: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// One of the two numbers of a policy on attempts is missing.
    #[error("max_attempts and attempts_per_seconds go together")]
    HalfAPolicy,
    /// An angle or a ratio is out of range.
    #[error("{name} must be {} to {}", range.min, range.max)]
    Angle {
        /// The field.
        name: &'static str,
        /// What is allowed.
        range: Range,
    },
    /// An action is unknown or repeated.
    #[error("actions must be different ones of {}", Action::ALL.map(Action::name).join(", "))]
    Actions,
    /// There are fewer actions than a challenge needs.
    #[error("there must be at least 2 actions")]
    FewActions,
    /// The keys are written as TOML that can be read but not edited in place.
    #[error("keys must be [[keys]] tables to be changed")]
    NotTables,
    /// A key is not written as a table of its own.
    #[error("a key has no table of its own")]
    NoTable,
}
