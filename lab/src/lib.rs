//! The laboratory: the pipeline of the service on files, without a server.
//!
//! [`check`] judges one capture, [`evaluate`] measures error rates over a labelled set, [`calibrate`] writes
//! thresholds for the models in use, [`payload`](payload()) prints the body of a verify. [`capacity`] simulates a deployment
//! under load.

pub mod calibrate;
pub mod capacity;
pub mod check;
pub mod cli;
pub mod evaluate;
mod payload;
pub mod progress;

pub use payload::payload;
