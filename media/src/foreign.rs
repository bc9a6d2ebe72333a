//! Recognises files that are neither JPEG nor PNG, so that the error can name them.

/// Bytes at the beginning of a file that are examined.
const BEGINNING: usize = 512;
/// A JPEG or PNG that begins within this many bytes is reported as [`Foreign::Late`].
const LATE: usize = 64;

/// The kind of a file that is not an accepted picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// AV1 still picture.
    #[error("an AVIF picture")]
    Avif,
    /// An address where a picture may be, instead of the picture.
    #[error("the address of a picture")]
    Address,
    /// Base64 of a picture as text, or a data URL.
    #[error("base64 text of a picture")]
    Base64,
    /// Windows bitmap.
    #[error("a BMP picture")]
    Bmp,
    /// GIF.
    #[error("a GIF picture")]
    Gif,
    /// HEVC still picture, the format of iPhones, or another HEIF picture.
    #[error("a HEIC picture")]
    Heic,
    /// A web page, often an error page.
    #[error("an HTML page")]
    Html,
    /// Windows icon.
    #[error("an icon")]
    Icon,
    /// JPEG 2000.
    #[error("a JPEG 2000 picture")]
    Jpeg2000,
    /// JPEG XL.
    #[error("a JPEG XL picture")]
    JpegXl,
    /// JPEG XR.
    #[error("a JPEG XR picture")]
    JpegXr,
    /// JSON, often an error message.
    #[error("JSON text")]
    Json,
    /// A picture with other bytes before it.
    #[error("a picture with other bytes before it")]
    Late,
    /// PDF.
    #[error("a PDF document")]
    Pdf,
    /// Photoshop document.
    #[error("a Photoshop document")]
    Photoshop,
    /// SVG or other XML.
    #[error("an SVG or XML document")]
    Xml,
    /// Other text.
    #[error("text")]
    Text,
    /// TIFF, or a format based on it: DNG and other raw formats.
    #[error("a TIFF or raw picture")]
    Tiff,
    /// A clip.
    #[error("a video")]
    Video,
    /// WebP.
    #[error("a WebP picture")]
    WebP,
    /// A compressed archive.
    #[error("a compressed archive")]
    Archive,
    /// A medical picture.
    #[error("a DICOM picture")]
    Dicom,
    /// The name of an object of JavaScript, which a program wrote in place of its bytes.
    #[error("the name of a JavaScript object")]
    Object,
    /// A picture that a program has read or sent as text. Bytes were replaced by others, and are lost.
    #[error("a picture that was read or sent as text, and so is damaged")]
    Recoded,
    /// Zeros, such as a buffer that was never filled.
    #[error("nothing but zeros")]
    Zeros,
}

