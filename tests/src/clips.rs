//! Clips made by `ffmpeg`: of scenes for the scripted analyzer, and of other clips.

use std::path::Path;

use ffmpeg_sidecar::command::FfmpegCommand;

use crate::scripted::{Scene, png};

/// A clip of these scenes at `rate` frames a second, as fragmented mp4. It is lossless, so that each
/// pixel stays as it was.
pub fn of_scenes(scenes: &[Scene], rate: u32) -> Vec<u8> {
    of_scenes_at(scenes, rate, "PTS")
}

/// A clip of these scenes with the times that an expression of `ffmpeg`'s filter `setpts` gives.
pub fn of_scenes_at(scenes: &[Scene], rate: u32, time: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (index, scene) in scenes.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:05}.png")), png(scene)).unwrap();
    }
    let pictures = folder.path().join("%05d.png");
    let output = folder.path().join("clip.mp4");
    run(&[
        "-framerate",
        &rate.to_string(),
        "-i",
        pictures.to_str().unwrap(),
        "-vf",
        &format!("setpts='{time}'"),
        "-fps_mode",
        "passthrough",
        "-c:v",
        "libx264rgb",
        "-crf",
        "0",
        "-preset",
        "ultrafast",
        "-movflags",
        "frag_keyframe+empty_moov",
        output.to_str().unwrap(),
    ]);
    std::fs::read(output).unwrap()
}

/// A clip that `ffmpeg` makes of another one with these options. `extension` names the container.
pub fn made_of(clip: &Path, options: &[&str], extension: &str) -> Vec<u8> {
    let before = ["-i", clip.to_str().unwrap()];
    made(&[&before, options].concat(), extension)
}

/// A clip that `ffmpeg` makes with these options. `extension` names the container.
pub fn made(options: &[&str], extension: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join(format!("clip.{extension}"));
    run(&[options, &[output.to_str().unwrap()]].concat());
    std::fs::read(output).unwrap()
}

fn run(arguments: &[&str]) {
    let mut ffmpeg = FfmpegCommand::new()
        .args(["-v", "error"])
        .args(arguments)
        .spawn()
        .expect("ffmpeg starts; `make test` installs it");
    assert!(ffmpeg.wait().unwrap().success(), "{arguments:?}");
}

/// A live person at 15 frames a second: frontal, then left, then right, at the pace of a person.
/// `change` may change each scene.
pub fn left_right(change: impl Fn(usize, &mut Scene)) -> Vec<Scene> {
    let there_and_back = |peak: f32| {
        let steps = [0.0, 0.2, 0.5, 0.8, 1.0, 1.0, 0.8, 0.5, 0.2, 0.0];
        steps.map(|share| peak * share)
    };
    let yaws = [0.0; 5]
        .into_iter()
        .chain(there_and_back(-35.0))
        .chain([0.0; 5])
        .chain(there_and_back(35.0))
        .chain([0.0; 5]);
    yaws.enumerate()
        .map(|(index, yaw)| {
            let mut scene = Scene::turned(yaw);
            change(index, &mut scene);
            scene
        })
        .collect()
}

/// A clip of these JPEGs at `rate` frames a second, as fragmented mp4.
pub fn of_jpegs(frames: &[Vec<u8>], rate: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (index, frame) in frames.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:05}.jpg")), frame).unwrap();
    }
    let (rate, pictures) = (rate.to_string(), folder.path().join("%05d.jpg"));
    let input = ["-framerate", &rate, "-i", pictures.to_str().unwrap()];
    // A picture in yuv420p needs even sides.
    let form = [
        "-vf",
        "crop=trunc(iw/2)*2:trunc(ih/2)*2",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "20",
        "-pix_fmt",
        "yuv420p",
        "-movflags",
        "frag_keyframe+empty_moov",
    ];
    made(&[&input[..], &form].concat(), "mp4")
}
