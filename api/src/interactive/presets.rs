//! Presets: ready-made sessions.

use livegate_liveness::session::Task;
use poem_openapi::Object;
use serde::Serialize;

use crate::contract::actions::ChallengeType;

/// A ready-made session.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Name of the preset.
    pub name: &'static str,
    /// What it is for, in English.
    pub description: &'static str,
    /// Number of challenges of a session.
    pub num_challenges: usize,
    /// The tasks that challenges are drawn from, without repeats.
    pub tasks: &'static [Task],
    /// Time for each challenge, seconds.
    pub timeout_seconds: f64,
}

/// All presets.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "eye",
        description: "One blink: the least effort, and the least proof.",
        num_challenges: 1,
        tasks: &[Task::Blink],
        timeout_seconds: 4.0,
    },
    Preset {
        name: "smile",
        description: "One smile: little effort, little proof.",
        num_challenges: 1,
        tasks: &[Task::Smile],
        timeout_seconds: 5.0,
    },
    Preset {
        name: "head_turn",
        description: "To the left and to the right, in an order that nobody can foresee.",
        num_challenges: 2,
        tasks: &[Task::TurnLeft, Task::TurnRight],
        timeout_seconds: 5.0,
    },
    Preset {
        name: "multi_range",
        description: "Four of a blink and the four movements of the head.",
        num_challenges: 4,
        tasks: &[
            Task::Blink,
            Task::TurnLeft,
            Task::TurnRight,
            Task::LookUp,
            Task::LookDown,
        ],
        timeout_seconds: 6.0,
    },
    Preset {
        name: "full",
        description: "Four of all seven challenges.",
        num_challenges: 4,
        tasks: &Task::ALL,
        timeout_seconds: 5.0,
    },
];

/// The preset with this name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// A ready-made session, for the `preset` parameter.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Preset")]
pub struct PresetBody {
    /// Name of the preset.
    pub name: String,
    /// What it is for, in English.
    pub description: String,
    /// Number of challenges of a session, unless the request says otherwise.
    pub num_challenges: usize,
    /// The challenge types that a session draws from, without repeats.
    pub challenge_types: Vec<ChallengeType>,
    /// Seconds for each challenge, unless the request says otherwise.
    pub timeout_seconds: f64,
}

impl From<&Preset> for PresetBody {
    fn from(preset: &Preset) -> Self {
        Self {
            name: preset.name.to_owned(),
            description: preset.description.to_owned(),
            num_challenges: preset.num_challenges,
            challenge_types: ChallengeType::all(preset.tasks),
            timeout_seconds: preset.timeout_seconds,
        }
    }
}
