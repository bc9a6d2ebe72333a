//! Limits of media, and what is wrong with a picture that is refused.

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
/// What a clip weighs, in frames: those of 5 s, which is usual.
///
/// How long it is shows only when it is decoded, and 30 s are allowed. Of the longest, two at once
/// are let in for two inference threads, which take 17 s for them: more than the default deadline.
pub const CLIP_WEIGHT: usize = 75;
