//! Actions of a challenge, by their names in each API.

use livegate_liveness::challenge::Action;
use livegate_liveness::movement::Task;

use super::public_enum::public_enum;

public_enum! {
    /// An action of a challenge; left and right are the subject's own.
    ///
    /// - `turn_left`: turn the head to the left; negative yaw.
    /// - `turn_right`: turn the head to the right; positive yaw.
    /// - `turn_up`: look up, with the whole head; negative pitch.
    /// - `turn_down`: look down, with the whole head; positive pitch.
    /// - `blink`: close both eyes and open them again.
    #[oai(rename = "Action")]
    pub enum ActionName = Action {
        /// Turn the head to the subject's own left.
        TurnLeft = "turn_left",
        /// Turn the head to the subject's own right.
        TurnRight = "turn_right",
        /// Look up.
        TurnUp = "turn_up",
        /// Look down.
        TurnDown = "turn_down",
        /// Close both eyes and open them again.
        Blink = "blink",
    }
}

impl ActionName {
    /// The names of several actions, in the same order.
    pub fn all(actions: &[Action]) -> Vec<Self> {
        actions.iter().copied().map(Self::from).collect()
    }
}

public_enum! {
    /// What a session asks for; left and right are the subject's own.
    ///
    /// - `TURN_LEFT`: turn the head to the left.
    /// - `TURN_RIGHT`: turn the head to the right.
    /// - `LOOK_UP`: look up, with the whole head.
    /// - `LOOK_DOWN`: look down, with the whole head.
    /// - `BLINK`: close both eyes and open them again.
    /// - `SMILE`: smile.
    /// - `OPEN_MOUTH`: open the mouth wide.
    pub enum ChallengeType = Task {
        /// Turn the head to the subject's own left.
        TurnLeft = "TURN_LEFT",
        /// Turn the head to the subject's own right.
        TurnRight = "TURN_RIGHT",
        /// Look up.
        LookUp = "LOOK_UP",
        /// Look down.
        LookDown = "LOOK_DOWN",
        /// Close both eyes and open them again.
        Blink = "BLINK",
        /// Smile.
        Smile = "SMILE",
        /// Open the mouth wide.
        OpenMouth = "OPEN_MOUTH",
    }
}

impl ChallengeType {
    /// The types of several tasks, in the same order.
    pub fn all(tasks: &[Task]) -> Vec<Self> {
        tasks.iter().copied().map(Self::from).collect()
    }
}

/// The public name of a task.
pub fn name(task: Task) -> &'static str {
    ChallengeType::from(task).name()
}

/// The task with this public name; `None` for any other name.
pub fn from_name(text: &str) -> Option<Task> {
    Task::ALL.into_iter().find(|task| name(*task) == text)
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
