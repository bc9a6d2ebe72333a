//! Statistics of counts and scores, as pure functions.

mod det;
mod histogram;
mod interval;

pub use det::{Det, Point};
pub use histogram::{Distribution, Histogram};
pub use interval::{Interval, of_count, of_share};

/// A value rounded to four decimals. Further decimals would be noise.
pub fn rounded(value: f64) -> f64 {
    // Adding zero turns "-0.0" into "0.0".
    (value * 10_000.0).round() / 10_000.0 + 0.0
}
