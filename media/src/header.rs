//! The header of a picture, read and checked without decoding a pixel.

use image::metadata::Orientation;

use super::foreign::Foreign;
use super::{jpeg, png};

/// Smallest side of a frame, pixels.
pub const MIN_SIDE: u32 = 120;
/// Largest side of a frame, pixels.
pub const MAX_SIDE: u32 = 4096;

/// An accepted picture format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Starts with ff d8.
    Jpeg,
    /// Starts with the eight bytes of its specification.
    Png,
}

/// Why a picture is refused by its header. Each text continues a sentence whose subject is the picture.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The file has neither an accepted nor a known format.
    #[error("is neither a JPEG nor a PNG")]
    UnknownFormat,
    /// The file has another known format.
    #[error("is {0}, neither a JPEG nor a PNG")]
    Foreign(Foreign),
    /// The file has the magic number of a format, but no readable header after it.
    #[error("has no readable {0} header")]
    Broken(&'static str),
    /// The picture has one channel, or a palette of greys. The anti-spoof models need colour.
    #[error(
        "is grey, and must be in colour: whether a living person is in front of the camera is judged by colour, too"
    )]
    Grey,
    /// The JPEG has another number of channels than 3, such as printers' colours. Cameras do not write
    /// those.
    #[error("has {0} colour channels; a JPEG must have 3")]
    Channels(u8),
    /// The JPEG has another depth than 8 bits, as medical and printers' pictures have.
    #[error("has {0} bits a channel; a JPEG must have 8")]
    Bits(u8),
    /// A side outside [`MIN_SIDE`]..=[`MAX_SIDE`].
    #[error("is {width}x{height} pixels; each side must be {MIN_SIDE} to {MAX_SIDE}")]
    Size {
        /// Width, pixels.
        width: u32,
        /// Height, pixels.
        height: u32,
    },
}

/// Properties of a picture that are known before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// JPEG or PNG.
    pub format: Format,
    /// Width after the picture is set upright, pixels.
    pub width: u32,
    /// Height after the picture is set upright, pixels.
    pub height: u32,
    /// Rotation and reflection that set the stored picture upright (EXIF).
    pub orientation: Orientation,
}

impl ImageHeader {
    /// Reads the header and checks it against the limits.
    ///
    /// # Errors
    /// [`HeaderError`], for the first limit that the picture breaks.
    pub fn read(bytes: &[u8]) -> Result<Self, HeaderError> {
        let unknown =
            || Foreign::of(bytes).map_or(HeaderError::UnknownFormat, HeaderError::Foreign);
        let format = Format::of(bytes).ok_or_else(unknown)?;
        let (stored_width, stored_height, orientation) = match format {
            Format::Jpeg => {
                let header = jpeg::read(bytes).ok_or(HeaderError::Broken("JPEG"))?;
                match (header.channels, header.bits) {
                    (1, _) => return Err(HeaderError::Grey),
                    (3, 8) => {}
                    (3, bits) => return Err(HeaderError::Bits(bits)),
                    (channels, _) => return Err(HeaderError::Channels(channels)),
                }
                (header.width, header.height, header.orientation)
            }
            Format::Png => {
                let header = png::read(bytes).ok_or(HeaderError::Broken("PNG"))?;
                if header.is_grey {
                    return Err(HeaderError::Grey);
                }
                (header.width, header.height, header.orientation)
            }
        };
        let (width, height) = if swaps_sides(orientation) {
            (stored_height, stored_width)
        } else {
            (stored_width, stored_height)
        };
        let allowed = MIN_SIDE..=MAX_SIDE;
        if !allowed.contains(&width) || !allowed.contains(&height) {
            return Err(HeaderError::Size { width, height });
        }
        Ok(Self {
            format,
            width,
            height,
            orientation,
        })
    }
}

impl ImageHeader {
    /// Width and height as stored, before the picture is set upright, pixels.
    pub(super) fn stored_size(&self) -> (u32, u32) {
        if swaps_sides(self.orientation) {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        }
    }
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xff, 0xd8]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else {
            None
        }
    }
}

fn swaps_sides(orientation: Orientation) -> bool {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
}
