//! HTTP around the handlers: what comes in, what goes out, and the shape of failures.

pub mod boundary;
pub mod document;
pub mod failure;
pub mod json;
pub mod listener;
pub mod nullable;
pub mod patience;
pub mod uploads;
