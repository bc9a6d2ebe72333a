//! Media as text.

use bytes::Bytes;

/// Why text is not a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base64Error {
    NotBase64,
    /// Over the limit once decoded.
    TooLarge,
}

/// Longest data-URL prefix: types and codecs.
const MAX_PREFIX: usize = 256;

/// Decodes base64 as browsers do (white space and missing padding are no error), after a data-URL
/// prefix if there is one. The limit is only that of the work: what comes out may be a little larger.
pub(super) fn decode(text: &str, max_bytes: usize) -> Result<Bytes, Base64Error> {
    let base64 = content(text).ok_or(Base64Error::NotBase64)?;
    // Not even with a line break after every few characters.
    if base64.len() / 4 * 3 > max_bytes + max_bytes / 8 {
        return Err(Base64Error::TooLarge);
    }
    let medium = base64_simd::forgiving_decode_to_vec(base64);
    medium.map(Bytes::from).map_err(|_| Base64Error::NotBase64)
}

/// What follows the prefix. Recorders write lists of codecs into it, so it ends at the first comma
/// after `;base64`, not at the first one.
fn content(text: &str) -> Option<&[u8]> {
    let bytes = text.as_bytes();
    let is_url = bytes
        .get(..5)
        .is_some_and(|p| p.eq_ignore_ascii_case(b"data:"));
    if !is_url {
        return Some(bytes);
    }
    let marker = b";base64,";
    let start = bytes.get(..bytes.len().min(MAX_PREFIX))?;
    let at = start
        .windows(marker.len())
        .position(|w| w.eq_ignore_ascii_case(marker))?;
    bytes.get(at + marker.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_and_libraries_write_is_decoded() {
        for text in [
            "aGVsbG8=",
            "aGVsbG8",
            "aGVs\r\nbG8=\n",
            "data:image/jpeg;base64,aGVsbG8=",
            "DATA:video/webm;codecs=vp8,opus;BASE64,aGVsbG8=",
        ] {
            assert_eq!(decode(text, 100).unwrap(), "hello", "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "aGVsbG8=!",
            "data:aGVsbG8=",
            "data:image/jpeg,aGVsbG8=",
            "ä",
        ] {
            assert_eq!(decode(text, 100), Err(Base64Error::NotBase64), "{text}");
        }
        assert_eq!(decode(&"A".repeat(400), 100), Err(Base64Error::TooLarge));
    }
}
