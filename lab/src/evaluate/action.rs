//! The actions that a manifest can name: the interactive API's challenges, in lower case.

use livegate_liveness::challenge::Action;
use livegate_liveness::session::Task;

use livegate_api::contract::actions;

/// The name of an action in manifests and reports.
pub fn name(task: Task) -> String {
    actions::name(task).to_ascii_lowercase()
}

/// The action of that name.
///
/// # Errors
/// What it must be instead.
pub fn from_name(text: &str) -> Result<Task, String> {
    Task::ALL
        .into_iter()
        .find(|task| name(*task) == text)
        .ok_or_else(|| {
            let names = Task::ALL.map(name).join(", ");
            format!("`{text}` is no action; it must be one of {names}")
        })
}

/// What verify asks for where a session asks for this; `None` for what only sessions ask for.
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
