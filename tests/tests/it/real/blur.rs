//! Blur: with enough of it all people look alike, so a strongly blurred face counts as not seen, also after compression.

use livegate_common::job::Look;
use livegate_instruments::camera::{blurred, jpeg, noisy, scaled};
use livegate_liveness::evidence::clarity::unclear;
use livegate_liveness::measurement::Face;
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::media::{frame_at, media};
use livegate_worker::FaceAnalyzer;

use super::portrait::{analyzer, pixels};

const PEOPLE: [(&str, f32); 4] = [
    ("live/turns_a.mov", 0.3),
    ("live/turns_b.mov", 0.3),
    ("live/turns_e.mp4", 0.3),
    ("actions/smile_blink.mp4", 0.2),
];

fn seen(analyzer: &mut dyn FaceAnalyzer, picture: image::RgbImage) -> Option<Face> {
    analyzer
        .analyze(&pixels(picture), Look::Glance)
        .unwrap()
        .face
}

fn compressed(picture: &image::RgbImage, quality: u8) -> image::RgbImage {
    let bytes = jpeg(picture, quality).unwrap();
    image::load_from_memory(&bytes).unwrap().into_rgb8()
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of real people: LIVEGATE_MEDIA"
)]
fn a_strong_blur_is_told_also_when_it_is_compressed_and_a_light_one_is_accepted() {
    let (mut analyzer, t) = (analyzer(), Thresholds::default());
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut strong, mut clear) = (0, Vec::new());
    for (file, seconds) in PEOPLE {
        let frame = frame_at(&media(file), seconds);
        let picture = image::load_from_memory(&frame).unwrap().into_rgb8();
        let face = seen(&mut *analyzer, picture.clone()).unwrap();
        let is_unclear = |face: &Face| unclear(face, &t).is_some();
        let half = scaled(&picture, 0.5, image::imageops::FilterType::Triangle);
        for good in [
            compressed(&picture, 60),
            compressed(&half, 75),
            compressed(&blurred(&picture, 1.0), 60),
            compressed(&noisy(&picture, 4.0, &mut rng), 75),
        ] {
            let face = seen(&mut *analyzer, good).unwrap();
            assert!(!is_unclear(&face), "{file}: {:?}", face.quality);
        }
        for share in [0.045, 0.06, 0.08] {
            let soft = blurred(&picture, share * face.bounds.width);
            for picture in [
                compressed(&soft, 40),
                compressed(&soft, 60),
                compressed(&soft, 75),
                compressed(&compressed(&soft, 50), 45),
                compressed(&noisy(&soft, 4.0, &mut rng), 60),
                noisy(&compressed(&soft, 60), 2.0, &mut rng),
            ] {
                strong += 1;
                let face = seen(&mut *analyzer, picture);
                clear.extend(
                    face.filter(|f| !is_unclear(f))
                        .map(|f| (file, share, f.quality)),
                );
            }
        }
    }
    // Where the least of a face is left, a spectrum may fit by chance.
    assert!(
        clear.len() * 20 <= strong,
        "{} of {strong}: {clear:?}",
        clear.len()
    );
}
