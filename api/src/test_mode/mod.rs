//! Test keys: sessions whose outcome was chosen when they were created, so that an integrator's tests reach every
//! branch without a face.
//!
//! Requests to such a session pass every check of a real one. Nothing is measured: the findings are made up here, and
//! become an answer in the same way as measured ones.

mod findings;
mod live;
mod outcome;
mod picture;
mod tested;
mod verify;
mod words;

use poem::http::{HeaderName, HeaderValue};

pub use self::live::cue;
pub use self::outcome::{TestAnswer, TestOutcome};
pub use self::picture::drawn_jpeg;
pub use self::tested::{Staged, Tested};
pub use self::verify::{TestCapture, embedding, judge, unreadable};

/// The header of every answer to a test key, and to the client token of a test session.
pub static HEADER: HeaderName = HeaderName::from_static("x-livegate-test");

/// Its value.
pub const HEADER_VALUE: HeaderValue = HeaderValue::from_static("true");
