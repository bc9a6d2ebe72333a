//! Reads captures from disk: folders of frames, and clips.

use std::path::Path;

use bytes::Bytes;
use livegate_api::contract::bad_picture::BadFrame;
use livegate_api::contract::media::{MAX_IMAGES, MAX_VIDEO_BYTES, MIN_IMAGES};
use livegate_api::error::ApiError;
use livegate_api::verify::wire::CapturedFrame;
use livegate_media::Container;

use super::error::CheckError;

/// A frame from a file.
#[derive(Clone, Debug)]
pub struct NamedFrame {
    /// Name of the file.
    pub name: String,
    /// The frame, as verify would accept it.
    pub frame: CapturedFrame,
}

impl NamedFrame {
    /// The phase in the file's name: `turn_left` of `03_turn_left.jpg`; empty without one.
    pub fn tag(&self) -> &str {
        tag(&self.name)
    }
}

/// The part of a name between the first underscore and the extension.
fn tag(name: &str) -> &str {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.split_once('_').map_or("", |(_, tag)| tag)
}

/// Reads the frames of a folder, in the order of their names.
///
/// # Errors
/// [`CheckError`] for the first frame that verify would refuse.
pub fn read_folder(folder: &Path) -> Result<Vec<NamedFrame>, CheckError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        |cause| CheckError::Io { path, cause }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail(folder))? {
        let path = entry.map_err(fail(folder))?.path();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .map(str::to_ascii_lowercase);
        if matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png")) {
            paths.push(path);
        }
    }
    paths.sort();
    if !(MIN_IMAGES..=MAX_IMAGES).contains(&paths.len()) {
        let cause = ApiError::FrameCount {
            given: paths.len(),
            min: MIN_IMAGES,
            max: MAX_IMAGES,
        };
        return Err(CheckError::Count {
            folder: folder.to_owned(),
            cause,
        });
    }
    let mut frames = Vec::with_capacity(paths.len());
    for (position, path) in paths.iter().enumerate() {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let image = std::fs::read(path).map_err(fail(path))?;
        let frame = CapturedFrame::new(tag(&name), 0.0, Bytes::from(image)).map_err(|problem| {
            CheckError::Frame {
                name: name.clone(),
                cause: BadFrame { position, problem },
            }
        })?;
        frames.push(NamedFrame { name, frame });
    }
    Ok(frames)
}

/// Reads a clip, and checks its size.
///
/// # Errors
/// [`CheckError`] when the file cannot be read, or verify would refuse its size.
pub fn read_clip(path: &Path) -> Result<Bytes, CheckError> {
    let clip = std::fs::read(path).map_err(|cause| CheckError::Io {
        path: path.to_owned(),
        cause,
    })?;
    if clip.len() > MAX_VIDEO_BYTES {
        return Err(CheckError::ClipSize(path.to_owned()));
    }
    Ok(clip.into())
}

/// Reads a clip like [`read_clip`], and refuses a file of another kind.
///
/// # Errors
/// [`CheckError`] when it cannot be read, is not a clip, or verify would refuse its size.
pub fn read_only_clip(path: &Path) -> Result<Bytes, CheckError> {
    let clip = read_clip(path)?;
    if Container::of(&clip).is_none() {
        return Err(CheckError::NotAClip(path.to_owned()));
    }
    Ok(clip)
}
