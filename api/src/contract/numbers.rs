//! Numbers as bodies hold them.

/// Four decimals. A measured score is rounded like its threshold, so one just below it may print
/// as equal to it.
pub fn rounded(value: f32) -> f64 {
    // Plus nothing: what is a hair below zero is zero, not "-0.0".
    (f64::from(value) * 10_000.0).round() / 10_000.0 + 0.0
}
