//! Reads the file of an operating point.

use std::io;
use std::path::{Path, PathBuf};

use livegate_api::receipts::claims::sha256;
use livegate_api::services::PointName;
use livegate_liveness::thresholds::{OperatingPoint, OperatingPointError};

/// The file cannot be used. Each message names the file and what to fix.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("the thresholds in {path} cannot be read: {cause}; correct LIVEGATE_THRESHOLDS", path = path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        cause: io::Error,
    },
    /// The content is not a valid operating point.
    #[error("the thresholds in {path} cannot be used: {cause}", path = path.display())]
    Content {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with the content.
        cause: Box<OperatingPointError>,
    },
}

/// An operating point, and the name that receipts call it by.
pub struct NamedPoint {
    /// The operating point.
    pub point: OperatingPoint,
    /// Its name, and the hash of its file.
    pub name: PointName,
}

/// Reads the file that `LIVEGATE_THRESHOLDS` names. Without a path, returns the shipped operating point.
///
/// # Errors
/// [`ReadError`] when the file cannot be read or used.
pub fn read(path: Option<&Path>) -> Result<NamedPoint, ReadError> {
    let Some(path) = path else {
        return Ok(NamedPoint {
            point: OperatingPoint::shipped().clone(),
            name: name("shipped".to_owned(), OperatingPoint::SHIPPED),
        });
    };
    let text = std::fs::read_to_string(path).map_err(|cause| ReadError::Io {
        path: path.to_owned(),
        cause,
    })?;
    let point = OperatingPoint::parse(&text).map_err(|cause| ReadError::Content {
        path: path.to_owned(),
        cause: Box::new(cause),
    })?;
    let file = path.file_name().unwrap_or(path.as_os_str());
    Ok(NamedPoint {
        point,
        name: name(file.to_string_lossy().into_owned(), &text),
    })
}

fn name(name: String, text: &str) -> PointName {
    PointName {
        name,
        sha256: sha256(text.as_bytes()),
    }
}
