use proptest::prelude::*;

use super::*;
use crate::challenge::Phase;
use crate::decision::Shortfall;
use crate::testing::{detected, frame, no_face, person};

fn fit(change: impl FnOnce(&mut Face)) -> Result<Embedding, Unfit> {
    let picture = frame(Phase::Center, change).measurement;
    clear_face(picture, &Thresholds::default())
}

#[test]
fn a_clear_face_is_taken_in_grey_with_noise_and_without_room_around_it() {
    assert_eq!(fit(|_| {}), Ok(person(0.0)));
    assert_eq!(fit(|f| f.quality.colour = 0.0), Ok(person(0.0)));
    assert_eq!(fit(|f| f.quality.noise = 12.0), Ok(person(0.0)));
    assert_eq!(fit(|f| f.margins = vec![None]), Ok(person(0.0)));
}

#[test]
fn a_picture_without_one_clear_face_is_refused_with_its_numbers() {
    let t = Thresholds::default();
    let (measured, required) = (30.0, t.face_px);
    let narrow = fit(|f| f.bounds.width = 30.0);
    assert_eq!(narrow, Err(Unfit::Narrow { measured, required }));
    let (measured, required) = (60.0, t.upright_deg);
    let tilted = fit(|f| f.pose.roll = -60.0);
    assert_eq!(tilted, Err(Unfit::Tilted { measured, required }));
    let (measured, required) = (35.0, t.reliable_turn_deg);
    let turned = fit(|f| f.pose.yaw = -35.0);
    assert_eq!(turned, Err(Unfit::Turned { measured, required }));
    let (measured, required) = (10.0, t.face_detail_px);
    let soft = fit(|f| f.quality.detail_px = 10.0);
    assert_eq!(soft, Err(Unfit::Blurred { measured, required }));
    let featureless = fit(|f| f.quality.sharpness = 4.0);
    assert_eq!(featureless, Err(Unfit::Featureless));
    let (measured, required) = (20.0, DARK);
    let dark = fit(|f| f.quality.brightness = 20.0);
    assert_eq!(dark, Err(Unfit::Dark { measured, required }));
    let (measured, required) = (240.0, BRIGHT);
    let bright = fit(|f| f.quality.brightness = 240.0);
    assert_eq!(bright, Err(Unfit::Bright { measured, required }));
    let glare = fit(|f| (f.quality.brightness, f.quality.coarse_noise.red) = (200.0, 9.0));
    assert_eq!(glare, Err(Unfit::Glare));
    let empty = no_face(Phase::Center).measurement;
    assert_eq!(clear_face(empty, &t), Err(Unfit::NoFace));
}

#[test]
fn a_second_face_counts_if_it_is_of_comparable_size() {
    let with_second = |width: f32| {
        let mut picture = frame(Phase::Center, |_| {}).measurement;
        picture.faces.push(detected(width));
        clear_face(picture, &Thresholds::default())
    };
    assert_eq!(with_second(150.0), Err(Unfit::SeveralFaces(2)));
    // The small one on an identity document.
    assert_eq!(with_second(60.0), Ok(person(0.0)));
}

#[test]
fn a_capture_of_several_people_or_without_a_face_is_not_compared() {
    let t = Thresholds::default();
    let (one, other) = (person(0.0), person(20.0));
    let different = Rejection::DifferentPersons {
        consistency: Some(Shortfall {
            measured: 0.1,
            required: 0.45,
        }),
        evidence: Vec::new(),
    };
    let compare = |reference, portrait, rejections: &[Rejection]| {
        Comparison::of(reference, portrait, rejections, &t)
    };
    assert_eq!(compare(None, Some(&one), &[]), Comparison::NoReference);
    assert_eq!(compare(Some(&one), None, &[]), Comparison::NoFace);
    let several = compare(Some(&one), Some(&other), &[different]);
    assert_eq!(several, Comparison::NoFace);
    // Whether the capture is rejected for something else does not matter.
    let made = Comparison::Made(ReferenceMatch::of(&one, &other, &t));
    assert_eq!(compare(Some(&one), Some(&other), &[]), made);
    let failed = [Rejection::ChallengeFailed];
    assert_eq!(compare(Some(&one), Some(&other), &failed), made);
}

fn any_embedding() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-10.0_f32..10.0, 8)
        .prop_filter("has a direction", |raw| raw.iter().any(|v| v.abs() > 0.1))
}

proptest! {
    #[test]
    fn a_score_is_symmetric_within_its_range_and_does_not_depend_on_scale(
        a in any_embedding(), b in any_embedding(), scale in 0.01_f32..100.0,
    ) {
        let t = Thresholds::default();
        let of = |raw: &[f32], scale: f32| {
            Embedding::from_raw(raw.iter().map(|v| v * scale).collect()).unwrap()
        };
        let (one, other) = (of(&a, 1.0), of(&b, 1.0));
        let there = ReferenceMatch::of(&one, &other, &t);
        prop_assert_eq!(there, ReferenceMatch::of(&other, &one, &t));
        prop_assert!((0.0..=1.0).contains(&there.score));
        let scaled = ReferenceMatch::of(&of(&a, scale), &other, &t);
        prop_assert!((scaled.score - there.score).abs() < 1e-5);
        prop_assert!(ReferenceMatch::of(&one, &one, &t).score > 0.9999);
        prop_assert_eq!(there.is_matched(), there.score >= t.reference_match);
    }
}
