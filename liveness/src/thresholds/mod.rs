//! Thresholds: the numbers of the operating point.
//!
//! The fields of [`Thresholds`] document what each number is compared with. `shipped.toml`, and files like
//! it ([`OperatingPoint`]), hold the values and the measurements behind them.

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
