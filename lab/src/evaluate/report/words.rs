//! Formats numbers for people.

/// A share in percent, to a tenth.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A share in percent, to a tenth; a dash for `None`.
pub(super) fn share(share: Option<f64>) -> String {
    share.map_or_else(dash, percent)
}

/// A number with two decimals; a dash for `None`.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(dash, |v| format!("{v:.2}"))
}

/// Degrees to a tenth; a dash for `None`.
pub(super) fn degrees(value: Option<f64>) -> String {
    value.map_or_else(dash, |v| format!("{v:.1}"))
}

/// Both ends of an interval; a dash for `None`.
pub(super) fn range(low: Option<f64>, high: Option<f64>, show: impl Fn(f64) -> String) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} – {}", show(low), show(high)),
        (None, _) | (_, None) => dash(),
    }
}

fn dash() -> String {
    "–".to_owned()
}
