//! Why a file is not an operating point.

use std::fmt;

use super::models::Models;

/// The format of such files.
pub(super) const FORMAT: u32 = 2;

/// A file is not an operating point. Each message says what to fix.
#[derive(Debug)]
pub enum OperatingPointError {
    /// It is not the TOML that it should be.
    Syntax(toml::de::Error),
    /// A later version wrote it; holds its format.
    Format(u32),
    /// It names no set of models.
    NoModels,
    /// A number that cannot be a threshold; holds its name.
    Number(String),
    /// It is for other models than those in use.
    OtherModels {
        /// The names of the sets that it is for.
        sets: String,
        /// The models in use.
        used: Box<Models>,
    },
}

impl fmt::Display for OperatingPointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(cause) => write!(f, "it cannot be read: {cause}"),
            Self::Format(found) => write!(
                f,
                "it is of format {found}, and this version reads format {FORMAT}"
            ),
            Self::NoModels => {
                f.write_str("it names no models: at least one [[models]] must say what it is for")
            }
            Self::Number(name) => write!(
                f,
                "`{name}` must be a finite number, 0 or more; of `pad` any finite margins and a slope above 0"
            ),
            Self::OtherModels { sets, used } => write!(
                f,
                "it is for other models: none of its sets ({sets}) is detector {}, landmarks {}, blendshapes {}, embedder {}, anti_spoof {}; make one for these with `livegate-lab calibrate`",
                used.detector,
                used.landmarks,
                used.blendshapes,
                used.embedder,
                used.anti_spoof.join(", ")
            ),
        }
    }
}

impl std::error::Error for OperatingPointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Syntax(cause) => Some(cause),
            Self::Format(_) | Self::NoModels | Self::Number(_) | Self::OtherModels { .. } => None,
        }
    }
}

impl From<toml::de::Error> for OperatingPointError {
    fn from(cause: toml::de::Error) -> Self {
        Self::Syntax(cause)
    }
}
