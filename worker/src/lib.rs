//! The worker: frames in, measurements out.
//!
//! It knows no sessions, no callers and no thresholds. [`run`](run()) takes batches from a queue,
//! [`measure`](measure()) turns each into an outcome on the threads of an [`AnalyzerPool`], each with
//! a [`FaceAnalyzer`]; the real one is in [`onnx`]. [`decode`] turns hostile pictures into pixels or
//! a clear refusal, [`clip`] hostile clips.

pub mod analyzer;
pub mod clip;
pub mod config;
mod cost;
pub mod decode;
pub mod distributed;
pub mod geometry;
pub mod known;
mod measure;
pub mod metrics;
pub mod onnx;
mod pool;
mod presence;
mod run;
mod stages;

pub use analyzer::{AnalyzeError, AnalyzerFactory, FaceAnalyzer, StartError};
pub use measure::measure;
pub use pool::{AnalyzerPool, PoolError};
pub use presence::beat;
pub use run::run;
