//! Parsers for values of arguments, used by both command lines.

use livegate_liveness::challenge::{Action, Range};

/// Why an argument cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Not the name of an action.
    #[error("it must be one of {}", Action::ALL.map(Action::name).join(", "))]
    Action,
    /// Not a number of the range.
    #[error("it must be a number from {} to {}", .0.min, .0.max)]
    Number(Range),
}

/// An action by its public name.
///
/// # Errors
/// [`ValueError::Action`], which lists the names.
pub fn action(name: &str) -> Result<Action, ValueError> {
    Action::from_name(name).ok_or(ValueError::Action)
}

/// Parses a number and checks its range.
///
/// # Errors
/// [`ValueError::Number`], which names the range.
pub fn in_range(text: &str, range: Range) -> Result<f32, ValueError> {
    let value: Option<f32> = text.parse().ok();
    value
        .filter(|v| range.contains(f64::from(*v)))
        .ok_or(ValueError::Number(range))
}
