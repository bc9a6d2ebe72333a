//! Decodes a caller's picture to upright pixels, and encodes these anew.
//!
//! Every byte is hostile. The format is recognised by its magic number. The size is read from the header
//! and checked before a pixel is decoded. A picture that ends early is refused, not padded.

mod container;
mod damage;
mod encode;
mod exif;
mod foreign;
mod header;
mod jpeg;
pub mod length;
mod libjpeg;
mod picture;
mod pixels;
mod png;
#[cfg(test)]
mod testing;
mod warning;

pub use container::Container;
pub use encode::{EncodeError, UprightError, encode_jpeg};
pub use foreign::Foreign;
pub use header::{Format, HeaderError, ImageHeader, MAX_SIDE, MIN_SIDE};
pub use picture::Picture;
pub use pixels::{DecodeError, RgbFrame, decode};
