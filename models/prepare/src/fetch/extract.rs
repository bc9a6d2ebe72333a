//! Takes single files out of archives, in memory. No path from an archive is ever written to.

use std::io::{self, Cursor, Read};

use flate2::read::GzDecoder;

use livegate_models::manifest::Registry;

/// Most bytes of a file that is taken: a limit against reading without end.
const MAX_BYTES: u64 = 256 << 20;

/// Why a file could not be taken out of an archive.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The file is not a zip, or not a whole one.
    #[error("not a zip file, or cut short: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The file is not a gzipped tar, or not a whole one.
    #[error("not a gzipped tar, or cut short: {0}")]
    Tar(#[from] io::Error),
    /// The archive is whole, but does not contain the file; holds the file's path.
    #[error("it has no {0}")]
    Absent(String),
}

/// The content of the file at `path`.
///
/// The first element is a path in the archive. Each further element is a path in the zip found so far.
pub(super) fn member(
    registry: Registry,
    archive: &[u8],
    path: &[String],
) -> Result<Vec<u8>, ExtractError> {
    let Some((first, inner)) = path.split_first() else {
        return Err(ExtractError::Absent("name".to_owned()));
    };
    let mut content = match registry {
        Registry::Npm => tar_member(archive, first)?,
        Registry::Pypi => zip_member(archive, first)?,
    };
    for name in inner {
        content = zip_member(&content, name)?;
    }
    Ok(content)
}

fn zip_member(archive: &[u8], name: &str) -> Result<Vec<u8>, ExtractError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => {
            return Err(ExtractError::Absent(name.to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let mut content = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut content)
        .map_err(zip::result::ZipError::Io)?;
    Ok(content)
}

fn tar_member(archive: &[u8], name: &str) -> Result<Vec<u8>, ExtractError> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path_bytes().as_ref() == name.as_bytes() {
            let mut content = Vec::new();
            entry.take(MAX_BYTES).read_to_end(&mut content)?;
            return Ok(content);
        }
    }
    Err(ExtractError::Absent(name.to_owned()))
}
