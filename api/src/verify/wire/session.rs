//! The body of `POST /v1/liveness/session`.

use livegate_liveness::challenge::{Action, Angles, Challenge, Range};
use serde::Deserialize;

use crate::contract::defaults::SessionDefaults;
use crate::contract::excerpt::Excerpt;
use crate::error::ApiError;
use crate::http::fields::{RawField, read_body};

/// Minimum number of actions of a challenge.
pub const MIN_ACTIONS: usize = 2;

/// Options of a new session; `None` takes the key's default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionOptions {
    /// Actions, in the order wanted; at least [`MIN_ACTIONS`], all different.
    pub actions: Option<Vec<Action>>,
    /// Angle of a turn to the side, degrees, 15 to 40.
    pub yaw_deg: Option<f32>,
    /// Angle of a look up or down, degrees, 10 to 30.
    pub pitch_deg: Option<f32>,
    /// Eye aspect ratio below which eyes count as closed, 0.12 to 0.28.
    pub blink_ear: Option<f32>,
    /// Whether frames will be mirror images.
    pub mirrored: bool,
    /// The outcome of a test session, unread.
    pub test_outcome: Option<String>,
}

impl SessionOptions {
    /// Reads a body; an empty one sets no option.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] naming the field and what is allowed.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let raw: Raw<'_> = read_body(
            body,
            "a session takes actions, yaw_deg, pitch_deg, blink_ear, mirrored and, with a test key, test_outcome",
        )?;
        Ok(Self {
            actions: raw.actions.map(actions).transpose()?,
            yaw_deg: in_range("yaw_deg", raw.yaw_deg, Angles::YAW)?,
            pitch_deg: in_range("pitch_deg", raw.pitch_deg, Angles::PITCH)?,
            blink_ear: in_range("blink_ear", raw.blink_ear, Angles::BLINK)?,
            mirrored: match raw.mirrored {
                None => false,
                Some(RawField::Bool(mirrored)) => mirrored,
                Some(_) => {
                    return Err(ApiError::InvalidInput(
                        "mirrored must be true or false.".into(),
                    ));
                }
            },
            test_outcome: test_outcome(raw.test_outcome)?,
        })
    }

    /// The challenge of these options, completed with a key's defaults. `order` shuffles the key's
    /// actions into an order that nobody can foresee.
    pub fn challenge(
        self,
        defaults: &SessionDefaults,
        order: impl FnOnce(&mut [Action]),
    ) -> Challenge {
        let actions = match self.actions {
            Some(actions) => actions,
            None => {
                let mut actions = defaults.actions.clone();
                order(&mut actions);
                actions
            }
        };
        let angles = Angles {
            yaw_deg: self.yaw_deg.unwrap_or(defaults.angles.yaw_deg),
            pitch_deg: self.pitch_deg.unwrap_or(defaults.angles.pitch_deg),
            blink_ear: self.blink_ear.unwrap_or(defaults.angles.blink_ear),
        };
        Challenge {
            actions,
            angles,
            mirrored: self.mirrored,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(borrow)]
    actions: Option<RawField<'a>>,
    yaw_deg: Option<RawField<'a>>,
    pitch_deg: Option<RawField<'a>>,
    blink_ear: Option<RawField<'a>>,
    mirrored: Option<RawField<'a>>,
    test_outcome: Option<RawField<'a>>,
}

fn actions(value: RawField<'_>) -> Result<Vec<Action>, ApiError> {
    let refuse = |what: &str| {
        let names = Action::ALL.map(Action::name).join(", ");
        Err(ApiError::InvalidInput(format!(
            "actions must be an array of at least {MIN_ACTIONS} different ones of {names}; {what}."
        )))
    };
    let RawField::List(names) = value else {
        return refuse("it is not an array");
    };
    let mut actions = Vec::new();
    for name in names {
        let Some(name) = name else {
            return refuse("not all of its elements are strings");
        };
        match Action::from_name(&name) {
            None => return refuse(&format!("{} is not one of them", Excerpt::of(&name))),
            Some(action) if actions.contains(&action) => {
                return refuse(&format!("{} is repeated", Excerpt::of(&name)));
            }
            Some(action) => actions.push(action),
        }
    }
    match actions.len() {
        0 => refuse("it is empty"),
        given if given < MIN_ACTIONS => refuse(&format!("this one has {given}")),
        _ => Ok(actions),
    }
}

