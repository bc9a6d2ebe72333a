//! What is wrong with a picture that is refused, of a capture and of a live frame.

use livegate_media::HeaderError;

use super::excerpt::Excerpt;
use super::media::MAX_FRAME_BYTES;

/// A frame that is not as documented.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Frame {position}: {problem}.")]
pub struct BadFrame {
    /// Its position in the request, from 0.
    pub position: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a frame; each text begins with the field.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else stands where a frame should.
    #[error("it must be an object with index, timestamp_ms, phase and image_b64")]
    NotAnObject,
    /// A field is absent or of another type.
    #[error("{field} must be {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The index is not the frame's position.
    #[error("index must be {0}: indexes count from 0 without gaps")]
    Index(usize),
    /// Time does not run forwards.
    #[error("timestamp_ms must be greater than that of the frame before it")]
    NotLater,
    /// The tag belongs to no action.
    #[error("phase must start with turn_left, turn_right, turn_up, turn_down, blink or center")]
    Phase,
    /// Not base64.
    #[error("image_b64 does not decode as base64")]
    Base64,
    /// Nothing in it.
    #[error("image_b64 is empty")]
    Empty,
    /// Too large once decoded.
    #[error("image_b64 is over {} MiB once decoded", MAX_FRAME_BYTES >> 20)]
    TooLarge,
    /// Not a picture that is accepted.
    #[error("image_b64 {0}")]
    Picture(#[from] HeaderError),
}

/// An image that is not as documented.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// Nothing in it.
    #[error("The image is empty; send a JPEG or a PNG.")]
    Empty,
    /// Not a picture that is accepted.
    #[error("The image {0}.")]
    Picture(#[from] HeaderError),
    /// Its part of the form says that it is encoded.
    #[error(
        "The image's part of the form has the Content-Transfer-Encoding {0}; send the picture's bytes as they are."
    )]
    Encoded(Excerpt),
    /// Its header is in order, its pixels are not.
    #[error("The image cannot be decoded; it is damaged or cut off.")]
    Undecodable,
    /// It shows a face without colour.
    #[error(
        "The image is grey; send it in colour, from a colour camera in light: the anti-spoof models know colour only."
    )]
    NoColour,
}
