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
/// prefix if there is one. Both alphabets are taken, the standard one and that for URLs and file names
/// ([RFC 4648, section 5](https://www.rfc-editor.org/rfc/rfc4648#section-5)), and no mixture of them: that
/// is no encoder's work, but text that was damaged. The limit is only that of the work: what comes out may
/// be a little larger.
pub(super) fn decode(text: &str, max_bytes: usize) -> Result<Bytes, Base64Error> {
    let base64 = content(text).ok_or(Base64Error::NotBase64)?;
    // Not even with a line break after every few characters.
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

/// Decodes in place, as the text with the other alphabet is needed for nothing else.
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
    // What is kept is counted by its length.
    medium.shrink_to_fit();
    Some(medium)
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
