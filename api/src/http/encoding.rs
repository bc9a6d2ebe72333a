//! The encoding of a body's text: byte order marks, and encodings other than UTF-8.

use crate::error::ApiError;

/// The UTF-8 byte order mark, which .NET and Windows tools write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a JSON body, without a byte order mark.
///
/// This only tells other encodings from UTF-8: by their marks, or by the NUL bytes that UTF-16 and
/// UTF-32 have at the beginning of JSON ([RFC 4627, section
/// 3](https://www.rfc-editor.org/rfc/rfc4627#section-3)). Whether the text is valid UTF-8 is left to
/// the parser.
///
/// # Errors
/// [`ApiError::InvalidInput`] naming the other encoding.
pub fn json_text(body: &[u8]) -> Result<&[u8], ApiError> {
    if let Some(text) = body.strip_prefix(MARK) {
        return Ok(text);
    }
    let name = match *body {
        // UTF-32 first: its little-endian mark begins like that of UTF-16.
        [0xff, 0xfe, 0, 0, ..]
        | [0, 0, 0xfe, 0xff, ..]
        | [0, 0, 0, _, ..]
        | [1..=255, 0, 0, 0, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] => "UTF-16",
        _ => return Ok(body),
    };
    Err(ApiError::InvalidInput(format!(
        "The body is {name}; send UTF-8."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_skipped_and_other_encodings_are_named() {
        for body in ["", "{}", "\u{feff}", "\u{feff}{}", "\"\u{fffe}\"", "7"] {
            let text = body.trim_start_matches('\u{feff}').as_bytes();
            assert_eq!(json_text(body.as_bytes()).unwrap(), text);
        }
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for text in ["{}", "\u{feff}{}", "\u{feff}", "{\"größe\": \"😀\"}", "7"] {
            let little: Vec<u8> = units(text).iter().flat_map(|u| u.to_le_bytes()).collect();
            let big: Vec<u8> = units(text).iter().flat_map(|u| u.to_be_bytes()).collect();
            let little4: Vec<u8> = text
                .chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect();
            let big4: Vec<u8> = text
                .chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect();
            for (body, name) in [
                (little, "UTF-16"),
                (big, "UTF-16"),
                (little4, "UTF-32"),
                (big4, "UTF-32"),
            ] {
                let refused = json_text(&body).unwrap_err().to_string();
                assert_eq!(
                    refused,
                    format!("The body is {name}; send UTF-8."),
                    "{text}"
                );
            }
        }
    }
}
