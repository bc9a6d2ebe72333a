//! Error rates over a labelled set: the real pipeline and the real decision, capture by capture.
//!
//! [`manifest`] says what the captures show, [`capture`] measures one of them and keeps its numbers,
//! [`journal`] holds them so that an evaluation can be stopped and go on, [`statistics`] knows exact
//! intervals and trade-offs, [`report`] adds everything up and writes it as text, JSON and a page.
//! Terms are those of ISO/IEC 30107-3; `docs/evaluation.md` explains them.

mod action;
pub mod capture;
pub mod journal;
pub mod manifest;
mod medium;
pub mod report;
pub mod statistics;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};
use livegate_common::shutdown::Shutdown;
use livegate_liveness::challenge::Angles;
use livegate_liveness::thresholds::{
    OperatingPoint, PadThresholds, Provenance, ThresholdSets, Thresholds,
};
use livegate_models::{ModelFile, ModelSet, hash};
use livegate_worker::AnalyzerPool;
use serde::Serialize;

use self::capture::likeness::{Comparisons, Faces};
use self::capture::measure;
use self::journal::Journal;
use self::manifest::{Capture, ManifestError, Set};
use self::report::Report;
use crate::progress::Progress;

/// All that the numbers of a set depend on, apart from the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// The version of this program.
    pub version: &'static str,
    /// sha256 of this program.
    pub program_sha256: String,
    /// The models.
    pub models: Vec<Model>,
    /// The numbers that decide.
    pub thresholds: Thresholds,
    /// Those of them that belong to the anti-spoof models.
    pub pad: PadThresholds,
    /// Where each of them comes from, by its name.
    pub provenance: BTreeMap<String, Provenance>,
    /// How far is far enough.
    pub angles: Angles,
}

/// A model file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// sha256 of its content.
    pub sha256: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// There is no set.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A capture cannot be measured.
    #[error("{name}: {cause}")]
    Capture {
        /// Its medium.
        name: String,
        /// Why.
        cause: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}", path = path.display())]
    Output {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It was told to stop.
    #[error("stopped with {done} of {of} captures measured; the same command goes on from there")]
    Stopped {
        /// Captures that are measured.
        done: usize,
        /// All of them.
        of: usize,
    },
}

impl EvaluateError {
    /// Makes errors that name a capture.
    fn of_capture(capture: &Capture) -> impl Fn(&dyn Display) -> Self {
        let name = capture.name.clone();
        move |cause| Self::Capture {
            name: name.clone(),
            cause: cause.to_string(),
        }
    }

    fn output(path: &Path, cause: io::Error) -> Self {
        let path = path.to_owned();
        Self::Output { path, cause }
    }
}

impl Setting {
    /// That of this program with these models.
    pub fn new(models: &ModelSet, numbers: &OperatingPoint, angles: Angles) -> Self {
        let fixed = [
            &models.detector,
            &models.landmarks,
            &models.blendshapes,
            &models.embedder.file,
        ];
        let anti_spoof = models.anti_spoof.iter().map(|model| &model.file);
        let model = |file: &ModelFile| Model {
            name: file.name.clone(),
            sha256: file.sha256.clone(),
        };
        // What cannot be read counts as changed whenever it can be again.
        let set = models.listed_as("in use").id();
        let sets = ThresholdSets::from(numbers);
        let thresholds = sets.of(&set).unwrap_or(sets.first());
        let program = std::env::current_exe().and_then(|path| hash::of_file(&path));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            program_sha256: program.unwrap_or_default(),
            models: fixed.into_iter().chain(anti_spoof).map(model).collect(),
            thresholds: Thresholds::clone(thresholds),
            pad: thresholds.pad.clone(),
            provenance: numbers.provenance.clone(),
            angles,
        }
    }
}

/// Measures what the journal does not know yet, and reports. Captures that are measured when the
/// signal to stop comes are written down first.
///
/// # Errors
/// [`EvaluateError`] when there is no report.
pub async fn evaluate(
    pool: &AnalyzerPool,
    set: &Set,
    point: &Setting,
    journal: &mut Journal,
    progress: &Progress,
    shutdown: &Shutdown,
) -> Result<Report, EvaluateError> {
    let is_known = |capture: &&Capture| journal.get(capture, point).is_some();
    let (known, open): (Vec<&Capture>, Vec<&Capture>) = set.captures.iter().partition(is_known);
    known.iter().for_each(|_| progress.advance());
    let mut faces = Vec::with_capacity(open.len());
    let measuring = measure_all(pool, &open, point, journal, progress, shutdown, &mut faces);
    let ended = measuring.await;
    let compared: Vec<&Capture> = faces.iter().map(|(capture, _)| *capture).collect();
    if !faces.is_empty() {
        // Before an error is told of: faces are not there a second time.
        journal.add_comparisons(&compared, point, Comparisons::of(&faces))?;
    }
    ended?;
    if compared.len() < open.len() {
        return Err(EvaluateError::Stopped {
            done: known.len() + compared.len(),
            of: set.captures.len(),
        });
    }
    Ok(Report::of(set, point, journal))
}

/// Measures captures, as many at once as there are threads, until it is told to stop. Puts those that
/// were measured into `measured`, with their faces.
async fn measure_all<'a>(
    pool: &AnalyzerPool,
    captures: &[&'a Capture],
    point: &Setting,
    journal: &mut Journal,
    progress: &Progress,
    shutdown: &Shutdown,
    measured: &mut Vec<(&'a Capture, Faces)>,
) -> Result<(), EvaluateError> {
    let measure_one =
        |capture: &'a Capture| async move { (capture, measure(pool, capture, point).await) };
    let measuring = stream::iter(captures.iter().copied()).map(measure_one);
    let mut measuring = std::pin::pin!(measuring.buffered(pool.threads().get()));
    loop {
        let next = tokio::select! {
            biased;
            () = shutdown.wait() => None,
            next = measuring.next() => next,
        };
        let Some((capture, done)) = next else {
            return Ok(());
        };
        let (numbers, faces) = done?;
        journal.add(capture, point, numbers)?;
        measured.push((capture, faces));
        progress.advance();
        if !progress.is_visible() {
            let name = &capture.name;
            tracing::info!(capture.media = name, "Measured {name}");
        }
    }
}
