//! The journal of an evaluation: measurements that are finished, so that a stopped evaluation continues
//! where it was.
//!
//! It has one JSON line for each capture, written when the capture is done, and one for the comparisons
//! between the captures of a run, which need faces that exist in memory only. It holds numbers and no
//! faces, see [`Measured`]. A line is valid as long as everything on which it depends is unchanged.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use livegate_models::hash;
use serde::{Deserialize, Serialize};

use super::capture::Measured;
use super::capture::likeness::Comparisons;
use super::manifest::Capture;
use super::{EvaluateError, Setting};

/// The journal of a report.
pub struct Journal {
    path: PathBuf,
    file: File,
    measured: HashMap<String, Measured>,
    compared: Vec<Compared>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Measured {
        /// Name of the medium, for people who read the file.
        media: String,
        fingerprint: String,
        numbers: Box<Measured>,
    },
    Compared(Compared),
}

/// The comparisons of one run.
#[derive(Serialize, Deserialize)]
struct Compared {
    /// Fingerprints of the captures that were compared with one another.
    between: Vec<String>,
    numbers: Comparisons,
}

impl Journal {
    /// Opens the journal in a folder. Makes the folder and the journal if they do not exist; with
    /// `restart`, begins an empty journal.
    ///
    /// A line that was cut off is skipped, and its capture is measured again.
    ///
    /// # Errors
    /// [`EvaluateError::Output`] when the journal cannot be read or written.
    pub fn open(folder: &Path, restart: bool) -> Result<Self, EvaluateError> {
        std::fs::create_dir_all(folder).map_err(|cause| EvaluateError::output(folder, cause))?;
        let path = folder.join("journal.jsonl");
        let failed = |cause| EvaluateError::output(&path, cause);
        if restart {
            std::fs::write(&path, "").map_err(failed)?;
        }
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(failed(cause)),
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(failed)?;
        }
        let mut journal = Self {
            path,
            file,
            measured: HashMap::new(),
            compared: Vec::new(),
        };
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines.for_each(|line| journal.take(line));
        Ok(journal)
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Measured {
                fingerprint,
                numbers,
                media: _,
            } => {
                self.measured.insert(fingerprint, *numbers);
            }
            Line::Compared(compared) => self.compared.push(compared),
        }
    }

    /// The measurements of a capture at this operating point; `None` if there are none.
    pub fn get(&self, capture: &Capture, point: &Setting) -> Option<&Measured> {
        self.measured.get(&fingerprint(capture, point))
    }

    /// Writes the measurements of a capture.
    ///
    /// # Errors
    /// [`EvaluateError::Output`] when the journal cannot be written.
    pub fn add(
        &mut self,
        capture: &Capture,
        point: &Setting,
        numbers: Measured,
    ) -> Result<(), EvaluateError> {
        self.write(&Line::Measured {
            media: capture.name.clone(),
            fingerprint: fingerprint(capture, point),
            numbers: Box::new(numbers),
        })
    }

    /// Writes the likenesses of captures that were compared with one another.
    ///
    /// # Errors
    /// [`EvaluateError::Output`] when the journal cannot be written.
    pub fn add_comparisons(
        &mut self,
        between: &[&Capture],
        point: &Setting,
        numbers: Comparisons,
    ) -> Result<(), EvaluateError> {
        let participant = |capture: &&Capture| participant(capture, point);
        self.write(&Line::Compared(Compared {
            between: between.iter().map(participant).collect(),
            numbers,
        }))
    }

    /// The sum of all comparisons between these captures, over all runs.
    pub fn comparisons(&self, captures: &[Capture], point: &Setting) -> Comparisons {
        let mut open: Vec<String> = captures.iter().map(|c| participant(c, point)).collect();
        let mut sum = Comparisons::default();
        // The latest first: an older comparison of the same captures is outdated.
        for compared in self.compared.iter().rev() {
            if compared.between.iter().all(|one| open.contains(one)) {
                open.retain(|one| !compared.between.contains(one));
                sum.merge(&compared.numbers);
            }
        }
        sum
    }

    fn write(&mut self, line: &Line) -> Result<(), EvaluateError> {
        let failed = |cause| EvaluateError::output(&self.path, cause);
        let text = serde_json::to_string(line).map_err(|e| failed(e.into()))?;
        // One write, so that only the last line can be incomplete.
        self.file
            .write_all(format!("{text}\n").as_bytes())
            .map_err(failed)?;
        // Taken in the form in which it will be read, so that old and new numbers are the same.
        let read = serde_json::from_str(&text).map_err(|e| failed(e.into()))?;
        self.take(read);
        Ok(())
    }
}

/// Hash of everything on which the measurements of a capture depend.
fn fingerprint(capture: &Capture, point: &Setting) -> String {
    hash_of(&(&capture.digest, capture.kind, &capture.truth, point))
}

/// Hash of everything on which the comparisons of a capture with others depend.
fn participant(capture: &Capture, point: &Setting) -> String {
    hash_of(&(
        fingerprint(capture, point),
        capture.compared_as(),
        &capture.groups,
    ))
}

fn hash_of(value: &impl Serialize) -> String {
    // Plain data, for which serialisation does not fail.
    let text = serde_json::to_vec(value).unwrap_or_default();
    hash::of_bytes(&text)
}
