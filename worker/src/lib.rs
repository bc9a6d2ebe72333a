//! The worker: takes frames, returns measurements.
//!
//! It knows neither sessions nor callers nor thresholds. [`run`](run()) takes batches from a queue.
//! [`measure`](measure()) turns each into an outcome on the threads of an [`AnalyzerPool`], each with
//! its own [`FaceAnalyzer`]; the real one is in [`onnx`]. [`clip`] decodes and measures hostile clips or
//! refuses them. The crate `livegate-media` decodes pictures.

pub mod analyzer;
pub mod clip;
mod cost;
mod cues;
pub mod geometry;
mod measure;
pub mod metrics;
pub mod onnx;
mod pictures;
mod pixels;
mod pool;
mod presence;
mod quality;
mod run;
mod stages;

pub use analyzer::{AnalyzeError, AnalyzerFactory, Begun, FaceAnalyzer, StartError};
pub use measure::{IN_STEP, measure};
pub use pool::{AnalyzerPool, PoolError, Turns};
pub use presence::{BEAT, beat};
pub use run::run;
