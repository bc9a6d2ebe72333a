//! Converts the files of the packages into the files that the worker loads.
//!
//! Every recipe is a pure function of the bytes. The same file gives the same bytes on any machine, so the
//! manifest can pin the sha256 of the result. The networks compute the same outputs as before, but faster.

mod blendshapes;
mod channels;
mod flat;
mod landmarks;
mod lower;
mod onnx;
mod prelu;
mod tflite;
#[cfg(test)]
mod tiny;
mod yunet;

use livegate_models::manifest::Recipe;

/// Why a file could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The file is not a protobuf message of the expected kind.
    #[error("not an ONNX file: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// An offset points beyond the end of the file.
    #[error("the file ends early")]
    Truncated,
    /// Something that a recipe needs is absent; holds its name.
    #[error("{0} is missing")]
    Missing(String),
    /// Something does not have its declared type or shape; holds its name.
    #[error("{0} is malformed")]
    Bad(String),
    /// Something that may be correct, but that the shipped models do not contain; holds its name.
    #[error("{0} is not supported")]
    Unsupported(String),
}

impl ConvertError {
    fn missing(what: &str) -> Self {
        Self::Missing(what.to_owned())
    }

    fn bad(what: &str) -> Self {
        Self::Bad(what.to_owned())
    }

    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }
}

/// Prepares one file.
///
/// # Errors
/// [`ConvertError`] if the bytes are not a model of the kind that the recipe expects.
pub fn prepare(recipe: Recipe, source: &[u8]) -> Result<Vec<u8>, ConvertError> {
    let (model, graph) = match recipe {
        Recipe::Copy => return Ok(source.to_vec()),
        Recipe::Yunet => yunet::convert(source)?,
        Recipe::LandmarksTflite => {
            let (model, mut graph) = landmarks::convert(source)?;
            prelu::rewrite(&mut graph)?;
            (model, graph)
        }
        Recipe::BlendshapesTflite => blendshapes::convert(source)?,
        Recipe::Prelu => {
            let (model, mut graph) = onnx::decode(source)?;
            channels::widen(&mut graph)?;
            prelu::rewrite(&mut graph)?;
            (model, graph)
        }
    };
    Ok(onnx::encode(model, graph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_deterministic() {
        let source = tiny::encoded();
        let first = prepare(Recipe::Prelu, &source).unwrap();
        assert_eq!(first, prepare(Recipe::Prelu, &source).unwrap());
        assert_ne!(first, source);
    }

    #[test]
    fn a_cut_file_is_an_error_in_every_recipe() {
        let source = tiny::encoded();
        for recipe in [
            Recipe::Yunet,
            Recipe::LandmarksTflite,
            Recipe::BlendshapesTflite,
            Recipe::Prelu,
        ] {
            for length in 0..source.len() {
                // Some prefixes are valid models; none may panic.
                let _ = prepare(recipe, &source[..length]);
            }
            assert!(prepare(recipe, &[]).is_err(), "{recipe:?}");
        }
    }
}
