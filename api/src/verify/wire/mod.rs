//! Request bodies, parsed once into values that need no further check.
//!
//! Derived types accept a value of any type for every field; its meaning is checked afterwards. So
//! every refusal names the field, the frame and what is allowed. It repeats at most a short name from
//! the body, and refusals come in a fixed order.

mod frames;
mod session;
mod verify;

pub use frames::CapturedFrame;
pub use session::{MIN_ACTIONS, SessionOptions, test_outcome};
pub use verify::{Capture, VerifyRequest};

/// Largest verify body, bytes: a clip of the largest size in base64, with room to spare.
pub const MAX_VERIFY_BODY_BYTES: usize = 36 << 20;
/// Largest body of a request to create a session, bytes.
pub const MAX_SESSION_BODY_BYTES: usize = 64 << 10;
