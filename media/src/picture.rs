//! A picture whose header was read and accepted.

use std::fmt;

use bytes::Bytes;
use image::metadata::Orientation;

use crate::header::{Format, HeaderError, ImageHeader};
use crate::pixels::{DecodeError, decode_as, encode};

/// A picture with an accepted header. No pixel of it has been decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    bytes: Bytes,
    header: ImageHeader,
}

impl Picture {
    /// Reads the header.
    ///
    /// # Errors
    /// [`HeaderError`], for the first limit that the picture breaks.
    pub fn read(bytes: Bytes) -> Result<Self, HeaderError> {
        let header = ImageHeader::read(&bytes)?;
        Ok(Self { bytes, header })
    }

    /// Its header.
    pub fn header(&self) -> &ImageHeader {
        &self.header
    }

    /// The file, JPEG or PNG, as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The picture as an upright JPEG. An upright JPEG is returned unchanged.
    ///
    /// # Errors
    /// [`DecodeError`] when the picture cannot be decoded.
    pub fn into_upright_jpeg(self) -> Result<Bytes, DecodeError> {
        let Self { bytes, header } = self;
        if header.format == Format::Jpeg && header.orientation == Orientation::NoTransforms {
            return Ok(bytes);
        }
        encode(decode_as(&bytes, &header)?)
    }
}

/// Prints the size only: the pixels show a person.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} bytes)", self.bytes.len())
    }
}
