//! The model files: which file plays which role, checked by hash.
//!
//! A worker loads a [`ModelSet`]. [`manifest`] lists the shipped files, and [`config`] reads the file with
//! which an operator replaces them. The crate `livegate-prepare` obtains and converts the files.

pub mod assets;
mod canonical;
pub mod config;
mod error;
pub mod hash;
pub mod manifest;
mod network;
mod set;

pub use canonical::CanonicalFace;
pub use error::ModelsError;
pub use network::{
    AntiSpoofModel, AntiSpoofSettings, ChannelOrder, ClassOutput, CropRule, EmbedderModel,
    InputSpec, ModelFile, Resample,
};
pub use set::ModelSet;
