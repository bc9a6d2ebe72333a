//! The file that holds an operating point.

use std::io;
use std::path::{Path, PathBuf};

use livegate_liveness::thresholds::{OperatingPoint, OperatingPointError};

/// The file cannot be used. Each message names it and says what to fix.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("the thresholds in {path} cannot be read: {cause}; correct LIVEGATE_THRESHOLDS", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It is not what it should be.
    #[error("the thresholds in {path} cannot be used: {cause}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<OperatingPointError>,
    },
}

/// Reads the file of `LIVEGATE_THRESHOLDS`, or gives the shipped operating point where there is none.
///
/// # Errors
/// [`ReadError`] when it cannot be read or used.
pub fn read(path: Option<&Path>) -> Result<OperatingPoint, ReadError> {
    let Some(path) = path else {
        return Ok(OperatingPoint::shipped().clone());
    };
    let text = std::fs::read_to_string(path).map_err(|cause| ReadError::Io {
        path: path.to_owned(),
        cause,
    })?;
    OperatingPoint::parse(&text).map_err(|cause| ReadError::Content {
        path: path.to_owned(),
        cause: Box::new(cause),
    })
}
