//! What can be asked of a subject, and how a client tags what it captured.

use serde::{Deserialize, Serialize};

use super::pose::Pose;

/// One thing to do in front of the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Turn the head to the subject's own left.
    TurnLeft,
    /// Turn the head to the subject's own right.
    TurnRight,
    /// Look up.
    TurnUp,
    /// Look down.
    TurnDown,
    /// Close both eyes and open them again.
    Blink,
}

impl Action {
    /// Every action, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::TurnLeft,
        Self::TurnRight,
        Self::TurnUp,
        Self::TurnDown,
        Self::Blink,
    ];

    /// The action's public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::TurnUp => "turn_up",
            Self::TurnDown => "turn_down",
            Self::Blink => "blink",
        }
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// How the head moves for this action; `None` for actions of the eyes.
    pub fn head_move(self) -> Option<HeadMove> {
        match self {
            Self::TurnLeft => Some(HeadMove {
                axis: Axis::Yaw,
                sign: -1.0,
            }),
            Self::TurnRight => Some(HeadMove {
                axis: Axis::Yaw,
                sign: 1.0,
            }),
            Self::TurnUp => Some(HeadMove {
                axis: Axis::Pitch,
                sign: -1.0,
            }),
            Self::TurnDown => Some(HeadMove {
                axis: Axis::Pitch,
                sign: 1.0,
            }),
            Self::Blink => None,
        }
    }
}

/// A direction of head movement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadMove {
    /// The angle that changes.
    pub axis: Axis,
    /// 1 where the angle grows, -1 where it falls.
    pub sign: f32,
}

impl HeadMove {
    /// How far `pose` goes this way, degrees; negative when it goes the other way.
    pub fn extent(self, pose: Pose) -> f32 {
        self.sign
            * match self.axis {
                Axis::Yaw => pose.yaw,
                Axis::Pitch => pose.pitch,
            }
    }
}

/// The angle in which a head movement is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Axis {
    /// Left and right.
    Yaw,
    /// Up and down.
    Pitch,
}

/// What one session asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    /// What to do; head actions in this order, a blink at any time.
    pub actions: Vec<Action>,
    /// How far to turn left and right.
    pub angles: Angles,
    /// Whether frames arrive as mirror images.
    pub mirrored: bool,
}

/// How far is far enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Angles {
    /// |yaw| that a turn to the side must reach, degrees.
    pub yaw_deg: f32,
    /// |pitch| that looking up or down must reach, degrees.
    pub pitch_deg: f32,
    /// Eye aspect ratio below which eyes are closed.
    pub blink_ear: f32,
}

/// A closed range of numbers that a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest allowed value.
    pub min: f32,
    /// Largest allowed value.
    pub max: f32,
}

impl Range {
    /// Whether `value` lies in it; no NaN does.
    pub fn contains(self, value: f64) -> bool {
        // Compared with a hair of slack, so that 0.28 as written in JSON is inside 0.28 as an f32.
        value >= f64::from(self.min) - 1e-6 && value <= f64::from(self.max) + 1e-6
    }
}

impl Angles {
    /// What `yaw_deg` may be.
    pub const YAW: Range = Range {
        min: 15.0,
        max: 40.0,
    };
    /// What `pitch_deg` may be.
    pub const PITCH: Range = Range {
        min: 10.0,
        max: 30.0,
    };
    /// What `blink_ear` may be.
    pub const BLINK: Range = Range {
        min: 0.12,
        max: 0.28,
    };

    /// The angle that a head movement must reach, degrees.
    pub fn required(&self, head_move: HeadMove) -> f32 {
        match head_move.axis {
            Axis::Yaw => self.yaw_deg,
            Axis::Pitch => self.pitch_deg,
        }
    }
}

impl Default for Angles {
    /// The defaults of the public document.
    fn default() -> Self {
        Self {
            yaw_deg: 25.0,
            pitch_deg: 20.0,
            blink_ear: 0.20,
        }
    }
}

/// A client's claim of what a frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Neutral, before or between actions.
    Center,
    /// Part of an action.
    Of(Action),
    /// Anything: a clip's frames come without a claim.
    Untagged,
}

impl Phase {
    /// Reads a tag: the name of an action, or `center`, and anything after it.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Action::ALL
            .into_iter()
            .find(|a| tag.starts_with(a.name()))
            .map(Self::Of)
            .or_else(|| tag.starts_with("center").then_some(Self::Center))
    }

    /// Whether a frame with this tag counts towards `action`.
    pub fn may_show(self, action: Action) -> bool {
        match self {
            Self::Center => false,
            Self::Of(claimed) => claimed == action,
            Self::Untagged => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_starts_with_what_it_belongs_to() {
        let turn_left = Some(Phase::Of(Action::TurnLeft));
        for (tag, phase) in [
            ("turn_left", turn_left),
            ("turn_left_start", turn_left),
            ("turn_lefty", turn_left),
            ("blink2", Some(Phase::Of(Action::Blink))),
            ("center", Some(Phase::Center)),
            ("center_0", Some(Phase::Center)),
            ("", None),
            ("turn", None),
            ("Turn_left", None),
            (" turn_left", None),
            ("smile", None),
        ] {
            assert_eq!(Phase::from_tag(tag), phase, "{tag:?}");
        }
    }

    #[test]
    fn every_action_has_its_own_name() {
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
        }
        assert_eq!(Action::from_name("nod"), None);
    }

    #[test]
    fn ranges_include_their_ends_and_no_nan() {
        assert!(Angles::BLINK.contains(0.12) && Angles::BLINK.contains(0.28));
        assert!(!Angles::BLINK.contains(0.2801) && !Angles::BLINK.contains(f64::NAN));
        assert!(!Angles::YAW.contains(14.99) && !Angles::YAW.contains(f64::INFINITY));
    }
}
