//! What an operator sees of a running service.

mod collector;
mod dashboard;
mod logs;
mod metrics;
mod process;
mod traces;
