//! Limits of media.

/// Minimum number of frames of a capture.
pub const MIN_IMAGES: usize = 8;
/// Maximum number of frames of a capture.
pub const MAX_IMAGES: usize = 20;
/// Largest frame once decoded from base64, bytes.
pub const MAX_FRAME_BYTES: usize = 10 << 20;
/// Largest clip once decoded from base64, MiB.
pub const MAX_VIDEO_SIZE_MB: u32 = 25;
/// The same limit in bytes.
pub const MAX_VIDEO_BYTES: usize = (MAX_VIDEO_SIZE_MB as usize) << 20;
