//! The worker: frames in, measurements out.
//!
//! It knows no sessions, no callers and no thresholds. [`run`](run()) takes batches from a queue,
//! [`AnalyzerPool`] measures their frames on threads of its own, each with a [`FaceAnalyzer`]; the
//! real one is in [`onnx`]. [`decode`] turns hostile bytes into pixels or a clear refusal.

pub mod analyzer;
pub mod config;
pub mod decode;
pub mod distributed;
pub mod geometry;
pub mod onnx;
mod pool;
mod presence;
mod run;

pub use analyzer::{AnalyzeError, AnalyzerFactory, FaceAnalyzer, StartError};
pub use pool::AnalyzerPool;
pub use presence::beat;
pub use run::run;
