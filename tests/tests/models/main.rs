//! The prepared models, and the optional ones as published. They are a binary of their own: a process has one
//! ONNX Runtime environment, and here it is the tests'.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "these are tests, helpers included, which the lints cannot tell"
)]

mod golden;
mod optional;
