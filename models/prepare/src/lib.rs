//! Obtains and converts the model files and the inference runtime.
//!
//! The binary `livegate-models` fills a cache folder; the worker reads it through
//! [`ModelSet`](livegate_models::ModelSet). See `models/README.md` for what is fetched.

pub mod commands;
pub mod convert;
pub mod fetch;
pub mod optional;
