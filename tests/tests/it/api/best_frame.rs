//! The best frame of an answer: the picture that was sent, and nothing else of its file.

use std::io::Cursor;
use std::sync::Arc;

use image::{ImageFormat, Rgb, RgbImage};
use livegate_common::job::Look;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_media::{ImageHeader, RgbFrame};
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::ScriptedAnalyzer;
use livegate_worker::{AnalyzeError, FaceAnalyzer};

/// Levels of red between one frame's number and the next: more than a JPEG changes.
const STEP: u8 = 20;

/// Knows the frames of a capture by their colour, and measures what was scripted for them: a JPEG cannot contain a
/// scene.
struct ByColour(Vec<RgbFrame>);

impl FaceAnalyzer for ByColour {
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError> {
        let number = (frame.pixels[0] + STEP / 2) / STEP;
        ScriptedAnalyzer.analyze(&self.0[usize::from(number)], look)
    }
}

/// A segment of a JPEG.
fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// An EXIF block with this orientation and a place.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01".to_vec();
    block.extend([0, orientation, 0, 0]);
    block.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0");
    block.extend(b"GPS secret place");
    block
}

/// A JPEG of one colour that says more than its pixels.
fn talkative(number: usize, orientation: u8) -> Vec<u8> {
    let red = u8::try_from(number).unwrap() * STEP;
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(320, 240, Rgb([red, 90, 150]))
        .write_to(&mut file, ImageFormat::Jpeg)
        .unwrap();
    let jpeg = file.into_inner();
    [
        &jpeg[..2],
        &segment(0xe1, &exif(orientation)),
        &segment(0xe2, b"ICC_PROFILE\0\x01\x01secret profile"),
        &segment(0xfe, b"secret comment"),
        &jpeg[2..],
        b"secret bytes after the end",
    ]
    .concat()
}

fn best_frame(answer: &Answer) -> (usize, Vec<u8>) {
    let best = answer.body["best_frame_b64"].as_str();
    let best = best.unwrap_or_else(|| panic!("{}", answer.body));
    let index = answer.body["best_frame_index"].as_u64().unwrap();
    (
        usize::try_from(index).unwrap(),
        base64_simd::STANDARD.decode_to_vec(best).unwrap(),
    )
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|w| w == needle)
}

#[tokio::test]
async fn of_a_jpeg_only_the_pixels_come_back_upright_and_in_its_size() {
    let scenes = Capture::good().0.into_iter();
    let scenes: Vec<RgbFrame> = scenes
        .map(|(_, png)| livegate_media::decode(&png).unwrap())
        .collect();
    let app = spawn(Options {
        analyzers: Arc::new(move || Ok(Box::new(ByColour(scenes.clone())))),
        ..Options::default()
    })
    .await;
    // Upright, and turned by a quarter.
    for (orientation, size) in [(1, (320, 240)), (6, (240, 320))] {
        let mut capture = Capture::good();
        for (number, (_, image)) in capture.0.iter_mut().enumerate() {
            *image = talkative(number, orientation);
        }
        let (index, found) = best_frame(&app.client.verify_new(&capture).await);
        let sent = &capture.0[index].1;
        for needle in [&b"secret"[..], b"GPS", b"Exif", b"ICC"] {
            assert!(holds(sent, needle) && !holds(&found, needle));
        }
        assert!(found.ends_with(&[0xff, 0xd9]));
        let header = ImageHeader::read(&found).unwrap();
        assert_eq!((header.width, header.height), size);
        let picture = image::load_from_memory_with_format(&found, ImageFormat::Jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), size);
        let red = picture.to_rgb8().get_pixel(9, 9)[0];
        assert!(
            usize::from(red).abs_diff(index * usize::from(STEP)) < 4,
            "{red}"
        );
    }
}

#[tokio::test]
async fn of_a_png_only_the_pixels_come_back() {
    let app = spawn_app().await;
    let mut capture = Capture::good();
    for (_, image) in &mut capture.0 {
        let text = b"Comment\0secret";
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        // After the header, which takes 33 bytes with the signature.
        let chunk = [&length, &b"tEXt"[..], text, &[0; 4]].concat();
        *image = [&image[..33], &chunk, &image[33..], b"secret bytes"].concat();
    }
    let (_, found) = best_frame(&app.client.verify_new(&capture).await);
    assert!(!holds(&found, b"secret"));
    assert!(ImageHeader::read(&found).is_ok() && found.ends_with(&[0xff, 0xd9]));
}
