//! Properties that hold for any bytes that a stranger sends.
//!
//! Each property is a function of bytes that panics where it does not hold. `make fuzz` runs it on
//! inputs from libFuzzer, for as long as wanted. `make test` runs the same functions for a second, on
//! random changes of the [`seeds`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a property that does not hold ends the run"
)]

mod clips;
mod memory;
mod pictures;
mod queue;
mod requests;
pub mod seeds;

pub use clips::{clip_pictures, clip_report};
pub use pictures::{picture, picture_header, upright_jpeg};
pub use queue::{queue_batch, queue_outcome};
pub use requests::{
    client_token, head, live_form, operating_point, session_body, session_query, verify_body,
};

/// A property of the code that reads these bytes.
pub type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target.
pub const PROPERTIES: [(&str, Property); 14] = [
    ("picture_header", picture_header),
    ("picture", picture),
    ("upright_jpeg", upright_jpeg),
    ("clip_report", clip_report),
    ("clip_pictures", clip_pictures),
    ("queue_batch", queue_batch),
    ("queue_outcome", queue_outcome),
    ("verify_body", verify_body),
    ("session_body", session_body),
    ("session_query", session_query),
    ("live_form", live_form),
    ("client_token", client_token),
    ("head", head),
    ("operating_point", operating_point),
];
