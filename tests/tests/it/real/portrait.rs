//! The whole real pipeline on a portrait that comes from a package, so that a clone without the
//! media of real people tests it too.

use livegate_common::job::Look;
use livegate_liveness::embedding::Embedding;
use livegate_liveness::measurement::{Face, FrameMeasurement};
use livegate_media::RgbFrame;
use livegate_models::ModelSet;
use livegate_tests::client::Capture;
use livegate_tests::media::{jpeg, models, portrait, portrait_frame};
use livegate_worker::FaceAnalyzer;

use super::rolls::rolled;
use super::stack::{Distributed, embedded};

pub fn analyzer() -> Box<dyn FaceAnalyzer> {
    let models = ModelSet::load(&models(), None).unwrap();
    (livegate_worker::onnx::factory(models).unwrap())().unwrap()
}

pub fn pixels(picture: image::RgbImage) -> RgbFrame {
    let (width, height) = picture.dimensions();
    RgbFrame {
        width,
        height,
        pixels: picture.into_raw(),
    }
}

fn look(analyzer: &mut dyn FaceAnalyzer, picture: image::RgbImage) -> FrameMeasurement {
    let frame = pixels(picture);
    analyzer.analyze(&frame, Look::Whole).unwrap()
}

fn face(analyzer: &mut dyn FaceAnalyzer, picture: image::RgbImage) -> Face {
    look(analyzer, picture).face.expect("a face")
}

