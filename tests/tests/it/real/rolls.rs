//! Heads that are tilted, and pictures on their side: seen as upright ones are up to 35 degrees either way,
//! and told to be turned beyond.

use livegate_common::job::Look;
use livegate_instruments::canvas::sample;
use livegate_liveness::measurement::Face;
use livegate_tests::client::Capture;
use livegate_tests::clips::made_of;
use livegate_tests::media::{frame_at, jpeg, media, portrait_frame};
use livegate_worker::FaceAnalyzer;
use serde_json::json;

use super::people::{TURNS_A, TURNS_B, TURNS_C, verify};
use super::portrait::{analyzer, pixels};
use super::stack::embedded;

const ROLLS: [f32; 8] = [-35.0, -30.0, -25.0, -15.0, 15.0, 25.0, 30.0, 35.0];

/// The picture turned clockwise about its middle, as by a camera that is held at an angle; beyond the edge
/// it goes on as its mirror image.
pub fn rolled(picture: &image::RgbImage, degrees: f32) -> image::RgbImage {
    let (width, height) = picture.dimensions();
    let (cx, cy) = ((width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let inside = |v: f32, side: u32| {
        let last = (side - 1) as f32;
        let v = v.abs();
        (if v > last { 2.0 * last - v } else { v }).clamp(0.0, last)
    };
    image::RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        let at = [cx + cos * dx + sin * dy, cy - sin * dx + cos * dy];
        sample(picture, [inside(at[0], width), inside(at[1], height)]).unwrap()
    })
}

fn measured(analyzer: &mut dyn FaceAnalyzer, picture: image::RgbImage) -> Option<Face> {
    let frame = pixels(picture);
    analyzer.analyze(&frame, Look::Whole).unwrap().face
}

