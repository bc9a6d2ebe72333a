//! Media that are small to send and large, or long, to decode.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use livegate_tests::clips::made;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// Side of the largest picture, pixels.
const SIDE: u32 = 4096;

/// Turned by a quarter: setting it upright takes another picture.
const EXIF: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// Nothing, in four channels of 16 bits: 128 MiB of it.
pub fn png() -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_exif_metadata(EXIF.to_vec()).unwrap();
    let pixels = vec![0; SIDE as usize * SIDE as usize * 8];
    encoder
        .write_image(&pixels, SIDE, SIDE, ExtendedColorType::Rgba16)
        .unwrap();
    png
}

/// A small picture with a colour profile that inflates to 256 MiB.
pub fn png_with_profile() -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = PngEncoder::new(&mut png);
    encoder.set_icc_profile(vec![0; 256 << 20]).unwrap();
    encoder
        .write_image(&vec![90; 160 * 160 * 3], 160, 160, ExtendedColorType::Rgb8)
        .unwrap();
    png
}

/// Nothing, in scans, each of which goes over the whole picture.
pub fn jpeg() -> Vec<u8> {
    let side = SIDE as usize;
    let mut compressor = Compressor::new().unwrap();
    compressor.set_progressive(true).unwrap();
    compressor.set_subsamp(Subsamp::None).unwrap();
    let pixels = vec![90; side * side * 3];
    let jpeg = compressor.compress_to_vec(Image {
        pixels: pixels.as_slice(),
        width: side,
        pitch: side * 3,
        height: side,
        format: PixelFormat::RGB,
    });
    let jpeg = jpeg.unwrap();
    let length = u16::try_from(EXIF.len() + 8).unwrap().to_be_bytes();
    [
        &jpeg[..2],
        &[0xff, 0xe1],
        &length,
        b"Exif\0\0",
        EXIF,
        &jpeg[2..],
    ]
    .concat()
}

/// The same with its last scan a thousand times.
pub fn jpeg_of_scans() -> Vec<u8> {
    let jpeg = jpeg();
    let last = jpeg.windows(2).rposition(|w| w == [0xff, 0xda]).unwrap();
    let (before, end) = (&jpeg[..last], jpeg.len() - 2);
    [before, &jpeg[last..end].repeat(1000), &jpeg[end..]].concat()
}

/// A picture as large as may be sent, of which only the header is one.
pub fn jpeg_of_noise() -> Vec<u8> {
    let mut jpeg = jpeg();
    jpeg.resize(10 << 20, 0x5a);
    jpeg
}

/// Clips: as large and long as may be, larger, and one that is none.
pub fn clips() -> Vec<Vec<u8>> {
    let of = |size: &str, frames: u32| {
        let source = format!("color=gray:size={size}:rate=10,trim=end_frame={frames}");
        let fast = ["-preset", "ultrafast", "-crf", "40"];
        made(
            &[&["-f", "lavfi", "-i", &source][..], &fast].concat(),
            "mp4",
        )
    };
    let mut none = b"\0\0\0\x18ftypmp42".to_vec();
    none.resize(25 << 20, 7);
    vec![
        of("1440x1920", 20),
        of("7680x4320", 1),
        of("320x240", 120),
        none,
    ]
}
