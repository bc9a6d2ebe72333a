//! HTTP around the handlers: connections, request bodies, answers, and the shape of errors.

pub mod base64;
pub mod body;
pub mod boundary;
pub mod calling_key;
pub mod connection;
pub mod cors;
pub mod encoding;
pub mod fields;
pub mod form;
pub mod framework;
pub mod http2;
pub mod json;
pub mod leftover;
pub mod listener;
pub mod methods;
pub mod multipart;
pub mod names;
pub mod parameters;
pub mod refusal;
pub mod request_id;
pub mod uploads;
