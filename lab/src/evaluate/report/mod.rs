//! The report of an evaluation. Serialised, it is the JSON report that `docs/evaluation.md` describes.

mod actions;
mod identity;
mod pad;
mod page;
mod plots;
mod pose;
mod rate;
mod rows;
mod text;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

pub use self::actions::ActionRates;
pub use self::identity::{Identity, PoseLikeness};
pub use self::pad::Pad;
pub use self::pose::PoseErrors;
use self::rate::subjects;
pub use self::rate::{Frequency, Rate};
pub use self::rows::CaptureRow;
use super::capture::Measured;
use super::capture::likeness::Likeness;
use super::journal::Journal;
use super::manifest::{Capture, Set};
use super::{EvaluateError, Setting};

/// Version of the JSON report's fields.
const FORMAT: u32 = 1;

/// The results of an evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of these fields.
    pub format: u32,
    /// The evaluated set.
    pub set: SetSummary,
    /// The evaluated models and thresholds.
    pub operating_point: Setting,
    /// Results over all captures.
    pub overall: Measures,
    /// Results over the captures of each group.
    pub groups: Vec<Group>,
    /// Every capture, in the order of the manifest.
    pub captures: Vec<CaptureRow>,
}

/// Name and description of a set.
#[derive(Clone, Debug, Serialize)]
pub struct SetSummary {
    /// Name of the set.
    pub name: String,
    /// Description of the set.
    pub description: Option<String>,
}

/// Captures with the same value of one property.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Name of the property.
    pub name: String,
    /// Value of the property.
    pub value: String,
    /// Results over these captures.
    #[serde(flatten)]
    pub measures: Measures,
}

/// Error rates over some captures.
#[derive(Clone, Debug, Serialize)]
pub struct Measures {
    /// Number of captures.
    pub captures: usize,
    /// Number of subjects that the manifest names for them.
    pub subjects: usize,
    /// Error rates of presentation attack detection, and of verify as a whole.
    pub pad: Pad,
    /// Rates of each action that is listed, or stated not to be shown.
    pub actions: Vec<ActionRates>,
    /// Errors of poses; null where no true poses are listed.
    pub pose: Option<PoseErrors>,
    /// Likeness of faces.
    pub identity: Identity,
}

/// A capture and its numbers.
#[derive(Clone, Copy)]
struct Case<'a> {
    capture: &'a Capture,
    measured: &'a Measured,
}

impl Report {
    /// Sums up the journal's numbers for the captures of a set.
    pub(super) fn of(set: &Set, point: &Setting, journal: &Journal) -> Self {
        let captures = set.captures.iter();
        let case = |capture| {
            let measured = journal.get(capture, point)?;
            Some(Case { capture, measured })
        };
        let cases: Vec<Case> = captures.filter_map(case).collect();
        let comparisons = journal.comparisons(&set.captures, point);
        let groups = groups_of(&cases).into_iter().map(|((name, value), cases)| {
            let values = comparisons.groups.get(name);
            let likeness = values.and_then(|values| values.get(value));
            Group {
                name: name.to_owned(),
                value: value.to_owned(),
                measures: Measures::of(&cases, likeness.unwrap_or(&Likeness::default())),
            }
        });
        Self {
            format: FORMAT,
            set: SetSummary {
                name: set.name.clone(),
                description: set.description.clone(),
            },
            operating_point: point.clone(),
            overall: Measures::of(&cases, &comparisons.overall),
            groups: groups.collect(),
            captures: cases.iter().map(CaptureRow::of).collect(),
        }
    }
}

impl Report {
    /// Writes the report into a folder: `report.txt`, `report.json`, `report.html`, and one file for
    /// each plot.
    ///
    /// # Errors
    /// [`EvaluateError::Output`] when a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), EvaluateError> {
        let write = |name: &str, content: String| {
            let path = folder.join(name);
            std::fs::write(&path, content).map_err(|cause| EvaluateError::output(&path, cause))
        };
        let json = serde_json::to_string_pretty(self)
            .map_err(|e| EvaluateError::output(&folder.join("report.json"), e.into()))?;
        write("report.json", json + "\n")?;
        write("report.txt", self.to_text())?;
        write("report.html", self.to_html())?;
        self.plots()
            .into_iter()
            .try_for_each(|(name, svg)| write(name, svg))
    }
}

impl Measures {
    fn of(cases: &[Case], likeness: &Likeness) -> Self {
        Self {
            captures: cases.len(),
            subjects: subjects(cases.iter().map(|case| case.capture)),
            pad: Pad::of(cases),
            actions: actions::rates(cases),
            pose: PoseErrors::of(cases),
            identity: Identity::of(cases, likeness),
        }
    }
}

fn groups_of<'a>(cases: &[Case<'a>]) -> BTreeMap<(&'a str, &'a str), Vec<Case<'a>>> {
    let mut groups: BTreeMap<_, Vec<Case>> = BTreeMap::new();
    for case in cases {
        for (name, value) in &case.capture.groups {
            let key = (name.as_str(), value.as_str());
            groups.entry(key).or_default().push(*case);
        }
    }
    groups
}
