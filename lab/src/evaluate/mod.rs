//! Measures error rates over a labelled set, with the real pipeline and the real decision.
//!
//! [`manifest`] reads the set and its labels. [`capture`] measures one capture and keeps its numbers.
//! [`journal`] stores them, so that a stopped evaluation continues. [`statistics`] computes exact
//! intervals and trade-offs. [`report`] sums everything up and writes it as text, JSON and a page. Terms
//! are those of ISO/IEC 30107-3; `docs/evaluation.md` explains them.

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

/// Everything besides the set on which the numbers depend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Version of this program.
    pub version: &'static str,
    /// sha256 of this program.
    pub program_sha256: String,
    /// The model files.
    pub models: Vec<Model>,
    /// The thresholds.
    pub thresholds: Thresholds,
    /// The thresholds that belong to the anti-spoof models.
    pub pad: PadThresholds,
    /// Provenance of each threshold, by its name.
    pub provenance: BTreeMap<String, Provenance>,
    /// Least angles of movements that count.
    pub angles: Angles,
}

/// A model file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Model {
    /// Name of the file.
    pub name: String,
    /// sha256 of the content, in hex.
    pub sha256: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The set cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A capture cannot be measured.
    #[error("{name}: {cause}")]
    Capture {
        /// Name of the medium.
        name: String,
        /// Why it cannot be measured.
        cause: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}", path = path.display())]
    Output {
        /// Path of the file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The evaluation was stopped by a signal.
    #[error("stopped with {done} of {of} captures measured; the same command goes on from there")]
    Stopped {
        /// Number of measured captures.
        done: usize,
        /// Number of all captures.
        of: usize,
    },
}

impl EvaluateError {
    /// Makes errors that name this capture.
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
    /// The setting of this program with these models.
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
        // An unreadable program counts as changed as soon as it can be read again.
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

/// Measures the captures that are not in the journal, and makes the report.
///
/// On the signal to stop, captures that are being measured are finished and written first.
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
        // Before errors are returned: the faces exist only now.
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

/// Measures captures, as many at once as there are threads, until told to stop. Adds those that were
/// measured, with their faces, to `measured`.
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
