//! The worker: frames in, measurements out.
//!
//! It knows no sessions, no callers and no thresholds. [`run`](run()) takes batches from a queue,
//! [`measure`](measure()) turns each into an outcome on the threads of an [`AnalyzerPool`], each with
//! a [`FaceAnalyzer`]; the real one is in [`onnx`]. [`clip`] turns hostile clips into pixels or a clear
//! refusal, as the crate `livegate-media` does with pictures.

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
pub use measure::measure;
pub use pool::{AnalyzerPool, PoolError};
pub use presence::beat;
pub use run::run;
