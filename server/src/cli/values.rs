//! Values of arguments, for both command lines.

use livegate_liveness::challenge::{Action, Range};

/// An action by its public name.
///
/// # Errors
/// A sentence that lists the names.
pub fn action(name: &str) -> Result<Action, String> {
    Action::from_name(name).ok_or_else(|| {
        let names = Action::ALL.map(Action::name).join(", ");
        format!("it must be one of {names}")
    })
}

/// A number of a range.
///
/// # Errors
/// A sentence that names the range.
pub fn in_range(text: &str, range: Range) -> Result<f32, String> {
    let value: Option<f32> = text.parse().ok();
    value
        .filter(|v| range.contains(f64::from(*v)))
        .ok_or_else(|| format!("it must be a number from {} to {}", range.min, range.max))
}
