//! What an operator sees of a running service.

pub mod collector;
mod dashboard;
mod logs;
mod metrics;
mod process;
mod traces;