impl Foreign {
    /// Recognises the kind of a file; `None` where it is unknown.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let beginning = bytes.get(..BEGINNING).unwrap_or(bytes);
        Self::by_magic(beginning)
            .or_else(|| Self::by_box(beginning))
            .or_else(|| Self::by_recoding(beginning))
            .or_else(|| Self::by_text(beginning))
            .or_else(|| begins_late(beginning).then_some(Self::Late))
            .or_else(|| (!bytes.is_empty() && bytes.iter().all(|b| *b == 0)).then_some(Self::Zeros))
    }

    fn by_magic(bytes: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 31] = [
            (b"GIF8", Self::Gif),
            (b"BM", Self::Bmp),
            (b"II\x2a\0", Self::Tiff),
            (b"MM\0\x2a", Self::Tiff),
            (b"II\x2b\0", Self::Tiff),
            (b"MM\0\x2b", Self::Tiff),
            (b"II\xbc", Self::JpegXr),
            (b"\xff\x0a", Self::JpegXl),
            (b"\0\0\0\x0cJXL ", Self::JpegXl),
            (b"\0\0\0\x0cjP  ", Self::Jpeg2000),
            (b"\xff\x4f\xff\x51", Self::Jpeg2000),
            (b"%PDF-", Self::Pdf),
            (b"8BPS", Self::Photoshop),
            (b"\0\0\x01\0", Self::Icon),
            (b"\x1a\x45\xdf\xa3", Self::Video),
            (b"PK\x03\x04", Self::Archive),
            (b"\x1f\x8b", Self::Archive),
            (b"FLV\x01", Self::Video),
            (b"OggS", Self::Video),
            (b"\0\0\x01\xba", Self::Video),
            (b"\0\0\x01\xb3", Self::Video),
            (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Self::Video),
            (b"\0\0\x02\0", Self::Icon),
            (b"FUJIFILMCCD-RAW", Self::Tiff),
            (b"IIRO", Self::Tiff),
            (b"IIU\0", Self::Tiff),
            (b"Rar!\x1a\x07", Self::Archive),
            (b"7z\xbc\xaf\x27\x1c", Self::Archive),
            (b"\x28\xb5\x2f\xfd", Self::Archive),
            (b"\xfd7zXZ\0", Self::Archive),
            (b"BZh", Self::Archive),
        ];
        if bytes.starts_with(b"RIFF") {
            return match bytes.get(8..12)? {
                b"WEBP" => Some(Self::WebP),
                b"AVI " => Some(Self::Video),
                _ => None,
            };
        }
        let found = known.iter().find(|(magic, _)| bytes.starts_with(magic));
        let found = found.map(|(_, foreign)| *foreign);
        // MPEG transport streams have a sync byte every 188 bytes; DICOM has a preamble of 128 bytes.
        let syncs = [bytes.first(), bytes.get(188), bytes.get(376)];
        found
            .or_else(|| (syncs == [Some(&0x47); 3]).then_some(Self::Video))
            .or_else(|| (bytes.get(128..132)? == b"DICM").then_some(Self::Dicom))
    }

    /// Recognises ISO base media by the brands in its first box (ISO/IEC 14496-12). The major brand
    /// comes first. Several still formats have a common major brand, and name their own brand after it.
    fn by_box(bytes: &[u8]) -> Option<Self> {
        match bytes.get(4..8)? {
            b"ftyp" => {}
            // QuickTime files without brands, and fragments of clips.
            b"moov" | b"mdat" | b"wide" | b"styp" | b"moof" => return Some(Self::Video),
            _ => return None,
        }
        let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let length = usize::try_from(length).ok()?.min(bytes.len());
        let own = bytes.get(8..12)?;
        let others = bytes.get(16..length).unwrap_or_default();
        let names = |brands: &[&[u8]]| {
            let mut all = std::iter::once(own).chain(others.chunks_exact(4));
            all.any(|brand| brands.contains(&brand))
        };
        Some(if names(&[b"avif", b"avis"]) {
            Self::Avif
        } else if names(&[b"jxl "]) {
            Self::JpegXl
        } else if names(&[
            b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1",
            b"mif2", b"msf1", b"miaf", b"avci", b"jpeg",
        ]) {
            Self::Heic
        } else if names(&[b"crx "]) {
            Self::Tiff
        } else {
            Self::Video
        })
    }

    /// Recognises the first bytes of a JPEG or a PNG after they went through text: replaced by U+FFFD, written
    /// as two bytes each, or with their line ends changed.
    fn by_recoding(bytes: &[u8]) -> Option<Self> {
        const REPLACED: &[u8] = b"\xef\xbf\xbd";
        let begins: [&[u8]; 6] = [
            // ff d8 ff, read as ISO 8859-1 and written as UTF-8.
            b"\xc3\xbf\xc3\x98\xc3\xbf",
            b"\xc2\x89PNG",
            b"\xef\xbf\xbdPNG",
            b"\x89PNG\n\x1a\n",
            b"\x89PNG\r\n\x1a\r\n",
            b"\x89PNG\r\r\n\x1a",
        ];
        let replaced = bytes.chunks_exact(3).take_while(|c| *c == REPLACED).count();
        let is_recoded = replaced >= 3 || begins.iter().any(|b| bytes.starts_with(b));
        is_recoded.then_some(Self::Recoded)
    }

    fn by_text(bytes: &[u8]) -> Option<Self> {
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            // The examined beginning may end in the middle of a character.
            Err(e) if e.valid_up_to() + 4 > bytes.len() && bytes.len() == BEGINNING => {
                str::from_utf8(bytes.get(..e.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let is_text = |c: char| !c.is_control() || c.is_whitespace();
        if text.is_empty() || !text.chars().all(is_text) {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let begins = |beginnings: &[&str]| beginnings.iter().any(|b| lower.starts_with(b));
        Some(if begins(&["<!doctype html", "<html", "<head", "<body"]) {
            Self::Html
        } else if begins(&["<?xml", "<svg", "<!doctype svg"]) {
            Self::Xml
        } else if begins(&["[object "]) {
            Self::Object
        } else if begins(&["http://", "https://", "blob:", "file:", "content://"]) {
            Self::Address
        } else if begins(&["{", "["]) {
            Self::Json
        } else if begins(&["data:image/"]) || text.starts_with("/9j/") || text.starts_with("iVBORw")
        {
            Self::Base64
        } else {
            Self::Text
        })
    }
}

fn begins_late(bytes: &[u8]) -> bool {
    let near = bytes.get(..LATE).unwrap_or(bytes);
    let has = |magic: &[u8]| near.windows(magic.len()).any(|w| w == magic);
    has(b"\xff\xd8\xff") || has(b"\x89PNG\r\n\x1a\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::{HeaderError, ImageHeader};

    /// Beginnings of files that name their kind by themselves.
    const BEGINNINGS: &[(&[u8], Foreign)] = &[
        (b"RIFF\x24\0\0\0WEBP", Foreign::WebP),
        (b"\0\0\0\x10ftypheic\0\0\0\0", Foreign::Heic),
        (b"\0\0\0\x10ftypavif\0\0\0\0", Foreign::Avif),
        (b"\0\0\0\x10ftypisom\0\0\0\0", Foreign::Video),
        (b"\x1a\x45\xdf\xa3", Foreign::Video),
        (b"GIF89a", Foreign::Gif),
        (b"BM", Foreign::Bmp),
        (b"II\x2a\0", Foreign::Tiff),
        (b"%PDF-", Foreign::Pdf),
        (b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", Foreign::Recoded),
    ];

    #[test]
    fn what_came_is_named() {
        let boxed = |brands: &[u8]| {
            let length = u8::try_from(8 + brands.len()).unwrap();
            [&[0, 0, 0, length], &b"ftyp"[..], brands, b"\0\0\0\x10meta"].concat()
        };
        let mut transport_stream = [0xff; 400];
        for at in [0, 188, 376] {
            transport_stream[at] = 0x47;
        }
        let mut dicom = [0; 140];
        dicom[128..132].copy_from_slice(b"DICM");
        let cases: [(&[u8], Option<Foreign>); 51] = [
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(Foreign::WebP)),
            (b"RIFF\x24\0\0\0AVI LIST", Some(Foreign::Video)),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (b"GIF89a\x01\0", Some(Foreign::Gif)),
            (b"BM\x36\0\0\0", Some(Foreign::Bmp)),
            (b"II\x2a\0\x08\0\0\0", Some(Foreign::Tiff)),
            (b"MM\0\x2a\0\0\0\x08", Some(Foreign::Tiff)),
            (b"%PDF-1.7\n", Some(Foreign::Pdf)),
            (b"\xff\x0a\xfa\x7f", Some(Foreign::JpegXl)),
            (b"\0\0\0\x0cJXL \r\n\x87\n", Some(Foreign::JpegXl)),
            (b"\0\0\0\x0cjP  \r\n\x87\n", Some(Foreign::Jpeg2000)),
            (b"\xff\x4f\xff\x51\0\x2f", Some(Foreign::Jpeg2000)),
            (&boxed(b"heic\0\0\0\0mif1heic"), Some(Foreign::Heic)),
            (&boxed(b"mif1\0\0\0\0mif1heic"), Some(Foreign::Heic)),
            (&boxed(b"avif\0\0\0\0avifmif1"), Some(Foreign::Avif)),
            (&boxed(b"mif1\0\0\0\0mif1avif"), Some(Foreign::Avif)),
            (&boxed(b"isom\0\0\0\0isomavc1"), Some(Foreign::Video)),
            (&boxed(b"qt  \0\0\0\0qt  "), Some(Foreign::Video)),
            (b"\x1a\x45\xdf\xa3\x9f", Some(Foreign::Video)),
            (b"<!DOCTYPE html><html>", Some(Foreign::Html)),
            (b"\xef\xbb\xbf\r\n <HTML>", Some(Foreign::Html)),
            (
                b"<?xml version=\"1.0\"?><svg xmlns=\"x\">",
                Some(Foreign::Xml),
            ),
            (b"{\"error\":\"no\"}", Some(Foreign::Json)),
            (b"/9j/4AAQSkZJRg==", Some(Foreign::Base64)),
            (b"data:image/jpeg;base64,/9j/", Some(Foreign::Base64)),
            (b"no picture", Some(Foreign::Text)),
            ("kein Bild: Fu\u{df}".as_bytes(), Some(Foreign::Text)),
            (b"\r\n\xff\xd8\xff\xe0\0\x10JFIF", Some(Foreign::Late)),
            (b"PK\x03\x04\x14\0", Some(Foreign::Archive)),
            (b"\x28\xb5\x2f\xfd\x04", Some(Foreign::Archive)),
            (&boxed(b"msf1\0\0\0\0hevcmiaf"), Some(Foreign::Heic)),
            (&boxed(b"miaf\0\0\0\0miaf"), Some(Foreign::Heic)),
            (b"\0\0\0\x20moov\0\0", Some(Foreign::Video)),
            (b"\0\0\x01\xba\x44\0", Some(Foreign::Video)),
            (&transport_stream, Some(Foreign::Video)),
            (&[0x47; 188], Some(Foreign::Text)),
            (&dicom, Some(Foreign::Dicom)),
            (b"[object Blob]", Some(Foreign::Object)),
            (b"[1, 2]", Some(Foreign::Json)),
            (b"https://example.com/me.jpg", Some(Foreign::Address)),
            (b"blob:https://example.com/1", Some(Foreign::Address)),
            (b"\xc3\xbf\xc3\x98\xc3\xbf\xc3\xa0", Some(Foreign::Recoded)),
            (
                b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\0\x10JFIF",
                Some(Foreign::Recoded),
            ),
            (b"\xef\xbf\xbdPNG\r\n\x1a\n", Some(Foreign::Recoded)),
            (b"\x89PNG\n\x1a\n\0\0", Some(Foreign::Recoded)),
            (b"\x89PNG\r\n\x1a\r\n\0\0", Some(Foreign::Recoded)),
            (b"IIU\0\x18\0\0\0", Some(Foreign::Tiff)),
            (b"\xef\xbf\xbd alone", Some(Foreign::Text)),
            (&[0; 40], Some(Foreign::Zeros)),
            (b"", None),
            (b"\x93\x01\x02\x03\x80", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Foreign::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_beginning_may_end_within_a_character() {
        let text = "\u{e4}".repeat(400);
        assert_eq!(Foreign::of(text.as_bytes()), Some(Foreign::Text));
        assert_eq!(Foreign::of(&text.as_bytes()[1..]), None);
        let odd = format!("x{text}");
        assert_eq!(Foreign::of(odd.as_bytes()), Some(Foreign::Text));
    }
    proptest! {
        #[test]
        fn any_bytes_have_a_kind_or_none_and_accepted_pictures_have_none(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let named = Foreign::of(&bytes);
            // A sentence of the error ends with the name.
            prop_assert!(named.is_none_or(|n| !n.to_string().ends_with('.')));
            let refused = ImageHeader::read(&bytes);
            match named {
                Some(foreign) => prop_assert_eq!(refused, Err(HeaderError::Foreign(foreign))),
                None => prop_assert!(!matches!(refused, Err(HeaderError::Foreign(_)))),
            }
        }

        #[test]
        fn what_follows_a_known_beginning_does_not_change_its_name(
            (beginning, kind) in prop::sample::select(BEGINNINGS), rest in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let bytes = [beginning, &rest].concat();
            prop_assert_eq!(ImageHeader::read(&bytes), Err(HeaderError::Foreign(kind)));
        }
    }
}
