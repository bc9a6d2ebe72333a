//! Obtains and converts the model files and the inference runtime.
//!
//! The binary `livegate-models` fills a cache folder, which the worker reads through
//! [`ModelSet`](livegate_models::ModelSet). `models/README.md` lists what is fetched.

pub mod commands;
pub mod convert;
pub mod fetch;
pub mod optional;
