//! A picture whose header was read and accepted.

use std::fmt;

use bytes::Bytes;

use crate::encode::{UprightError, encode_jpeg};
use crate::header::{HeaderError, ImageHeader};
use crate::pixels::decode_as;

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

    /// The picture as an upright JPEG of the same size, always encoded anew.
    ///
    /// The caller's own bytes never come back: a file can hold a place and a time (EXIF), comments, and
    /// anything after the picture's end.
    ///
    /// # Errors
    /// [`UprightError`] when the picture cannot be decoded, or its pixels cannot be encoded.
    pub fn into_upright_jpeg(self) -> Result<Bytes, UprightError> {
        let Self { bytes, header } = self;
        let frame = decode_as(&bytes, &header)?;
        drop(bytes);
        Ok(encode_jpeg(&frame)?)
    }
}

/// Prints the size only: the pixels show a person.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} bytes)", self.bytes.len())
    }
}
