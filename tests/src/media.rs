//! Pictures of faces for the real models: real people where the files are present, or else a portrait
//! from a package.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use ffmpeg_sidecar::command::FfmpegCommand;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::client::Capture;

/// Root folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Folder of the prepared models.
pub fn models() -> PathBuf {
    std::env::var_os("LIVEGATE_MODELS").map_or_else(|| root().join("models/cache"), PathBuf::from)
}

/// A file with real people (`LIVEGATE_MEDIA`, default `../shared/media`); `None` where it is absent,
/// with a printed note. Such files are not part of the project, because they show identifiable people.
pub fn media(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LIVEGATE_MEDIA")
        .map_or_else(|| root().join("../shared/media"), PathBuf::from);
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {name} is not in {}", folder.display());
    None
}

/// An input from the field (`LIVEGATE_CASES`, default `../shared/cases`); `None` where it is absent,
/// with a printed note. Some are not part of the project.
pub fn case(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LIVEGATE_CASES")
        .map_or_else(|| root().join("../shared/cases"), PathBuf::from);
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {name} is not in {}", folder.display());
    None
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
