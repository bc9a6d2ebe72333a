//! Decodes media from base64, with or without a data-URL prefix.

use bytes::Bytes;

/// Why text could not be decoded to a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// The text is in neither alphabet, or in a mixture of both.
    NotBase64,
    /// Over the limit once decoded.
    TooLarge,
}

/// Longest data-URL prefix, characters: media types and codecs.
const MAX_PREFIX: usize = 256;

/// Decodes base64 as browsers do (white space and missing padding are accepted), after a data-URL
/// prefix if there is one.
///
/// It accepts both alphabets, the standard one and that for URLs and file names ([RFC 4648, section
/// 5](https://www.rfc-editor.org/rfc/rfc4648#section-5)), but not a mixture: no encoder writes that, so
/// the text was damaged. `max_bytes` only limits the work: the result may be a little larger.
///
/// # Errors
/// [`Base64Error`] when the text is not base64, or is clearly over the limit.
pub fn decode(text: &str, max_bytes: usize) -> Result<Bytes, Base64Error> {
    let base64 = content(text).ok_or(Base64Error::NotBase64)?;
    // Longer than the limit allows, even with a line break after every few characters.
    if base64.len() / 4 * 3 > max_bytes + max_bytes / 8 {
        return Err(Base64Error::TooLarge);
    }
    let medium = if memchr::memchr2(b'-', b'_', base64).is_some() {
        decode_url_safe(base64)
    } else {
        base64_simd::forgiving_decode_to_vec(base64).ok()
    };
    medium.map(Bytes::from).ok_or(Base64Error::NotBase64)
}

/// Translates to the standard alphabet in place, since the text is not needed again, and decodes.
fn decode_url_safe(base64: &[u8]) -> Option<Vec<u8>> {
    if memchr::memchr2(b'+', b'/', base64).is_some() {
        return None;
    }
    let standard = base64.iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let mut medium: Vec<u8> = standard.collect();
    let length = base64_simd::forgiving_decode_inplace(&mut medium)
        .ok()?
        .len();
    medium.truncate(length);
    // The capacity beyond its length would be kept in memory, uncounted.
    medium.shrink_to_fit();
    Some(medium)
}

/// The text after the prefix. Recorders write comma-separated lists of codecs into the prefix, so it
/// ends at the first comma after `;base64`, not at the first comma.
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
    fn the_alphabet_for_urls_is_decoded_too_and_never_mixed_with_the_other() {
        let bytes = b"\xfb\xef\xff\x3e";
        for text in [
            "--__Pg==",
            "--__Pg",
            "--\r\n__Pg==\n",
            "data:image/png;base64,--__Pg",
        ] {
            assert_eq!(decode(text, 100).unwrap(), &bytes[..], "{text}");
        }
        for text in [
            "+-__Pg==",
            "--//Pg",
            "--__P",
            "--__Pg=",
            "--__Pg===",
            "-",
            "--__Pg.=",
        ] {
            assert_eq!(decode(text, 100), Err(Base64Error::NotBase64), "{text}");
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
