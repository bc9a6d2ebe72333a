//! Decodes pictures to upright pixels.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, RgbImage};

use super::damage::damage;
use super::header::{Format, HeaderError, ImageHeader};
use super::libjpeg::Opened;

/// Most scans of a progressive JPEG. Encoders write about ten; more are an attempt to use up processor
/// time.
const MAX_SCANS: u32 = 30;

/// A decoded, upright frame.
#[derive(Clone, PartialEq, Eq)]
pub struct RgbFrame {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Red, green, blue, row by row from the top; `3 * width * height` bytes.
    pub pixels: Vec<u8>,
}

/// Prints the size only: the pixels show a person.
impl std::fmt::Debug for RgbFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RgbFrame({}x{})", self.width, self.height)
    }
}

/// Why bytes are not an accepted picture.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The header is refused.
    #[error("the picture {0}")]
    Header(#[from] HeaderError),
    /// The header is accepted, but the pixels cannot be decoded.
    #[error("the picture is damaged or ends early: {0}")]
    Pixels(String),
}

impl DecodeError {
    fn pixels(cause: impl std::fmt::Display) -> Self {
        Self::Pixels(cause.to_string())
    }
}

/// Decodes a picture and sets it upright.
///
/// # Errors
/// [`DecodeError`] when the header is refused, or the picture is damaged or ends early.
pub fn decode(bytes: &[u8]) -> Result<RgbFrame, DecodeError> {
    decode_as(bytes, &ImageHeader::read(bytes)?)
}

/// Decodes a picture whose header was read before.
pub(crate) fn decode_as(bytes: &[u8], header: &ImageHeader) -> Result<RgbFrame, DecodeError> {
    let image = match header.format {
        Format::Jpeg => decode_jpeg(bytes, header)?,
        Format::Png => decode_png(bytes, header)?,
    };
    // Converted to three bytes a pixel before it is turned: turning takes a second picture in memory.
    let mut upright = DynamicImage::from(image.into_rgb8());
    upright.apply_orientation(header.orientation);
    let upright = upright.into_rgb8();
    if (upright.width(), upright.height()) != (header.width, header.height) {
        return Err(wrong_size());
    }
    Ok(RgbFrame {
        width: header.width,
        height: header.height,
        pixels: upright.into_raw(),
    })
}

fn wrong_size() -> DecodeError {
    DecodeError::pixels("its size is not what its header says")
}

/// Decodes a PNG within a memory limit: the pixels of the header's size, with four channels of 16 bits,
/// and 1 MiB for everything else. So compressed metadata cannot use up the memory.
fn decode_png(bytes: &[u8], header: &ImageHeader) -> Result<DynamicImage, DecodeError> {
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(u64::from(header.width) * u64::from(header.height) * 8 + (1 << 20));
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(DecodeError::pixels)?;
    DynamicImage::from_decoder(decoder).map_err(DecodeError::pixels)
}

