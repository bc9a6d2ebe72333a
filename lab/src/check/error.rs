//! Why a capture cannot be judged.

use std::path::PathBuf;

use livegate_api::contract::bad_picture::BadFrame;
use livegate_api::contract::media::MAX_VIDEO_SIZE_MB;
use livegate_api::error::ApiError;
use livegate_common::job::Outcome;

/// Why a capture cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The folder or a file cannot be read.
    #[error("{path} cannot be read: {cause}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        cause: std::io::Error,
    },
    /// Verify would refuse a frame.
    #[error("{name}: {cause}")]
    Frame {
        /// Name of the file.
        name: String,
        /// Verify's reason.
        cause: BadFrame,
    },
    /// Verify would refuse the number of frames.
    #[error("{folder}: {cause} Frames are the files named NN_PHASE.jpg, .jpeg or .png.")]
    Count {
        /// The folder.
        folder: PathBuf,
        /// Verify's error.
        cause: ApiError,
    },
    /// The file is of another kind than a clip.
    #[error("{0} is neither mp4, mov nor webm; for pictures, name the folder that holds them")]
    NotAClip(PathBuf),
    /// Verify would refuse a clip of this size.
    #[error("{0} is over {MAX_VIDEO_SIZE_MB} MiB")]
    ClipSize(PathBuf),
    /// The models or the decoder of clips failed, with this message.
    #[error("the capture could not be measured: {0}")]
    Measure(String),
}

impl CheckError {
    pub(super) fn unmeasured(outcome: Option<Outcome>) -> Self {
        Self::Measure(match outcome {
            Some(Outcome::Failed(cause)) => cause.to_string(),
            Some(Outcome::Frames { .. } | Outcome::Clip { .. }) => {
                "the outcome is about another medium".to_owned()
            }
            None => "it took too long".to_owned(),
        })
    }
}
