//! Errors of operating point files.

use std::fmt;

use super::models::Models;

/// Version of the file format.
pub(super) const FORMAT: u32 = 2;

/// Why a file is not an operating point. Each message says what to fix.
#[derive(Debug)]
pub enum OperatingPointError {
    /// The file is not TOML with the expected tables.
    Syntax(toml::de::Error),
    /// A later version wrote the file; holds its format.
    Format(u32),
    /// The file names no set of models.
    NoModels,
    /// The value cannot be a threshold; holds the number's name.
    Number(String),
    /// The file is for other models than those in use.
    OtherModels {
        /// The names of the sets that the file is for.
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