/// Decodes a JPEG with libjpeg-turbo, which takes half of the time of the decoder in Rust. That time is
/// a fifth of what a verification spends outside the models.
fn decode_jpeg(bytes: &[u8], header: &ImageHeader) -> Result<DynamicImage, DecodeError> {
    let opened = Opened::new(bytes, MAX_SCANS).map_err(DecodeError::pixels)?;
    let (width, height) = header.stored_size();
    if opened.size() != (width, height) {
        // Checked before memory is allocated for the size that libjpeg-turbo reads.
        return Err(wrong_size());
    }
    let mut pixels = vec![0; width as usize * height as usize * 3];
    let report = opened.decode(&mut pixels).ok_or_else(wrong_size)?;
    if let Some(damage) = damage(&report, bytes.len()) {
        return Err(DecodeError::pixels(damage));
    }
    RgbImage::from_raw(width, height, pixels)
        .map(DynamicImage::from)
        .ok_or_else(wrong_size)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use image::ImageFormat;
    use image::metadata::Orientation;

    use super::*;
    use crate::picture::Picture;
    use crate::testing::{insert, markers, segment};

    fn upright(bytes: impl Into<Bytes>) -> Bytes {
        let picture = Picture::read(bytes.into()).unwrap();
        picture.into_upright_jpeg().unwrap()
    }

    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x % 256) as u8, (y % 256) as u8, 90])
        })
    }

    fn encode(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Inserts an EXIF block with this orientation into a JPEG, right after its first marker.
    fn oriented(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
        exif.extend([0, orientation, 0, 0, 0, 0, 0, 0]);
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_png_comes_back_to_the_pixel_and_a_jpeg_nearly() {
        let image = picture(160, 120);
        let png = decode(&encode(&image, ImageFormat::Png)).unwrap();
        assert_eq!(png.pixels, *image.as_raw());
        let jpeg = decode(&encode(&image, ImageFormat::Jpeg)).unwrap();
        let worst = jpeg
            .pixels
            .iter()
            .zip(image.as_raw())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(worst.unwrap() < 40, "{worst:?}");
    }

    #[test]
    fn exif_orientation_is_applied() {
        let jpeg = oriented(&encode(&picture(200, 120), ImageFormat::Jpeg), 6);
        let header = ImageHeader::read(&jpeg).unwrap();
        assert_eq!((header.width, header.height), (120, 200));
        let frame = decode(&jpeg).unwrap();
        assert_eq!((frame.width, frame.height), (120, 200));
        // Orientation 6 must be rotated 90 degrees clockwise to be upright. So the stored bottom left
        // corner, dark red and bright green, becomes the upright top left one.
        assert!(
            frame.pixels[0] < 30 && frame.pixels[1] > 90,
            "{:?}",
            &frame.pixels[..3]
        );
        let again = upright(jpeg);
        let header = ImageHeader::read(&again).unwrap();
        assert_eq!(
            (header.width, header.orientation),
            (120, Orientation::NoTransforms)
        );
    }

    /// Whether `found` has the pixels of `sent`, as nearly as a JPEG of a smooth picture has.
    fn assert_alike(found: &[u8], sent: &[u8]) {
        let (found, sent) = (decode(found).unwrap(), decode(sent).unwrap());
        assert_eq!((found.width, found.height), (sent.width, sent.height));
        let pairs = found.pixels.iter().zip(&sent.pixels);
        let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(sum / (found.pixels.len() as u64) < 4, "{sum}");
    }

    /// An EXIF block with a place in it, and no orientation.
    fn place() -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01".to_vec();
        exif.extend([0, 0, 0, 26, 0, 0, 0, 0]);
        exif.extend(b"GPS 52.5163 N 13.3777 E");
        exif
    }

    #[test]
    fn nothing_of_a_jpeg_but_its_pixels_comes_back() {
        let plain = encode(&picture(160, 120), ImageFormat::Jpeg);
        let mut sent = plain.clone();
        for (marker, content) in [
            (0xfe, &b"a comment, secret"[..]),
            (0xe2, b"ICC_PROFILE\0\x01\x01 secret"),
            (0xed, b"Photoshop 3.0\0 secret"),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0 secret"),
            (0xe1, &place()),
        ] {
            sent = insert(&sent, 2, &segment(marker, content));
        }
        sent.extend_from_slice(b"secret bytes after the end");
        let found = upright(sent.clone());
        for needle in [
            &b"secret"[..],
            b"GPS",
            b"Exif",
            b"ICC",
            b"Photoshop",
            b"adobe",
        ] {
            let shown = String::from_utf8_lossy(needle).into_owned();
            let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
            assert!(holds(&sent), "{shown}");
            assert!(!holds(&found), "{shown}");
        }
        // JFIF, tables, frame, scan, end.
        for (at, marker) in markers(&found) {
            assert!(
                matches!(marker, 0xe0 | 0xdb | 0xc0 | 0xc4 | 0xda | 0xd9),
                "{marker:x} at {at}"
            );
        }
        assert!(found.ends_with(&[0xff, 0xd9]));
        assert_alike(&found, &plain);
    }

    #[test]
    fn nothing_of_a_png_but_its_pixels_comes_back() {
        let plain = encode(&picture(160, 120), ImageFormat::Png);
        let text = b"Comment\0secret";
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        // A wrong checksum of a chunk that is not needed is no reason to refuse a picture.
        let chunk = [&length, &b"tEXt"[..], text, &[0; 4]].concat();
        // After the header, which takes 33 bytes with the signature.
        let mut sent = insert(&plain, 33, &chunk);
        sent.extend_from_slice(b"secret bytes after the end");
        let found = upright(sent);
        assert!(!found.windows(6).any(|w| w == b"secret"));
        let header = ImageHeader::read(&found).unwrap();
        assert_eq!(header.format, Format::Jpeg);
        assert_alike(&found, &plain);
    }

    #[test]
    fn sizes_are_judged_by_the_header() {
        for (width, height, good) in [
            (120, 120, true),
            (119, 300, false),
            (300, 119, false),
            (4096, 120, true),
            (4097, 120, false),
        ] {
            let png = encode(&picture(width, height), ImageFormat::Png);
            assert_eq!(ImageHeader::read(&png).is_ok(), good, "{width}x{height}");
        }
        // A header of 60000x60000 pixels, without pixels.
        let mut bomb = encode(&picture(160, 120), ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        assert!(ImageHeader::read(&bomb).is_err());
    }

    #[test]
    fn what_ends_early_is_refused_and_never_padded() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let whole = encode(&picture(320, 240), format);
            for share in [1, 10, 50, 90] {
                let cut = &whole[..whole.len() * share / 100];
                assert!(decode(cut).is_err(), "{format:?} cut to {share}%");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0garbage",
        ] {
            assert!(decode(bytes).is_err());
        }
    }

    #[test]
    fn noise_never_panics() {
        let mut jpeg = encode(&picture(160, 120), ImageFormat::Jpeg);
        for i in (2..jpeg.len()).step_by(7) {
            let kept = jpeg[i];
            jpeg[i] ^= 0x5a;
            let _ = decode(&jpeg);
            jpeg[i] = kept;
        }
    }
}
