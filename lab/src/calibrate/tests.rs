//! Tests of calibration on a small set.

use super::*;
use crate::evaluate::capture::likeness::PoseBin;
use crate::evaluate::report::PoseLikeness;
use crate::evaluate::statistics::Histogram;

fn row(score: f64, instrument: Option<&str>, subject: &str) -> CaptureRow {
    CaptureRow {
        media: String::new(),
        instrument: instrument.map(str::to_owned),
        subject: Some(subject.to_owned()),
        group: BTreeMap::new(),
        frames: 8,
        frames_with_face: 8,
        score: Some(score),
        deciding_score: Some(score),
        classified_as_attack: None,
        evidence: Vec::new(),
        no_response: None,
        decision: None,
        actions: Vec::new(),
        false_hits: Vec::new(),
        poses: Vec::new(),
    }
}

/// Ten people, one of whom scores low; prints that are easy to detect, and screens that are not.
fn set() -> Vec<CaptureRow> {
    let people = (0..10).map(|n| {
        let score = if n == 0 {
            0.55
        } else {
            0.9 + 0.005 * f64::from(n)
        };
        row(score, None, &format!("p{n}"))
    });
    let prints = (0..10).map(|n| row(0.02 * f64::from(n), Some("print"), "x"));
    let screens = (0..10).map(|n| row(0.06 * f64::from(n), Some("screen"), "y"));
    people.chain(prints).chain(screens).collect()
}

fn identity(genuine: &[f32], impostor: &[f32]) -> Identity {
    let distribution = |values: &[f32]| {
        let mut histogram = Histogram::default();
        values.iter().for_each(|v| histogram.add(*v));
        histogram.distribution()
    };
    Identity {
        pairs_compared: 3,
        pairs_possible: 3,
        poses: vec![PoseLikeness {
            pose: PoseBin::Frontal,
            same_capture: distribution(genuine),
            same_subject: None,
            other_subject: distribution(impostor),
        }],
    }
}

fn models(embedder: &str) -> Models {
    Models {
        name: "mine".to_owned(),
        embedder: embedder.to_owned(),
        ..OperatingPoint::shipped().models[0].clone()
    }
}

#[test]
fn the_threshold_meets_the_target_for_the_worst_species_and_says_what_it_costs() {
    let found = calibrate(&set(), 0.0).unwrap();
    assert!(found.apcer.values().all(|e| e.count == 0 && e.of == 10));
    // Above 0.54 and below 0.55: nobody is rejected.
    assert_eq!(found.bpcer, Errors { count: 0, of: 10 });
    let raw = |score: f32| found.scale.rescale(score);
    assert!(raw(0.54) < found.threshold && found.threshold < raw(0.55));
    // Ten screens are few: up to 31% of such attacks may pass.
    assert!(found.is_uncertain());
    let lenient = calibrate(&set(), 0.2).unwrap();
    assert_eq!(lenient.apcer["screen"].count, 2);
    assert!(lenient.threshold < found.threshold);
}

#[test]
fn the_weakest_part_decides_and_not_the_average() {
    let mut captures = set();
    // A screen with a good average and a bad part, and a person with the same.
    captures[25].deciding_score = Some(0.1);
    captures[25].score = Some(0.99);
    captures[5].deciding_score = Some(0.2);
    let found = calibrate(&captures, 0.0).unwrap();
    assert!(found.apcer.values().all(|e| e.count == 0));
    assert_eq!(found.bpcer, Errors { count: 1, of: 10 });
}

#[test]
fn a_subject_is_judged_by_what_the_others_give() {
    let found = calibrate(&set(), 0.0).unwrap();
    // Without the low scorer the threshold is half way to the next score, which is above 0.55.
    assert_eq!(found.left_out, Some(Errors { count: 1, of: 10 }));
}

#[test]
fn a_set_that_does_not_say_is_refused_with_what_it_lacks() {
    let no_attacks: Vec<_> = set()
        .into_iter()
        .filter(|r| r.instrument.is_none())
        .collect();
    let error = calibrate(&no_attacks, 0.1).unwrap_err().to_string();
    assert!(error.contains("10 bona fide and 0 attack"), "{error}");
    let exchanged = [
        row(0.1, None, "p"),
        row(0.2, None, "q"),
        row(0.9, Some("print"), "x"),
    ];
    assert!(matches!(
        calibrate(&exchanged, 0.1),
        Err(CalibrateError::TurnedAround)
    ));
}

#[test]
fn the_file_names_models_and_set_and_can_be_read_again() {
    let found = calibrate(&set(), 0.05).unwrap();
    let base = OperatingPoint::shipped();
    let known = models(&base.models[0].embedder);
    let nobody = identity(&[], &[]);
    let point = found
        .operating_point(base, known.clone(), &nobody, "my set")
        .unwrap();
    assert!(point.models.len() == 1 && point.models[0].are(&known));
    let pad = &point.models[0].pad;
    assert!((pad.scale.score(pad.whole) - found.threshold).abs() < 1e-3);
    assert!(pad.single_dense < pad.dense && pad.chosen < pad.whole);
    assert_eq!(point.thresholds.same_person, base.thresholds.same_person);
    assert!(pad.source.contains("my set"));
    let again = OperatingPoint::parse(&point.to_toml().unwrap()).unwrap();
    assert!((again.models[0].pad.whole - pad.whole).abs() < 1e-5);
    assert_eq!(again.provenance, point.provenance);
}

#[test]
fn an_unknown_embedding_model_takes_likenesses_of_its_own() {
    let found = calibrate(&set(), 0.05).unwrap();
    let base = OperatingPoint::shipped();
    let with = |identity: &Identity| {
        found
            .operating_point(base, models("another"), identity, "my set")
            .map(|p| p.thresholds)
    };
    let t = with(&identity(&[0.6, 0.7, 0.8], &[0.0, 0.1, 0.2])).unwrap();
    assert!(
        (t.same_person - 0.4).abs() < 1e-6 && (t.other_person - 0.15).abs() < 1e-6,
        "{t:?}"
    );
    assert!(t.least_likeness <= t.other_person && t.other_person < t.same_person);
    let mixed = with(&identity(&[0.3, 0.7], &[0.1, 0.4]));
    assert!(matches!(mixed, Err(CalibrateError::Alike { .. })));
    assert!(matches!(
        with(&identity(&[0.7], &[])),
        Err(CalibrateError::NoSubjects)
    ));
}
