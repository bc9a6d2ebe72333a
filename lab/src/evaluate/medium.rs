//! The media of a labelled set: clips, folders of frames, stills.

use std::path::Path;

use bytes::Bytes;
use livegate_models::hash;
use serde::Serialize;

use crate::check::{CheckError, NamedFrame, read_clip, read_folder};
use livegate_api::contract::bad_picture::BadFrame;
use livegate_api::verify::wire::CapturedFrame;

/// Kind of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A clip.
    Clip,
    /// A folder of frames, whose names hold their phases.
    Folder,
    /// A single picture.
    Still,
}

impl Kind {
    /// The kind of the medium at `path`, by its name; `None` for any other file.
    pub fn of(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return Some(Self::Folder);
        }
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "mp4" | "m4v" | "mov" | "webm" | "mkv" => Some(Self::Clip),
            "jpg" | "jpeg" | "png" => Some(Self::Still),
            _ => None,
        }
    }
}

/// The content of a medium.
pub enum Medium {
    /// A clip, as verify takes it.
    Clip(Bytes),
    /// Frames in order; a still has one.
    Frames(Vec<NamedFrame>),
}

impl Medium {
    /// Reads a medium without decoding its pixels.
    ///
    /// # Errors
    /// [`CheckError`] when the medium cannot be read, or verify would refuse it.
    pub fn read(path: &Path, kind: Kind) -> Result<Self, CheckError> {
        match kind {
            Kind::Clip => read_clip(path).map(Self::Clip),
            Kind::Folder => read_folder(path).map(Self::Frames),
            Kind::Still => read_still(path).map(|frame| Self::Frames(vec![frame])),
        }
    }

    /// sha256 of the content, in hex.
    pub fn digest(&self) -> String {
        match self {
            Self::Clip(clip) => hash::of_bytes(clip),
            Self::Frames(frames) => {
                let line = |f: &NamedFrame| {
                    format!("{} {}\n", f.name, hash::of_bytes(f.frame.image.bytes()))
                };
                let lines: String = frames.iter().map(line).collect();
                hash::of_bytes(lines.as_bytes())
            }
        }
    }
}

fn read_still(path: &Path) -> Result<NamedFrame, CheckError> {
    let image = std::fs::read(path).map_err(|cause| CheckError::Io {
        path: path.to_owned(),
        cause,
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.into_owned();
    match CapturedFrame::new("center", 0.0, image.into()) {
        Ok(frame) => Ok(NamedFrame { name, frame }),
        Err(problem) => Err(CheckError::Frame {
            name,
            cause: BadFrame {
                position: 0,
                problem,
            },
        }),
    }
}
