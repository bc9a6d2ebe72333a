//! What an operator sees of a running service.

pub mod collector;
mod dashboard;
pub mod logs;
mod metrics;
pub mod process;
mod traces;
