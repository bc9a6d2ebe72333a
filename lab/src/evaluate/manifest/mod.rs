//! A labelled set: which captures there are, and what is known of them.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use livegate_liveness::session::Task;
use serde::Serialize;

use self::file::{SetFile, line_of};
use super::medium::{Kind, Medium};

/// A labelled set, all of whose media can be read.
#[derive(Clone, Debug)]
pub struct Set {
    /// What to call it.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its captures, in the order of the manifest.
    pub captures: Vec<Capture>,
}

/// One capture and what is known of it.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Its medium, as the manifest names it.
    pub name: String,
    /// Where that lies.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// sha256 of its content, in hex.
    pub digest: String,
    /// What was presented.
    pub label: Label,
    /// Who it shows.
    pub subject: Option<String>,
    /// What else is known of subject or capture, by name.
    pub groups: BTreeMap<String, String>,
    /// What its frames show.
    pub truth: Truth,
}

/// What was presented to the camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// A person, as intended.
    BonaFide,
    /// A presentation attack.
    Attack {
        /// The species of its instrument.
        instrument: String,
    },
}

/// What the frames of a capture show.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Truth {
    /// Whether the frames are mirror images; everything else here is said of the unmirrored scene.
    pub mirrored: bool,
    /// Actions that are shown, by the time at which they begin; those of a folder in the order
    /// written.
    pub actions: Vec<Shown>,
    /// Actions of which every showing is listed; of others there may be more.
    pub complete: Vec<Task>,
    /// Poses.
    pub poses: Vec<TruePose>,
}

/// An action that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The action.
    pub task: Task,
    /// When; frames of a folder have no times.
    pub span: Option<Span>,
}

/// A stretch of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Milliseconds from the clip's start.
    pub from_ms: u64,
    /// Milliseconds from the clip's start; later.
    pub to_ms: u64,
}

/// Where the head points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TruePose {
    /// Milliseconds from the clip's start; 0 of a still.
    pub at_ms: u64,
    /// Degrees; negative: to the subject's own left.
    pub yaw: f32,
    /// Degrees; negative: up.
    pub pitch: f32,
}

/// Why there is no set.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The manifest cannot be read.
    #[error("{path} cannot be read: {cause}", path = path.display())]
    Io {
        /// The manifest.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is not written as a manifest is.
    #[error("{path}: {cause}", path = path.display())]
    Toml {
        /// The manifest.
        path: PathBuf,
        /// Where and why.
        cause: Box<toml::de::Error>,
    },
    /// What it says cannot be.
    #[error("{path}:\n{problems}", path = path.display(), problems = problems.join("\n"))]
    Wrong {
        /// The manifest.
        path: PathBuf,
        /// All that has to be mended, each with its line and capture.
        problems: Vec<String>,
    },
}

impl Set {
    /// Reads a manifest and looks into every medium, pixels aside. Media lie in `media`, or else where
    /// the manifest does.
    ///
    /// # Errors
    /// [`ManifestError`] naming everything that has to be mended.
    pub fn read(manifest: &Path, media: Option<&Path>) -> Result<Self, ManifestError> {
        let path = || manifest.to_owned();
        let text = std::fs::read_to_string(manifest).map_err(|cause| ManifestError::Io {
            path: path(),
            cause,
        })?;
        let file: SetFile = toml::from_str(&text).map_err(|cause| ManifestError::Toml {
            path: path(),
            cause: Box::new(cause),
        })?;
        let media = media.unwrap_or_else(|| manifest.parent().unwrap_or(Path::new("")));
        let (mut captures, mut problems) = (Vec::<Capture>::new(), Vec::new());
        if file.captures.is_empty() {
            problems.push("  it has no [[capture]]".to_owned());
        }
        for raw in file.captures {
            let (line, name) = (line_of(&text, &raw), raw.media.get_ref().clone());
            let capture = Capture::read(raw, media);
            let twice = captures.iter().any(|known| known.name == name);
            let mut wrong = |problem| problems.push(format!("  line {line}, {name}: {problem}"));
            if twice {
                wrong("it is listed twice".to_owned());
            }
            match capture {
                Ok(capture) => captures.push(capture),
                Err(all) => all.into_iter().for_each(wrong),
            }
        }
        if !problems.is_empty() {
            return Err(ManifestError::Wrong {
                path: path(),
                problems,
            });
        }
        Ok(Self {
            name: file.name,
            description: file.description,
            captures,
        })
    }
}

impl Capture {
    fn read(raw: file::CaptureFile, media: &Path) -> Result<Self, Vec<String>> {
        let name = raw.media.get_ref().clone();
        let path = media.join(&name);
        if !path.exists() {
            return Err(vec![format!("there is no {}", path.display())]);
        }
        let Some(kind) = Kind::of(&path) else {
            let kinds = "it must be a clip (mp4, m4v, mov, webm, mkv), a still (jpg, jpeg, png) or a folder of frames";
            return Err(vec![kinds.to_owned()]);
        };
        let mut problems = Vec::new();
        let digest = match Medium::read(&path, kind) {
            Ok(medium) => medium.digest(),
            Err(error) => {
                problems.push(error.to_string());
                String::new()
            }
        };
        let label = raw.label(&mut problems);
        let truth = raw.truth(kind, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            name,
            path,
            kind,
            digest,
            label,
            subject: raw.subject,
            groups: raw.groups,
            truth,
        })
    }

    /// The species of the attack's instrument; `None` for a bona fide presentation.
    pub fn instrument(&self) -> Option<&str> {
        match &self.label {
            Label::BonaFide => None,
            Label::Attack { instrument } => Some(instrument),
        }
    }

    /// Whether a person was presented as intended.
    pub fn is_bona_fide(&self) -> bool {
        self.instrument().is_none()
    }

    /// The subject as which its faces are compared with those of others; `None` for attacks, whose
    /// faces are pictures of faces, and where nobody knows who it is.
    pub fn compared_as(&self) -> Option<&str> {
        self.subject.as_deref().filter(|_| self.is_bona_fide())
    }
}
