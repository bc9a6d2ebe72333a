//! Numbers as the bodies of answers state them.

/// Rounds to four decimals. Thresholds are rounded likewise, so a score just below its threshold may be
/// printed as equal to it.
pub fn rounded(value: f32) -> f64 {
    // Adding zero turns -0.0, the rounding of a tiny negative number, into 0.0.
    (f64::from(value) * 10_000.0).round() / 10_000.0 + 0.0
}
