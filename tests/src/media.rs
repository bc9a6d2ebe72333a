//! Pictures of faces for the real models: real people where the files are present, or else a portrait
//! from a package.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use ffmpeg_sidecar::command::FfmpegCommand;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::client::Capture;
pub use crate::provided::root;
use crate::provided::{CASES, MEDIA, MODELS, OPTIONAL_MODELS, Provided, REFERENCE};

/// Folder of the prepared models.
pub fn models() -> PathBuf {
    MODELS.folder()
}

/// A file of real people.
///
/// # Panics
/// Where it is absent: a test that calls it is ignored unless `has_media` (`tests/build.rs`). So it is with
/// those below.
#[track_caller]
pub fn media(name: &str) -> PathBuf {
    provided(&MEDIA, name)
}

/// A file as a client sent it; takes `has_cases`.
#[track_caller]
pub fn case(name: &str) -> PathBuf {
    provided(&CASES, name)
}

/// The text of a reference document; takes `has_reference`.
#[track_caller]
pub fn reference(name: &str) -> String {
    std::fs::read_to_string(provided(&REFERENCE, name)).unwrap()
}

/// The folder of the optional anti-spoof models as published; takes `has_optional_weights`.
#[track_caller]
pub fn optional_weights() -> PathBuf {
    provided(&OPTIONAL_MODELS, "")
}

#[track_caller]
fn provided(from: &Provided, name: &str) -> PathBuf {
    let file = from.folder().join(name);
    assert!(
        file.exists(),
        "{} is not there; {} names the folder with {}",
        file.display(),
        from.variable,
        from.holds
    );
    file
}

/// The frame of a clip at `seconds`, upright, as JPEG.
pub fn frame_at(clip: &Path, seconds: f32) -> Vec<u8> {
    let mut ffmpeg = FfmpegCommand::new()
        .args(["-v", "quiet", "-ss", &seconds.to_string()])
        .input(clip.to_str().unwrap())
        .args([
            "-frames:v",
            "1",
            "-q:v",
            "2",
            "-f",
            "image2pipe",
            "-c:v",
            "mjpeg",
            "-",
        ])
        .spawn()
        .expect("ffmpeg starts; `make test` installs it");
    let mut jpeg = Vec::new();
    let mut stdout = ffmpeg.take_stdout().unwrap();
    stdout.read_to_end(&mut jpeg).unwrap();
    ffmpeg.wait().unwrap();
    assert!(
        !jpeg.is_empty(),
        "{} has no frame at {seconds} s",
        clip.display()
    );
    jpeg
}

/// Frames of a clip, given by phase and time.
pub fn capture(clip: &Path, frames: &[(&str, f32)]) -> Capture {
    let frame = |(tag, at): &(&str, f32)| ((*tag).to_owned(), frame_at(clip, *at));
    Capture(frames.iter().map(frame).collect())
}

/// A frontal portrait of one person, 512x512.
pub fn portrait() -> RgbImage {
    let path = livegate_models::assets::astronaut(&models())
        .expect("the portrait is there; `make test` obtains it");
    image::open(path).unwrap().into_rgb8()
}

/// The portrait in a 1280x720 picture, `size` pixels high and moved by `dx` pixels from the middle.
pub fn portrait_frame(size: u32, dx: i64) -> RgbImage {
    let small = DynamicImage::from(portrait()).resize(size, size, FilterType::Triangle);
    let mut frame = RgbImage::from_pixel(1280, 720, Rgb([96, 104, 112]));
    let x = (1280 - i64::from(small.width())) / 2 + dx;
    let y = (720 - i64::from(small.height())) / 2;
    image::imageops::overlay(&mut frame, &small.into_rgb8(), x, y);
    frame
}

/// A picture as JPEG.
pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}