fn who(face: &Face) -> &Embedding {
    face.embedding.as_ref().expect("a whole look")
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_closer_look_that_goes_on_from_a_glance_measures_what_a_whole_one_does() {
    let frame = pixels(portrait());
    let (mut first, mut second) = (analyzer(), analyzer());
    let whole = first.analyze(&frame, Look::Whole).unwrap();
    let (glance, begun) = first.go_on(&frame, Look::Glance, None).unwrap();
    assert_eq!(glance, first.analyze(&frame, Look::Glance).unwrap());
    assert!(glance.face.unwrap().embedding.is_none());
    // On another thread of the pool, with its own models.
    let (closer, _) = second.go_on(&frame, Look::Whole, begun).unwrap();
    assert!(closer.face.as_ref().unwrap().embedding.is_some());
    assert_eq!(closer, whole);
}

/// Whatever each of them needs: a second look at another size, turned, on its side, or nothing to be found.
#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn frames_measured_in_step_are_measured_as_each_by_itself() {
    let mut analyzer = analyzer();
    let wall = image::RgbImage::from_fn(640, 480, |x, y| {
        image::Rgb([(x / 5) as u8, (y / 3) as u8, 90])
    });
    let turned = image::imageops::rotate90(&portrait_frame(600, 0));
    let close = image::imageops::crop_imm(&portrait(), 180, 120, 150, 150).to_image();
    let frames = [
        portrait_frame(640, 0),
        wall,
        turned,
        portrait_frame(400, 200),
        rolled(&portrait_frame(500, 0), 30.0),
        close,
        portrait(),
    ]
    .map(pixels);
    for look in [Look::Whole, Look::Glance] {
        let one = |frame: &RgbFrame| analyzer.analyze(frame, look).unwrap();
        let apart: Vec<FrameMeasurement> = frames.iter().map(one).collect();
        assert!(apart.iter().filter(|seen| seen.face.is_some()).count() >= 5);
        for together in 1..=frames.len() {
            let groups = frames.chunks(together);
            let all = groups.flat_map(|group| {
                let group: Vec<&RgbFrame> = group.iter().collect();
                analyzer.analyze_all(&group, look).unwrap()
            });
            assert_eq!(all.collect::<Vec<_>>(), apart, "{together} together");
        }
    }
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_frontal_smiling_portrait_is_measured_as_one() {
    let face = face(&mut *analyzer(), portrait());
    assert!(
        face.pose.is_within(20.0) && face.pose.roll.abs() < 15.0,
        "{:?}",
        face.pose
    );
    assert!(
        face.eyes.ratio() > 0.2 && face.eyes.left_blink < 0.4,
        "{:?}",
        face.eyes
    );
    assert!(face.mouth.smile > 0.5, "{:?}", face.mouth);
    let (x, y) = face.bounds.centre();
    assert!(
        (x - 223.0).abs() < 20.0 && (y - 115.0).abs() < 25.0,
        "{:?}",
        face.bounds
    );
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn size_place_and_tilt_change_neither_the_person_nor_the_pose() {
    let mut analyzer = analyzer();
    let reference = face(&mut *analyzer, portrait());
    for (size, dx) in [(700, 0), (500, 300), (400, -350)] {
        let moved = face(&mut *analyzer, portrait_frame(size, dx));
        let alike = who(&reference).cosine(who(&moved));
        assert!(alike > 0.8, "{size} {dx}: {alike}");
        assert!(
            (moved.pose.yaw - reference.pose.yaw).abs() < 5.0,
            "{:?}",
            moved.pose
        );
        assert!(
            (moved.pose.pitch - reference.pose.pitch).abs() < 6.0,
            "{:?}",
            moved.pose
        );
    }
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn the_mirrored_portrait_has_mirrored_angles() {
    let mut analyzer = analyzer();
    let straight = face(&mut *analyzer, portrait());
    let mirrored = look(
        &mut *analyzer,
        image::imageops::flip_horizontal(&portrait()),
    )
    .unmirrored();
    let mirrored = mirrored.face.expect("a face");
    assert!(
        (straight.pose.yaw - mirrored.pose.yaw).abs() < 3.0,
        "{:?} {:?}",
        straight.pose,
        mirrored.pose
    );
    assert!(
        (straight.pose.roll - mirrored.pose.roll).abs() < 3.0,
        "{:?} {:?}",
        straight.pose,
        mirrored.pose
    );
    assert!((straight.eyes.left_ratio - mirrored.eyes.left_ratio).abs() < 0.05);
    assert!(who(&straight).cosine(who(&mirrored)) > 0.8);
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn two_faces_are_counted_and_none_is_none() {
    let mut analyzer = analyzer();
    let mut two = portrait_frame(400, -350);
    image::imageops::overlay(
        &mut two,
        &image::imageops::crop_imm(&portrait_frame(400, 350), 700, 0, 580, 720).to_image(),
        700,
        0,
    );
    assert_eq!(look(&mut *analyzer, two).faces.len(), 2);
    let wall = image::RgbImage::from_fn(1280, 720, |x, y| {
        image::Rgb([(x / 5) as u8, (y / 3) as u8, 90])
    });
    let seen = look(&mut *analyzer, wall);
    assert!(seen.faces.is_empty() && seen.face.is_none());
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_glance_shows_all_but_who_it_is_and_whether_it_is_an_attack() {
    let (mut analyzer, frame) = (analyzer(), pixels(portrait()));
    let mut whole = analyzer.analyze(&frame, Look::Whole).unwrap();
    let glance = analyzer.analyze(&frame, Look::Glance).unwrap();
    let face = whole.face.as_mut().expect("a face");
    assert!(!face.margins.is_empty() && face.embedding.is_some() && face.cues.is_some());
    (face.margins, face.embedding, face.cues) = (Vec::new(), None, None);
    assert_eq!(glance, whole);
}

/// A photograph that moves about is no turn, however it is tagged.
pub fn photograph() -> Capture {
    let tags = [
        "center",
        "center",
        "turn_left",
        "turn_left",
        "turn_left",
        "turn_right",
        "turn_right",
        "turn_right",
    ];
    let frame =
        |(i, tag): (usize, &str)| (tag.to_owned(), jpeg(&portrait_frame(700, 20 * i as i64)));
    Capture(tags.into_iter().enumerate().map(frame).collect())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn a_photograph_does_not_turn_in_one_process() {
    let app = embedded(None).await;
    let answer = app.client.verify_new(&photograph()).await;
    assert_eq!(answer.body["challenge_passed"], false, "{}", answer.body);
    assert_eq!(answer.body["frames_analyzed"], 8);
    assert!(
        answer.body["same_person_score"].as_f64() > Some(0.8),
        "{}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn a_photograph_does_not_turn_across_a_queue() {
    let stack = Distributed::start(2, None).await;
    let answer = stack.app.client.verify_new(&photograph()).await;
    assert_eq!(answer.body["challenge_passed"], false, "{}", answer.body);
    assert_eq!(answer.body["frames_analyzed"], 8);
}
