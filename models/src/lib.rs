//! Which model file plays which role, checked by hash.
//!
//! [`ModelSet`] is what a worker loads; [`manifest`] lists what is shipped, [`config`] reads what an operator uses
//! instead. The crate `livegate-prepare` obtains and converts the files.

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
