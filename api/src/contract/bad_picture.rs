//! Why a picture of a capture or of a live frame is refused.

use livegate_media::{Foreign, HeaderError};

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
    /// The text is not base64, but another text that is known.
    #[error("image_b64 is {0}, not base64")]
    Text(Foreign),
    /// The text is a data URL in another encoding than base64.
    #[error("image_b64 is a data URL without ;base64")]
    PlainUrl,
    /// The text has a data-URL prefix before another.
    #[error("image_b64 has a data-URL prefix twice; send it once, or the base64 alone")]
    PrefixTwice,
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

/// Characters at the beginning of a text that are examined for what it is.
const BEGINNING: usize = 512;

impl Problem {
    /// The problem of a text that is not base64, with what it is instead where that is known.
    pub fn not_base64(text: &str) -> Self {
        let beginning: String = text.chars().take(BEGINNING).collect();
        let lower = beginning.to_ascii_lowercase();
        if lower.starts_with("data:") {
            return match lower.split_once(";base64,") {
                None => Self::PlainUrl,
                Some((_, content)) if content.trim_start().starts_with("data:") => {
                    Self::PrefixTwice
                }
                Some(_) => Self::Base64,
            };
        }
        match Foreign::of(beginning.as_bytes()) {
            // Damaged base64 is text too.
            None | Some(Foreign::Text | Foreign::Base64) => Self::Base64,
            Some(known) => Self::Text(known),
        }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_not_base64_is_named() {
        let prefix = "data:image/jpeg;base64,";
        for (text, named) in [
            ("!", "does not decode as base64"),
            ("/9j/4AAQ!", "does not decode as base64"),
            (&*format!("{prefix}/9j!"), "does not decode as base64"),
            (&*format!("{prefix}{prefix}/9j/"), "prefix twice"),
            ("data:image/svg+xml,<svg/>", "without ;base64"),
            ("[object Blob]", "is the name of a JavaScript object, not"),
            (
                "https://example.com/me.jpg",
                "is the address of a picture, not",
            ),
            ("{\"error\":1}", "is JSON text, not"),
            ("<!DOCTYPE html>", "is an HTML page, not"),
            ("<svg xmlns=\"x\">", "is an SVG or XML document, not"),
        ] {
            let problem = Problem::not_base64(text).to_string();
            assert!(
                problem.starts_with("image_b64 ") && problem.contains(named),
                "{problem}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_problem_that_is_short(text in "\\PC{0,700}") {
            let problem = Problem::not_base64(&text).to_string();
            prop_assert!(problem.len() < 120, "{}", problem);
        }
    }
}