/// Where the face of a rolled picture is not that of the upright one but for its roll; `within`: degrees that
/// yaw and pitch may differ.
fn differences(
    analyzer: &mut dyn FaceAnalyzer,
    picture: &image::RgbImage,
    name: &str,
    within: f32,
) -> Vec<String> {
    let upright = measured(analyzer, picture.clone()).unwrap_or_else(|| panic!("{name}: no face"));
    let was = upright.pose;
    // Of a head thrown back as far as this the detector finds little, rolled far.
    let thrown_back = was.pitch < -35.0;
    let most = if thrown_back { 25.0 } else { 35.0 };
    // Of a head turned as far as this the landmark model knows the pose less well, rolled or not.
    let within = if was.yaw.abs() > 40.0 {
        within + 1.0
    } else {
        within
    };
    let difference = |roll: f32| {
        let Some(face) = measured(analyzer, rolled(picture, roll)) else {
            return Some(format!("{name} at {roll}: no face"));
        };
        let is = face.pose;
        let [one, other] = [&face, &upright].map(|f| f.embedding.as_ref().unwrap());
        let alike = one.cosine(other);
        let as_upright = (is.yaw - was.yaw).abs() < within
            && (is.pitch - was.pitch).abs() < within
            && (is.roll - was.roll - roll).abs() < 4.0
            && alike > 0.8;
        (!as_upright).then(|| format!("{name} at {roll}: {is:?}, upright {was:?}, alike {alike}"))
    };
    let rolls = ROLLS.into_iter().filter(|r| r.abs() <= most);
    rolls.filter_map(difference).collect()
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_tilted_portrait_is_measured_as_the_upright_one() {
    let mut analyzer = analyzer();
    let different = [700, 400].map(|size| {
        let picture = portrait_frame(size, 0);
        // The smaller face is 60 pixels wide.
        differences(
            &mut *analyzer,
            &picture,
            &format!("portrait of {size}"),
            4.0,
        )
    });
    assert_eq!(different.concat(), [""; 0]);
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn people_who_turn_their_heads_are_measured_alike_however_the_camera_is_held() {
    let (mut analyzer, mut different) = (analyzer(), Vec::new());
    for clip in [TURNS_A, TURNS_B, TURNS_C] {
        let path = media(clip.file);
        for (tag, at) in clip.frames.iter().skip(1).step_by(2) {
            let picture = image::load_from_memory(&frame_at(&path, *at)).unwrap();
            let (picture, name) = (picture.into_rgb8(), format!("{} {tag}", clip.file));
            different.extend(differences(&mut *analyzer, &picture, &name, 3.0));
        }
    }
    assert_eq!(different, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn people_are_verified_by_frames_and_clips_of_a_camera_that_is_held_at_an_angle() {
    let app = embedded(None).await;
    for (clip, degrees) in [(TURNS_A, 25.0_f32), (TURNS_B, -25.0), (TURNS_C, 25.0)] {
        let Capture(frames) = clip.capture();
        let turned = |(tag, bytes): (String, Vec<u8>)| {
            let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
            (tag, jpeg(&rolled(&picture, degrees)))
        };
        let capture = Capture(frames.into_iter().map(turned).collect());
        let answer = verify(&app, clip.actions, &capture).await;
        let details = &answer.body["rejection_details"];
        // Anti-spoof models know upright faces and may score these lower: all else is as upright.
        assert_eq!(answer.body["challenge_passed"], true, "{}", answer.body);
        assert_eq!(answer.body["frames_analyzed"], 10, "{}", answer.body);
        assert!(details["poor_frames"].is_null(), "{details}");
        assert!(
            answer.body["same_person_score"].as_f64() > Some(0.45),
            "{}",
            answer.body
        );
    }
    let path = media("live/turns_b.mov");
    let turn = ["-vf", "rotate=25*PI/180", "-t", "6", "-an"];
    let clip = made_of(&path, &turn, "mp4");
    let asked = json!({ "actions": ["turn_left", "turn_right"] });
    let session = app.client.create(&asked).await;
    let session = session.body["session_id"].as_str().unwrap().to_owned();
    let answer = app.client.verify_clip(&session, &clip).await;
    assert_eq!(answer.body["challenge_passed"], true, "{}", answer.body);
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_picture_on_its_side_shows_a_face_on_its_side_and_an_empty_one_none() {
    let mut analyzer = analyzer();
    let upright = portrait_frame(600, 0);
    for (name, picture, roll) in [
        ("right", image::imageops::rotate90(&upright), 90.0_f32),
        ("left", image::imageops::rotate270(&upright), -90.0),
        ("over", image::imageops::rotate180(&upright), 180.0),
    ] {
        let face = measured(&mut *analyzer, picture).unwrap_or_else(|| panic!("{name}"));
        let off = (face.pose.roll - roll + 540.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 15.0, "{name}: {:?}", face.pose);
    }
    let wall = image::RgbImage::from_fn(1280, 720, |x, y| {
        image::Rgb([
            (x / 5) as u8,
            (y / 3) as u8,
            ((x / 40 + y / 40) % 2 * 200) as u8,
        ])
    });
    assert!(measured(&mut *analyzer, wall).is_none());
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn pictures_on_their_side_are_told_to_be_turned() {
    let app = embedded(None).await;
    let frame = |i: i64| jpeg(&image::imageops::rotate90(&portrait_frame(600, 10 * i)));
    let capture = Capture((0..8).map(|i| ("center".to_owned(), frame(i))).collect());
    let answer = app.client.verify_new(&capture).await;
    answer.assert_rejected(&["insufficient_face_detections"]);
    let poor = &answer.body["rejection_details"]["poor_frames"];
    assert_eq!(poor[0]["reason"], "face_tilted", "{poor}");
    assert_eq!(poor[0]["frames"], json!([0, 1, 2, 3, 4, 5, 6, 7]));
    let text = poor[0]["text"].as_str().unwrap();
    assert!(text.contains("EXIF orientation"), "{text}");
    // Live, in one word.
    let id = app.client.interactive_session("SMILE").await;
    let answer = app.client.frame(&id, &frame(0)).await;
    assert_eq!(answer.body["feedback"], "look_straight", "{}", answer.body);
}
