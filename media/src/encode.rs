//! Encodes decoded pictures as JPEG.
//!
//! The file holds the pixels and the JFIF header, and nothing else: no EXIF, no comment, no colour profile.
//! Decoding ignores a colour profile too. So a picture from a camera with a wider range of colours than
//! sRGB comes back with its numbers unchanged and is shown slightly paler.

use bytes::Bytes;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use crate::pixels::{DecodeError, RgbFrame};

/// JPEG quality, 1 to 100.
const QUALITY: i32 = 92;

/// The picture cannot be encoded.
#[derive(Debug, thiserror::Error)]
#[error("the picture cannot be encoded: {0}")]
pub struct EncodeError(#[from] turbojpeg::Error);

/// Why there is no upright JPEG of a picture.
#[derive(Debug, thiserror::Error)]
pub enum UprightError {
    /// The picture cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The pixels cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Encodes a frame as JPEG: quality 92, chroma at half of the resolution in both directions.
///
/// # Errors
/// [`EncodeError`] when libjpeg-turbo fails.
pub fn encode_jpeg(frame: &RgbFrame) -> Result<Bytes, EncodeError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut compressor = Compressor::new()?;
    compressor.set_quality(QUALITY)?;
    compressor.set_subsamp(Subsamp::Sub2x2)?;
    let jpeg = compressor.compress_to_vec(Image {
        pixels: frame.pixels.as_slice(),
        width,
        pitch: width * 3,
        height,
        format: PixelFormat::RGB,
    })?;
    Ok(jpeg.into())
}
