//! HTTP around the handlers: what comes in, what goes out, and the shape of failures.

pub mod body;
pub mod boundary;
pub mod connection;
pub mod cors;
pub mod encoding;
pub mod excerpt;
pub mod form;
pub mod http2;
pub mod json;
pub mod leftover;
pub mod listener;
pub mod methods;
pub mod multipart;
pub mod nullable;
pub mod parameters;
pub mod refusal;
pub mod uploads;
