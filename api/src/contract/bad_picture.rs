//! Why a picture of a capture or of a live frame is refused.

use livegate_media::HeaderError;

use super::excerpt::Excerpt;
use super::media::MAX_FRAME_BYTES;

/// A frame of a capture that is not as documented.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Frame {position}: {problem}.")]
pub struct BadFrame {
    /// Position of the frame in the request, from 0.
    pub position: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a frame. Each text begins with the name of the field, and ends without a full
/// stop.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The entry is not a JSON object.
    #[error("it must be an object with index, timestamp_ms, phase and image_b64")]
    NotAnObject,
    /// A field is absent or of another type.
    #[error("{field} must be {expected}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What its value must be.
        expected: &'static str,
    },
    /// The index is not the frame's position. Holds the position.
    #[error("index must be {0}: indexes count from 0 without gaps")]
    Index(usize),
    /// The time is not later than that of the frame before.
    #[error("timestamp_ms must be greater than that of the frame before it")]
    NotLater,
    /// The tag does not start with the name of an action or `center`.
    #[error("phase must start with turn_left, turn_right, turn_up, turn_down, blink or center")]
    Phase,
    /// The text is not base64.
    #[error("image_b64 does not decode as base64")]
    Base64,
    /// The picture has no bytes.
    #[error("image_b64 is empty")]
    Empty,
    /// The picture is over the size limit once decoded from base64.
    #[error("image_b64 is over {} MiB once decoded", MAX_FRAME_BYTES >> 20)]
    TooLarge,
    /// The bytes are not a picture that is accepted.
    #[error("image_b64 {0}")]
    Picture(#[from] HeaderError),
}

/// An image of a live frame that is not as documented.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// The image has no bytes.
    #[error("The image is empty; send a JPEG or a PNG.")]
    Empty,
    /// The bytes are not a picture that is accepted.
    #[error("The image {0}.")]
    Picture(#[from] HeaderError),
    /// The header of its form part states a transfer encoding. Holds that encoding.
    #[error(
        "The image's part of the form has the Content-Transfer-Encoding {0}; send the picture's bytes as they are."
    )]
    Encoded(Excerpt),
    /// The header is valid, but the pixels cannot be decoded.
    #[error("The image cannot be decoded; it is damaged or cut off.")]
    Undecodable,
    /// A face in a picture without colour.
    #[error(
        "The image is grey; send it in colour, from a colour camera in light: the anti-spoof models know colour only."
    )]
    NoColour,
}
