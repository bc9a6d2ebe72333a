//! Request bodies, parsed once into values that need no further check.
//!
//! The bodies are read by hand rather than by derived types because every refusal has to name the
//! field, the frame and what is allowed, must not repeat more of what was sent than a short name, and
//! has to come in a fixed order.

mod base64;
mod frames;
mod loose;
mod session;
mod verify;

pub use frames::{BadFrame, CapturedFrame, Problem};
pub use session::{MIN_ACTIONS, NewSession, SessionDefaults};
pub use verify::{CLIP_WEIGHT, Capture, VerifyRequest};

/// Fewest frames of a capture.
pub const MIN_IMAGES: usize = 8;
/// Most frames of a capture.
pub const MAX_IMAGES: usize = 20;
/// Largest frame once decoded from base64, bytes.
pub const MAX_FRAME_BYTES: usize = 10 << 20;
/// Largest clip once decoded from base64, MiB.
pub const MAX_VIDEO_SIZE_MB: u32 = 25;
/// The same in bytes.
pub const MAX_VIDEO_BYTES: usize = (MAX_VIDEO_SIZE_MB as usize) << 20;
/// Largest verify body, bytes: a clip of the largest size in base64, and room to spare.
pub const MAX_VERIFY_BODY_BYTES: usize = 36 << 20;
/// Largest body of a session's creation, bytes.
pub const MAX_SESSION_BODY_BYTES: usize = 64 << 10;