/// The `test_outcome` of a body, unread.
///
/// # Errors
/// [`ApiError::InvalidInput`] when it is not a string.
pub fn test_outcome(value: Option<RawField<'_>>) -> Result<Option<String>, ApiError> {
    match value {
        None => Ok(None),
        Some(RawField::Text(text)) => Ok(Some(text.into_owned())),
        Some(_) => Err(ApiError::InvalidInput(
            "test_outcome must be a string.".to_owned(),
        )),
    }
}

fn in_range(
    name: &str,
    value: Option<RawField<'_>>,
    range: Range,
) -> Result<Option<f32>, ApiError> {
    match value {
        None => Ok(None),
        #[expect(clippy::cast_possible_truncation, reason = "the range fits an f32")]
        Some(RawField::Number(number)) if range.contains(number) => Ok(Some(number as f32)),
        Some(_) => {
            let Range { min, max } = range;
            Err(ApiError::InvalidInput(format!(
                "{name} must be a number from {min} to {max}."
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        match SessionOptions::parse(body.as_bytes()) {
            Err(ApiError::InvalidInput(text)) => text,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn nothing_asked_is_left_to_the_key() {
        for body in [
            "",
            " \n",
            "{}",
            "\u{feff}",
            "\u{feff}{}",
            r#"{"actions":null,"yaw_deg":null,"mirrored":null}"#,
        ] {
            assert_eq!(
                SessionOptions::parse(body.as_bytes()).unwrap(),
                SessionOptions::default()
            );
        }
    }

    #[test]
    fn the_documented_example_is_taken_as_it_is() {
        let body = br#"{"actions":["turn_left","blink","turn_right"],"yaw_deg":25,"pitch_deg":18,"blink_ear":0.20}"#;
        let asked = SessionOptions::parse(body).unwrap();
        assert_eq!(
            asked.actions.unwrap(),
            [Action::TurnLeft, Action::Blink, Action::TurnRight]
        );
        assert_eq!(
            (asked.yaw_deg, asked.pitch_deg, asked.blink_ear),
            (Some(25.0), Some(18.0), Some(0.2))
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        for (body, name, allowed) in [
            (r#"{"action":["blink"]}"#, "\"action\"", "actions, yaw_deg"),
            (r#"{"actions":[]}"#, "actions", "at least 2"),
            (r#"{"actions":["blink"]}"#, "actions", "this one has 1"),
            (
                r#"{"actions":["blink","turn_up","blink"]}"#,
                "actions",
                "\"blink\" is repeated",
            ),
            (
                r#"{"actions":["blink","nod"]}"#,
                "turn_up",
                "\"nod\" is not one of them",
            ),
            (
                r#"{"actions":["blink","no\r\n\"d"]}"#,
                "turn_up",
                "\"no???d\"",
            ),
            (r#"{"actions":["blink",7]}"#, "actions", "turn_up"),
            (r#"{"actions":"blink,turn_up"}"#, "actions", "array"),
            (r#"{"yaw_deg":14.9}"#, "yaw_deg", "15 to 40"),
            (r#"{"yaw_deg":"25"}"#, "yaw_deg", "number"),
            (r#"{"pitch_deg":31}"#, "pitch_deg", "10 to 30"),
            (r#"{"blink_ear":0.3}"#, "blink_ear", "0.12 to 0.28"),
            (r#"{"mirrored":"yes"}"#, "mirrored", "true or false"),
            (
                r#"{"yaw_deg":20,"mirrored":true,"yaw_deg":40}"#,
                "\"yaw_deg\"",
                "more than once",
            ),
            (
                r#"{"yaw_deg":20,"yaw_deg":null}"#,
                "\"yaw_deg\"",
                "more than once",
            ),
            ("[]", "object", "object"),
            ("7", "object", "object"),
            ("{", "JSON", "line 1"),
            ("{} {}", "JSON", "line 1"),
        ] {
            let text = refused(body);
            assert!(
                text.contains(name) && text.contains(allowed),
                "{body}: {text}"
            );
        }
        let deep = format!(r#"{{"actions":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        assert!(refused(&deep).contains("nested"));
    }

    #[test]
    fn an_unknown_name_is_not_repeated_at_length() {
        let body = format!(r#"{{"{}":1}}"#, "x".repeat(5000));
        assert!(refused(&body).len() < 200);
        let body = format!(r#"{{"actions":["blink","{}"]}}"#, "x".repeat(5000));
        assert!(refused(&body).len() < 200);
    }
}
