//! Actions that a manifest can name: the challenges of the interactive API, in lower case.

use livegate_liveness::challenge::Action;
use livegate_liveness::session::Task;

use livegate_api::contract::actions;

/// Name of an action in manifests and reports.
pub fn name(task: Task) -> String {
    actions::name(task).to_ascii_lowercase()
}

/// Parses the name of an action.
///
/// # Errors
/// A text that lists the allowed names.
pub fn from_name(text: &str) -> Result<Task, String> {
    Task::ALL
        .into_iter()
        .find(|task| name(*task) == text)
        .ok_or_else(|| {
            let names = Task::ALL.map(name).join(", ");
            format!("`{text}` is no action; it must be one of {names}")
        })
}

/// Verify's action for this task of a live session; `None` where verify has no such action.
pub fn of_verify(task: Task) -> Option<Action> {
    match task {
        Task::TurnLeft => Some(Action::TurnLeft),
        Task::TurnRight => Some(Action::TurnRight),
        Task::LookUp => Some(Action::TurnUp),
        Task::LookDown => Some(Action::TurnDown),
        Task::Blink => Some(Action::Blink),
        Task::Smile | Task::OpenMouth => None,
    }
}
