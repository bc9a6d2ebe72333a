//! What a picture's header says, without decoding a pixel.

use image::metadata::Orientation;

use super::foreign::Foreign;
use super::{jpeg, png};

/// Smallest side of a frame, pixels.
pub const MIN_SIDE: u32 = 120;
/// Largest side of a frame, pixels.
pub const MAX_SIDE: u32 = 4096;

/// The picture formats that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Starts with ff d8.
    Jpeg,
    /// Starts with the eight bytes of its specification.
    Png,
}

/// Why a picture is refused by its header.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Neither format, nor any that is known here.
    #[error("is neither a JPEG nor a PNG")]
    UnknownFormat,
    /// Something else, by its first bytes.
    #[error("is {0}, neither a JPEG nor a PNG")]
    Foreign(Foreign),
    /// The format's magic number, but no header after it.
    #[error("has no readable {0} header")]
    Broken(&'static str),
    /// One channel, or a palette of greys: the anti-spoof models know colour only.
    #[error(
        "is grey, and must be in colour: whether a living person is in front of the camera is judged by colour, too"
    )]
    Grey,
    /// Printers' colours, which no camera writes.
    #[error("has {0} colour channels; a JPEG must have 3")]
    Channels(u8),
    /// Medical and printers' pictures.
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

/// What can be known of a picture before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageHeader {
    /// JPEG or PNG.
    pub format: Format,
    /// Width once upright, pixels.
    pub width: u32,
    /// Height once upright, pixels.
    pub height: u32,
    /// What has to be done to set it upright (EXIF).
    pub orientation: Orientation,
}

impl ImageHeader {
    /// Reads the header.
    ///
    /// # Errors
    /// [`HeaderError`] when the picture is not one that is accepted.
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
    /// Width and height as stored, before it is set upright, pixels.
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
