//! The words of the interactive API's bodies.

use livegate_liveness::session::{Hint, State, Task};
use poem_openapi::Enum;
use serde::Serialize;

/// What a session asks for; left and right are the subject's own.
///
/// - `TURN_LEFT`: turn the head to the left.
/// - `TURN_RIGHT`: turn the head to the right.
/// - `LOOK_UP`: look up, with the whole head.
/// - `LOOK_DOWN`: look down, with the whole head.
/// - `BLINK`: close both eyes and open them again.
/// - `SMILE`: smile.
/// - `OPEN_MOUTH`: open the mouth wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[oai(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChallengeType {
    /// Turn the head to the subject's own left.
    TurnLeft,
    /// Turn the head to the subject's own right.
    TurnRight,
    /// Look up.
    LookUp,
    /// Look down.
    LookDown,
    /// Close both eyes and open them again.
    Blink,
    /// Smile.
    Smile,
    /// Open the mouth wide.
    OpenMouth,
}

impl From<Task> for ChallengeType {
    fn from(task: Task) -> Self {
        match task {
            Task::TurnLeft => Self::TurnLeft,
            Task::TurnRight => Self::TurnRight,
            Task::LookUp => Self::LookUp,
            Task::LookDown => Self::LookDown,
            Task::Blink => Self::Blink,
            Task::Smile => Self::Smile,
            Task::OpenMouth => Self::OpenMouth,
        }
    }
}

impl ChallengeType {
    /// The types of several tasks, in their order.
    pub fn all(tasks: &[Task]) -> Vec<Self> {
        tasks.iter().copied().map(Self::from).collect()
    }
}

/// The public name of a task.
pub fn name(task: Task) -> &'static str {
    match task {
        Task::TurnLeft => "TURN_LEFT",
        Task::TurnRight => "TURN_RIGHT",
        Task::LookUp => "LOOK_UP",
        Task::LookDown => "LOOK_DOWN",
        Task::Blink => "BLINK",
        Task::Smile => "SMILE",
        Task::OpenMouth => "OPEN_MOUTH",
    }
}

/// The task of that public name.
pub fn from_name(text: &str) -> Option<Task> {
    Task::ALL.into_iter().find(|task| name(*task) == text)
}

/// What a client shows its user.
pub fn instruction(task: Task) -> &'static str {
    match task {
        Task::TurnLeft => "Turn your head to the left",
        Task::TurnRight => "Turn your head to the right",
        Task::LookUp => "Look upward",
        Task::LookDown => "Look downward",
        Task::Blink => "Blink your eyes",
        Task::Smile => "Smile",
        Task::OpenMouth => "Open your mouth",
    }
}

/// Where a session stands.
///
/// - `pending`: created, no frame yet.
/// - `in_progress`: at least one frame, and challenges remain.
/// - `completed`: all challenges passed; `is_live` is the verdict.
/// - `failed`: a challenge was not passed in time, or more than one person was seen.
/// - `expired`: no frame came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "InteractiveState", rename_all = "snake_case")]
pub enum InteractiveState {
    /// No frame yet.
    Pending,
    /// Frames arrive.
    InProgress,
    /// All challenges passed.
    Completed,
    /// A challenge was not passed in time, or there is a second person.
    Failed,
    /// No frame came in time.
    Expired,
}

impl From<State<'_>> for InteractiveState {
    fn from(state: State<'_>) -> Self {
        use livegate_liveness::session::Ending;
        match state {
            State::Pending => Self::Pending,
            State::InProgress => Self::InProgress,
            State::Ended(end) => match end.ending {
                Ending::Expired => Self::Expired,
                Ending::Completed(_) => Self::Completed,
                Ending::Failed { .. } => Self::Failed,
            },
        }
    }
}

/// What to change first. More may be added.
///
/// - `no_face`: no face is seen.
/// - `multiple_faces`: a second face of comparable size is seen; such frames don't count.
/// - `face_too_small`: come nearer: the face is less than 80 pixels wide.
/// - `face_out_of_frame`: the face reaches the edge of the picture, or fills it; move it to the middle, or
///   move back.
/// - `too_dark`: more light on the face; its picture is dark, or noisy.
/// - `too_bright`: less light on the face.
/// - `blurred`: hold still, clean the lens; such frames don't count.
/// - `look_straight`: face the camera first, with a face at rest.
/// - `eyes_not_visible`: open the eyes, take off what hides them.
/// - `keep_going`: all is well; go on with the challenge, further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum Feedback {
    /// No face is seen.
    NoFace,
    /// A second face is seen.
    MultipleFaces,
    /// Come nearer.
    FaceTooSmall,
    /// Part of the face is cut off.
    FaceOutOfFrame,
    /// More light.
    TooDark,
    /// Less light.
    TooBright,
    /// Hold still.
    Blurred,
    /// Face the camera first.
    LookStraight,
    /// The eyes cannot be seen open.
    EyesNotVisible,
    /// Go on.
    KeepGoing,
}

impl From<Hint> for Feedback {
    fn from(hint: Hint) -> Self {
        match hint {
            Hint::NoFace => Self::NoFace,
            Hint::MultipleFaces => Self::MultipleFaces,
            Hint::FaceTooSmall => Self::FaceTooSmall,
            Hint::FaceOutOfFrame => Self::FaceOutOfFrame,
            Hint::TooDark => Self::TooDark,
            Hint::TooBright => Self::TooBright,
            Hint::Blurred => Self::Blurred,
            Hint::LookStraight => Self::LookStraight,
            Hint::EyesNotVisible => Self::EyesNotVisible,
            Hint::KeepGoing => Self::KeepGoing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_own_name() {
        for task in Task::ALL {
            assert_eq!(from_name(name(task)), Some(task));
            let public = serde_json::to_value(ChallengeType::from(task)).unwrap();
            assert_eq!(public, name(task));
        }
        assert_eq!(from_name("turn_left"), None);
    }
}
