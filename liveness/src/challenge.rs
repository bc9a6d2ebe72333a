//! Challenges: the actions a subject is asked to do, and the tags of the frames that show them.

use serde::{Deserialize, Serialize};

use super::pose::Pose;

/// One action of a challenge.
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
    /// Every action, in the order of the public documentation.
    pub const ALL: [Self; 5] = [
        Self::TurnLeft,
        Self::TurnRight,
        Self::TurnUp,
        Self::TurnDown,
        Self::Blink,
    ];

    /// The action's public name, as in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::TurnUp => "turn_up",
            Self::TurnDown => "turn_down",
            Self::Blink => "blink",
        }
    }

    /// The action with that public name; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// The head movement of this action; `None` for actions of the eyes.
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
    /// 1 if the angle grows during the movement, -1 if it falls.
    pub sign: f32,
}

impl HeadMove {
    /// Angle of `pose` in this direction, degrees. Negative if the head points the other way.
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

/// The challenge of one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    /// The actions to do, in order. Head actions must be shown in this order. A blink may come at any time.
    pub actions: Vec<Action>,
    /// Angles and eye openness that the actions must reach.
    pub angles: Angles,
    /// Whether frames arrive as mirror images. If so, directions are turned back before anything is
    /// compared.
    pub mirrored: bool,
}

/// How far each action must go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Angles {
    /// |yaw| that a turn to the side must reach, degrees, within [`Angles::YAW`].
    pub yaw_deg: f32,
    /// |pitch| that a look up or down must reach, degrees, within [`Angles::PITCH`].
    pub pitch_deg: f32,
    /// Eye aspect ratio below which eyes count as closed, within [`Angles::BLINK`].
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
    /// Whether `value` is in the range, ends included. NaN is not.
    pub fn contains(self, value: f64) -> bool {
        // Allows a tiny tolerance, so that 0.28 as written in JSON is within 0.28 as an f32.
        value >= f64::from(self.min) - 1e-6 && value <= f64::from(self.max) + 1e-6
    }
}

impl Angles {
    /// Allowed values of `yaw_deg`, degrees.
    pub const YAW: Range = Range {
        min: 15.0,
        max: 40.0,
    };
    /// Allowed values of `pitch_deg`, degrees.
    pub const PITCH: Range = Range {
        min: 10.0,
        max: 30.0,
    };
    /// Allowed values of `blink_ear`.
    pub const BLINK: Range = Range {
        min: 0.12,
        max: 0.28,
    };

    /// The angle that a head movement must reach, degrees, above 0.
    pub fn required(&self, head_move: HeadMove) -> f32 {
        match head_move.axis {
            Axis::Yaw => self.yaw_deg,
            Axis::Pitch => self.pitch_deg,
        }
    }
}

impl Default for Angles {
    /// The defaults of the public API.
    fn default() -> Self {
        Self {
            yaw_deg: 25.0,
            pitch_deg: 20.0,
            blink_ear: 0.20,
        }
    }
}

/// A client's tag of a frame: the action that the frame belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Neutral: before the first action, or between two.
    Center,
    /// Part of an action.
    Of(Action),
    /// Not tagged. The frame may show any action, as in clips.
    Untagged,
}

impl Phase {
    /// Reads a tag: the name of an action, or `center`, followed by any text. `None` for any other tag.
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
