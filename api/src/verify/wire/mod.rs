//! Request bodies, parsed once into values that need no further check.
//!
//! Derived types take every field as a value of any type; what it means is decided afterwards. So every refusal
//! names the field, the frame and what is allowed, repeats no more of what was sent than a short name, and comes in
//! a fixed order.

mod base64;
mod frames;
mod raw_field;
mod session;
mod verify;

pub use frames::CapturedFrame;
pub use session::{MIN_ACTIONS, SessionOptions};
pub use verify::{Capture, VerifyRequest};

/// Largest verify body, bytes: a clip of the largest size in base64, and room to spare.
pub const MAX_VERIFY_BODY_BYTES: usize = 36 << 20;
/// Largest body of a session's creation, bytes.
pub const MAX_SESSION_BODY_BYTES: usize = 64 << 10;
