//! Actions that a manifest can name: the challenges of the interactive API, in lower case.

use livegate_liveness::challenge::Action;
use livegate_liveness::session::Task;

use livegate_api::contract::actions;

/// Name of an action in manifests and reports.
pub fn name(task: Task) -> String {
    actions::name(task).to_ascii_lowercase()
}

/// No action has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action; it must be one of {names}", names = Task::ALL.map(name).join(", "))]
pub struct UnknownAction(String);

/// The action of that name.
///
/// # Errors
/// [`UnknownAction`], which lists the names.
pub fn from_name(text: &str) -> Result<Task, UnknownAction> {
    Task::ALL
        .into_iter()
        .find(|task| name(*task) == text)
        .ok_or_else(|| UnknownAction(text.to_owned()))
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
