//! The manifest as a TOML file. `docs/evaluation.md` describes every field.

use std::collections::BTreeMap;

use livegate_liveness::session::Task;
use serde::Deserialize;
use toml::Spanned;

use super::{Label, Shown, Span, TruePose, Truth};
use crate::evaluate::action;
use crate::evaluate::medium::Kind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// The file of a labelled set.
pub(super) struct SetFile {
    pub name: String,
    pub description: Option<String>,
    #[serde(default, rename = "capture")]
    pub captures: Vec<CaptureFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
/// One capture in the file.
pub(super) struct CaptureFile {
    pub media: Spanned<String>,
    label: LabelFile,
    instrument: Option<String>,
    pub subject: Option<String>,
    #[serde(default, rename = "group")]
    pub groups: BTreeMap<String, String>,
    #[serde(default)]
    mirrored: bool,
    #[serde(default)]
    actions: Vec<ActionFile>,
    #[serde(default)]
    all_actions_listed: bool,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    poses: Vec<PoseFile>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LabelFile {
    BonaFide,
    Attack,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionFile {
    name: String,
    from: Option<f64>,
    to: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PoseFile {
    at: Option<f64>,
    yaw: f32,
    pitch: f32,
}

/// The line on which a capture names its medium, from 1.
pub(super) fn line_of(text: &str, capture: &CaptureFile) -> usize {
    let before = text.get(..capture.media.span().start).unwrap_or(text);
    before.matches('\n').count() + 1
}

impl CaptureFile {
    /// The label of the capture. Contradictions are added to `problems`.
    pub(super) fn label(&self, problems: &mut Vec<String>) -> Label {
        match (self.label, &self.instrument) {
            (LabelFile::BonaFide, None) => {}
            (LabelFile::BonaFide, Some(_)) => {
                problems.push("only attacks have an instrument".to_owned());
            }
            (LabelFile::Attack, Some(instrument)) => {
                let instrument = instrument.clone();
                return Label::Attack { instrument };
            }
            (LabelFile::Attack, None) => problems.push(
                "an attack needs an instrument: the species of what was presented, as in instrument = \"print\""
                    .to_owned(),
            ),
        }
        Label::BonaFide
    }

    /// The properties of the frames of the capture. Wrong ones are added to `problems`.
    pub(super) fn truth(&self, kind: Kind, problems: &mut Vec<String>) -> Truth {
        let mut actions: Vec<Shown> = Vec::new();
        for listed in &self.actions {
            match listed.read(kind) {
                Ok(shown) => actions.push(shown),
                Err(problem) => problems.push(problem),
            }
        }
        // A stable sort, so that the actions of a folder, which have no times, keep their order.
        actions.sort_by_key(|shown| shown.span.map(|span| span.from_ms));
        let mut poses = Vec::new();
        for listed in &self.poses {
            match listed.read(kind) {
                Ok(pose) => poses.push(pose),
                Err(problem) => problems.push(problem),
            }
        }
        Truth {
            mirrored: self.mirrored,
            actions,
            complete: self.complete(kind, problems),
            poses,
        }
    }

    fn complete(&self, kind: Kind, problems: &mut Vec<String>) -> Vec<Task> {
        let says_so = self.all_actions_listed || !self.absent.is_empty();
        if says_so && kind != Kind::Clip {
            problems.push(
                "all_actions_listed and absent are for clips: only those have times".to_owned(),
            );
        }
        let mut absent = Vec::new();
        for name in &self.absent {
            match action::from_name(name) {
                Ok(task) => absent.push(task),
                Err(problem) => problems.push(format!("absent: {problem}")),
            }
        }
        let is_complete = |task: &Task| self.all_actions_listed || absent.contains(task);
        Task::ALL.into_iter().filter(is_complete).collect()
    }
}

impl ActionFile {
    fn read(&self, kind: Kind) -> Result<Shown, String> {
        let task =
            action::from_name(&self.name).map_err(|problem| format!("actions: {problem}"))?;
        let span = match (kind, self.from, self.to) {
            (Kind::Clip, Some(from), Some(to)) => {
                let (from_ms, to_ms) = (milliseconds(from)?, milliseconds(to)?);
                if from_ms >= to_ms {
                    return Err(format!("{}: `to` must be later than `from`", self.name));
                }
                Some(Span { from_ms, to_ms })
            }
            (Kind::Clip, _, _) => {
                return Err(format!(
                    "{}: `from` and `to` are missing: seconds from the clip's start",
                    self.name
                ));
            }
            (Kind::Folder, None, None) => None,
            (Kind::Folder, _, _) => {
                return Err(format!(
                    "{}: frames of a folder have no times; leave out `from` and `to`",
                    self.name
                ));
            }
            (Kind::Still, _, _) => {
                return Err(format!("{}: a still shows no action", self.name));
            }
        };
        Ok(Shown { task, span })
    }
}

impl PoseFile {
    fn read(&self, kind: Kind) -> Result<TruePose, String> {
        let at_ms = match (kind, self.at) {
            (Kind::Clip, Some(at)) => milliseconds(at)?,
            (Kind::Clip, None) => {
                return Err("poses: `at` is missing: seconds from the clip's start".to_owned());
            }
            (Kind::Still, None) => 0,
            (Kind::Still, Some(_)) => {
                return Err("poses: a still has no times; leave out `at`".to_owned());
            }
            (Kind::Folder, _) => return Err("poses: they are for clips and stills".to_owned()),
        };
        if !(-90.0..=90.0).contains(&self.yaw) || !(-90.0..=90.0).contains(&self.pitch) {
            return Err("poses: yaw and pitch must be degrees from -90 to 90".to_owned());
        }
        Ok(TruePose {
            at_ms,
            yaw: self.yaw,
            pitch: self.pitch,
        })
    }
}

/// Upper limit of times, seconds. No clip is longer, so a larger number was not meant in seconds.
const LONGEST_SECONDS: f64 = 60.0;

fn milliseconds(seconds: f64) -> Result<u64, String> {
    if !(0.0..=LONGEST_SECONDS).contains(&seconds) {
        return Err(format!(
            "{seconds} is no time: it must be seconds from the clip's start"
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 60 000"
    )]
    let milliseconds = (seconds * 1000.0).round() as u64;
    Ok(milliseconds)
}
