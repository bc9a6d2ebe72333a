//! The labelled set: its captures and their labels.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use livegate_liveness::session::Task;
use serde::Serialize;

use self::file::{SetFile, line_of};
use super::medium::{Kind, Medium};

/// A labelled set. All of its media can be read.
#[derive(Clone, Debug)]
pub struct Set {
    /// Name of the set.
    pub name: String,
    /// Description of the set.
    pub description: Option<String>,
    /// Its captures, in the order of the manifest.
    pub captures: Vec<Capture>,
}

/// A capture with its labels.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Name of the medium in the manifest.
    pub name: String,
    /// Path of the medium.
    pub path: PathBuf,
    /// Kind of medium.
    pub kind: Kind,
    /// sha256 of the content, in hex.
    pub digest: String,
    /// Class of the presentation.
    pub label: Label,
    /// The person that it shows; `None` where unknown.
    pub subject: Option<String>,
    /// Further properties of the subject or the capture, value by name.
    pub groups: BTreeMap<String, String>,
    /// Properties of the frames.
    pub truth: Truth,
}

/// Class of a presentation to the camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// A person, as intended (bona fide).
    BonaFide,
    /// A presentation attack.
    Attack {
        /// Species of the attack instrument.
        instrument: String,
    },
}

/// Known properties of the frames of a capture.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Truth {
    /// Whether the frames are mirror images. All other fields describe the unmirrored scene.
    pub mirrored: bool,
    /// Shown actions, by the time at which they begin. Those of a folder are in the order of the
    /// manifest.
    pub actions: Vec<Shown>,
    /// Actions of which all showings are listed. Others may be shown more often than listed.
    pub complete: Vec<Task>,
    /// Known poses.
    pub poses: Vec<TruePose>,
}

/// One showing of an action.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The action.
    pub task: Task,
    /// Time of the showing; `None` in a folder, whose frames have no times.
    pub span: Option<Span>,
}

/// A section of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Begin, milliseconds from the clip's start.
    pub from_ms: u64,
    /// End, milliseconds from the clip's start; after the begin.
    pub to_ms: u64,
}

/// A known head pose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TruePose {
    /// Time, milliseconds from the clip's start; 0 for a still.
    pub at_ms: u64,
    /// Yaw, degrees; negative to the subject's own left.
    pub yaw: f32,
    /// Pitch, degrees; negative up.
    pub pitch: f32,
}

/// Why a set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The manifest cannot be read.
    #[error("{path} cannot be read: {cause}", path = path.display())]
    Io {
        /// Path of the manifest.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },
    /// The file is not a valid manifest.
    #[error("{path}: {cause}", path = path.display())]
    Toml {
        /// Path of the manifest.
        path: PathBuf,
        /// The position and the reason.
        cause: Box<toml::de::Error>,
    },
    /// The content of the manifest is wrong.
    #[error("{path}:\n{problems}", path = path.display(), problems = problems.join("\n"))]
    Wrong {
        /// Path of the manifest.
        path: PathBuf,
        /// Everything that must be corrected, each with its line and capture.
        problems: Vec<String>,
    },
}

impl Set {
    /// Reads a manifest and every medium, without decoding pixels. Media are in `media`, or by default
    /// beside the manifest.
    ///
    /// # Errors
    /// [`ManifestError`] naming everything that must be corrected.
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

    /// Species of the attack instrument; `None` for a bona fide presentation.
    pub fn instrument(&self) -> Option<&str> {
        match &self.label {
            Label::BonaFide => None,
            Label::Attack { instrument } => Some(instrument),
        }
    }

    /// Whether the presentation is bona fide.
    pub fn is_bona_fide(&self) -> bool {
        self.instrument().is_none()
    }

    /// The subject under which its faces are compared with others; `None` for attacks, which show
    /// pictures of faces, and for unknown subjects.
    pub fn compared_as(&self) -> Option<&str> {
        self.subject.as_deref().filter(|_| self.is_bona_fide())
    }
}
