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
/// Weight of a clip in the limit on work in flight, in frames: those of a usual clip of 5 s.
///
/// The length of a clip is known only after decoding, and 30 s are allowed. If all clips are of the
/// longest kind, two at once are admitted for two inference threads, which take 17 s for them: more
/// than the default deadline.
pub const CLIP_WEIGHT: usize = 75;
