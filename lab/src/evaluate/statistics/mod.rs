//! What follows from counts and scores. Pure.

mod det;
mod histogram;
mod interval;

pub use det::{Det, Point};
pub use histogram::{Distribution, Histogram};
pub use interval::{Interval, of_count, of_share};

/// Four decimals: more would be noise.
pub fn rounded(value: f64) -> f64 {
    // Plus nothing: what is a hair below zero is zero, not "-0.0".
    (value * 10_000.0).round() / 10_000.0 + 0.0
}
