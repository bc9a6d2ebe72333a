//! Obtains, converts and verifies the model files and the inference runtime.
//!
//! The binary `livegate-models` fills a cache folder; the worker reads it through [`ModelSet`].
//! See `models/README.md` for what is fetched, and [`config`] for how an operator brings other models.

pub mod assets;
mod canonical;
pub mod commands;
pub mod config;
pub mod convert;
pub mod fetch;
pub mod hash;
pub mod manifest;
pub mod optional;
mod set;

pub use canonical::CanonicalFace;
pub use set::{
    AntiSpoofModel, ChannelOrder, ClassOutput, CropRule, EmbedderModel, InputSpec, ModelFile,
    ModelSet, ModelsError, Resample,
};
