//! The query of `POST /api/v1/liveness/sessions`.

use livegate_liveness::session::Task;

use super::presets::{self, PRESETS};
use crate::contract::actions::{from_name, name};
use crate::contract::excerpt::Excerpt;
use crate::error::ApiError;

/// Default number of challenges of a session.
const CHALLENGES: usize = 3;
/// Default time for each challenge, seconds.
const TIMEOUT_SECONDS: f64 = 5.0;
/// Allowed range of `timeout_seconds`.
pub const TIMEOUTS: std::ops::RangeInclusive<f64> = 1.0..=60.0;

/// Options of a new session.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveOptions {
    /// The tasks, chosen or to be drawn.
    pub tasks: Tasks,
    /// Time for each task, milliseconds, 1,000 to 60,000.
    pub timeout_ms: u64,
    /// Whether frames will be mirror images.
    pub mirrored: bool,
    /// The outcome of a test session, unread.
    pub test_outcome: Option<String>,
}

/// The tasks of a new session.
#[derive(Clone, Debug, PartialEq)]
pub enum Tasks {
    /// These tasks, in this order.
    Chosen(Vec<Task>),
    /// Tasks to draw at random, in a random order, without repeats.
    Drawn {
        /// Number of tasks to draw.
        number: usize,
        /// Candidate tasks.
        from: Vec<Task>,
    },
}

impl Tasks {
    /// Whether nobody can foresee them: they are drawn, and there is more than one way to draw them.
    pub fn are_drawn(&self) -> bool {
        match self {
            Self::Chosen(_) => false,
            Self::Drawn { from, .. } => from.len() > 1,
        }
    }
}

impl LiveOptions {
    /// Reads a query. Unknown parameters are refused, since a typing error would silently weaken a
    /// check.
    ///
    /// # Errors
    /// [`ApiError::InvalidInput`] naming the parameter and what is allowed.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let raw = Raw::read(query)?;
        let preset = raw.preset.as_deref().map(find_preset).transpose()?;
        let number = raw.num_challenges.as_deref().map(read_number).transpose()?;
        let chosen = raw.challenges.as_deref().map(read_tasks).transpose()?;
        let tasks = match (chosen, preset, number) {
            (Some(tasks), None, None) => Tasks::Chosen(tasks),
            (Some(_), _, _) => {
                return Err(invalid(
                    "challenges names the challenges: send it without num_challenges and preset.",
                ));
            }
            (None, preset, number) => draw(preset, number)?,
        };
        let timeout = raw
            .timeout_seconds
            .as_deref()
            .map(read_timeout)
            .transpose()?;
        let timeout = timeout.unwrap_or(preset.map_or(TIMEOUT_SECONDS, |p| p.timeout_seconds));
        Ok(Self {
            tasks,
            timeout_ms: milliseconds(timeout),
            mirrored: raw.mirrored.as_deref().map_or(Ok(false), read_flag)?,
            test_outcome: raw.test_outcome,
        })
    }
}

/// The parameters as text, as they were sent.
#[derive(Default)]
struct Raw {
    num_challenges: Option<String>,
    timeout_seconds: Option<String>,
    challenges: Option<String>,
    preset: Option<String>,
    mirrored: Option<String>,
    test_outcome: Option<String>,
}

impl Raw {
    fn read(query: &str) -> Result<Self, ApiError> {
        let mut raw = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let parameter = match &*name {
                "num_challenges" => &mut raw.num_challenges,
                "timeout_seconds" => &mut raw.timeout_seconds,
                "challenges" => &mut raw.challenges,
                "preset" => &mut raw.preset,
                "mirrored" => &mut raw.mirrored,
                "test_outcome" => &mut raw.test_outcome,
                other => {
                    return Err(ApiError::InvalidInput(format!(
                        "Unknown query parameter {}; a session takes num_challenges, timeout_seconds, challenges, preset, mirrored and test_outcome.",
                        Excerpt::of(other)
                    )));
                }
            };
            let value = match parameter.take() {
                None => value.into_owned(),
                // Many clients, generated ones among them, write a list by repeating its name.
                Some(before) if name == "challenges" => format!("{before},{value}"),
                Some(_) => return Err(ApiError::InvalidInput(format!("Send {name} once."))),
            };
            *parameter = Some(value);
        }
        Ok(raw)
    }
}

fn draw(preset: Option<&presets::Preset>, number: Option<usize>) -> Result<Tasks, ApiError> {
    let from = preset.map_or(&Task::ALL[..], |p| p.tasks);
    let number = number.unwrap_or(preset.map_or(CHALLENGES, |p| p.num_challenges));
    if number > from.len() {
        let name = preset.map_or("", |p| p.name);
        return Err(ApiError::InvalidInput(match from.len() {
            1 => format!("Preset {name} has one challenge: leave num_challenges out, or send 1."),
            most => format!("num_challenges must be from 1 to {most} with preset {name}."),
        }));
    }
    let from = from.to_vec();
    Ok(Tasks::Drawn { number, from })
}

