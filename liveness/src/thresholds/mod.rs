//! Every number that a decision depends on.
//!
//! What each is held against is said here; its value, and the measurement behind it, in
//! `shipped.toml` and in files like it ([`OperatingPoint`]).

mod error;
mod file;
mod models;
mod numbers;
mod pad;
mod sets;

pub use self::error::OperatingPointError;
pub use self::file::{OperatingPoint, Provenance};
pub use self::models::{ModelSetId, Models};
pub use self::numbers::Thresholds;
pub use self::pad::{PadThresholds, Scale};
pub use self::sets::ThresholdSets;
