//! Parsers for values of arguments, used by both command lines.

use livegate_liveness::challenge::{Action, Range};

/// Parses the public name of an action.
///
/// # Errors
/// A sentence that lists the allowed names.
pub fn action(name: &str) -> Result<Action, String> {
    Action::from_name(name).ok_or_else(|| {
        let names = Action::ALL.map(Action::name).join(", ");
        format!("it must be one of {names}")
    })
}

/// Parses a number and checks its range.
///
/// # Errors
/// A sentence that names the range.
pub fn in_range(text: &str, range: Range) -> Result<f32, String> {
    let value: Option<f32> = text.parse().ok();
    value
        .filter(|v| range.contains(f64::from(*v)))
        .ok_or_else(|| format!("it must be a number from {} to {}", range.min, range.max))
}