fn find_preset(text: &str) -> Result<&'static presets::Preset, ApiError> {
    presets::find(text).ok_or_else(|| {
        let names = PRESETS.map(|p| p.name).join(", ");
        ApiError::InvalidInput(format!("preset must be one of {names}."))
    })
}

fn read_number(text: &str) -> Result<usize, ApiError> {
    let number = text
        .parse()
        .ok()
        .filter(|n| (1..=Task::ALL.len()).contains(n));
    number.ok_or_else(|| invalid("num_challenges must be a whole number from 1 to 7."))
}

fn read_tasks(text: &str) -> Result<Vec<Task>, ApiError> {
    let wrong = || {
        let names = Task::ALL.map(name).join(", ");
        ApiError::InvalidInput(format!(
            "challenges must be 1 to 7 different ones of {names}, separated by commas."
        ))
    };
    let mut tasks: Vec<Task> = Vec::new();
    for word in text.split(',') {
        let task = from_name(word.trim()).ok_or_else(wrong)?;
        if tasks.contains(&task) {
            return Err(wrong());
        }
        tasks.push(task);
    }
    Ok(tasks)
}

fn read_timeout(text: &str) -> Result<f64, ApiError> {
    let seconds = text.parse().ok().filter(|s| TIMEOUTS.contains(s));
    seconds.ok_or_else(|| invalid("timeout_seconds must be a number from 1 to 60."))
}

fn read_flag(text: &str) -> Result<bool, ApiError> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| invalid("mirrored must be true or false."))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds are from 1 to 60"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

fn invalid(text: &str) -> ApiError {
    ApiError::InvalidInput(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(number: usize, from: &[Task]) -> Tasks {
        let from = from.to_vec();
        Tasks::Drawn { number, from }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        for (query, tasks, timeout_ms, mirrored) in [
            ("", drawn(3, &Task::ALL), 5_000, false),
            (
                "num_challenges=7&timeout_seconds=1",
                drawn(7, &Task::ALL),
                1_000,
                false,
            ),
            (
                "timeout_seconds=59.9996&mirrored=true",
                drawn(3, &Task::ALL),
                60_000,
                true,
            ),
            ("preset=eye", drawn(1, &[Task::Blink]), 4_000, false),
            (
                "preset=head_turn&num_challenges=1&timeout_seconds=2.5",
                drawn(1, &[Task::TurnLeft, Task::TurnRight]),
                2_500,
                false,
            ),
            (
                "challenges=SMILE%2CBLINK",
                Tasks::Chosen(vec![Task::Smile, Task::Blink]),
                5_000,
                false,
            ),
            (
                "challenges=SMILE&challenges=BLINK,TURN_LEFT",
                Tasks::Chosen(vec![Task::Smile, Task::Blink, Task::TurnLeft]),
                5_000,
                false,
            ),
        ] {
            let parsed = LiveOptions::parse(query).unwrap();
            assert_eq!(
                parsed,
                LiveOptions {
                    tasks,
                    timeout_ms,
                    mirrored,
                    test_outcome: None
                },
                "{query}"
            );
        }
    }

    #[test]
    fn a_refusal_names_the_parameter() {
        for (query, names) in [
            ("num_challenges=0", "num_challenges"),
            ("num_challenges=8", "num_challenges"),
            ("num_challenges=3.5", "num_challenges"),
            ("num_challenges=", "num_challenges"),
            ("timeout_seconds=0.99", "timeout_seconds"),
            ("timeout_seconds=61", "timeout_seconds"),
            ("timeout_seconds=NaN", "timeout_seconds"),
            ("challenges=", "challenges"),
            ("challenges=BLINK,BLINK", "challenges"),
            ("challenges=BLINK&challenges=BLINK", "challenges"),
            ("challenges=blink", "challenges"),
            ("challenges=BLINK&num_challenges=1", "challenges"),
            ("challenges=BLINK&preset=eye", "challenges"),
            ("preset=all", "preset"),
            ("preset=eye&num_challenges=2", "num_challenges"),
            ("mirrored=1", "mirrored"),
            ("mirrored=true&mirrored=true", "mirrored"),
            ("num_challenge=5", "num_challenge"),
        ] {
            let error = LiveOptions::parse(query).unwrap_err().to_string();
            assert!(error.contains(names), "{query}: {error}");
        }
    }
}
