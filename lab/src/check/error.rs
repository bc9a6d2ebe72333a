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
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A frame that verify would refuse.
    #[error("{name}: {cause}")]
    Frame {
        /// The file.
        name: String,
        /// What verify would say.
        cause: BadFrame,
    },
    /// A number of frames that verify would refuse.
    #[error("{folder}: {cause} Frames are the files named NN_PHASE.jpg, .jpeg or .png.")]
    Count {
        /// The folder.
        folder: PathBuf,
        /// What verify would say.
        cause: ApiError,
    },
    /// A clip that verify would refuse.
    #[error("{0} is over {MAX_VIDEO_SIZE_MB} MiB")]
    ClipSize(PathBuf),
    /// The models failed, or what decodes clips.
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
