use proptest::prelude::*;

use super::*;
use crate::testing::{face, person};

/// A face in a pose, with an embedding at an angle of `degrees` to that of the test person.
fn seen(degrees: f32, yaw: f32, pitch: f32) -> Face {
    let mut face = face();
    face.embedding = Some(person(degrees));
    (face.pose.yaw, face.pose.pitch) = (yaw, pitch);
    face
}

fn of(sampling: Sampling, faces: &[Face]) -> Identity {
    let t = Thresholds::default();
    let mut identity = Identity::new(sampling, &t);
    for (n, face) in (0..).zip(faces) {
        identity.add(face, n, n, false, &t);
    }
    identity
}

fn differs(sampling: Sampling, faces: &[Face]) -> bool {
    let consistency = of(sampling, faces).consistency();
    consistency.is_some_and(|c| c < Thresholds::default().same_person)
}

#[test]
fn less_likeness_is_demanded_of_a_face_that_is_turned_further() {
    let t = Thresholds::default();
    let demanded = |yaw, pitch| {
        let pose = Pose {
            yaw,
            pitch,
            roll: 0.0,
        };
        demanded(pose, &t)
    };
    assert!((demanded(0.0, 0.0) - 0.45).abs() < 1e-6);
    assert!((demanded(-30.0, 0.0) - 0.45).abs() < 1e-6);
    assert!((demanded(50.0, 0.0) - 0.30).abs() < 1e-6);
    assert!((demanded(70.0, 0.0) - 0.15).abs() < 1e-6);
    // Likeness falls less downwards than upwards.
    assert!(demanded(0.0, 40.0) > demanded(0.0, -34.0));
}

#[test]
fn a_person_who_turns_is_one_and_a_swap_is_not() {
    // A cosine of 0.5 is 60 degrees, one of 0.4 is 66.
    let turning = [
        seen(0.0, 0.0, 0.0),
        seen(50.0, 25.0, 0.0),
        seen(66.0, 45.0, 0.0),
    ];
    let swapped = [
        seen(0.0, 0.0, 0.0),
        seen(88.0, 25.0, 0.0),
        seen(88.0, 45.0, 0.0),
    ];
    for sampling in [Sampling::Chosen, Sampling::Dense] {
        assert!(!differs(sampling, &turning) && differs(sampling, &swapped));
    }
}

#[test]
fn one_stranger_is_too_many_among_chosen_frames_and_may_be_an_accident_among_many() {
    let with_strangers = |n| {
        let own = (0..30).map(|i| seen(0.0, i as f32, 0.0));
        let all = own.chain((0..n).map(|_| seen(88.0, 0.0, 0.0)));
        all.collect::<Vec<_>>()
    };
    assert!(differs(Sampling::Chosen, &with_strangers(1)));
    assert!(!differs(Sampling::Dense, &with_strangers(1)));
    assert!(differs(Sampling::Dense, &with_strangers(2)));
}

#[test]
fn a_stranger_that_a_movement_rests_on_is_no_accident() {
    let t = Thresholds::default();
    let mut identity = Identity::new(Sampling::Dense, &t);
    // Without a portrait, a face waits for one.
    identity.add(&seen(88.0, -40.0, 0.0), 0, 0, true, &t);
    assert_eq!(identity.consistency(), None);
    identity.add(&seen(0.0, 0.0, 0.0), 1, 1, false, &t);
    assert!(identity.consistency().unwrap() < t.same_person);
}

#[test]
fn a_face_turned_too_far_or_obliquely_says_nothing() {
    let t = Thresholds::default();
    for (yaw, pitch) in [(75.0, 0.0), (0.0, -41.0), (0.0, 47.0), (25.0, 25.0)] {
        let stranger = seen(88.0, yaw, pitch);
        assert!(!is_comparable(stranger.pose, &t));
        assert_eq!(
            of(Sampling::Chosen, &[seen(0.0, 0.0, 0.0), stranger]).consistency(),
            None
        );
    }
    assert!(is_comparable(seen(0.0, 65.0, 5.0).pose, &t));
}

#[test]
fn a_morph_like_both_of_two_people_hides_neither() {
    let t = Thresholds::default();
    // Both are within 45 degrees of the morph, and 88 degrees from each other.
    let faces = [
        seen(44.0, 0.0, 0.0),
        seen(0.0, 20.0, 0.0),
        seen(88.0, 10.0, 0.0),
    ];
    let identity = of(Sampling::Chosen, &faces);
    assert!(identity.consistency().unwrap() > t.same_person);
    let (least, position) = identity.least_pair().unwrap();
    assert!(least < t.least_likeness && position == 2);
}

#[test]
fn a_glance_says_nothing_about_who_it_is() {
    let t = Thresholds::default();
    let mut glance = seen(88.0, 0.0, 0.0);
    glance.embedding = None;
    let identity = of(Sampling::Chosen, &[seen(0.0, 0.0, 0.0), glance.clone()]);
    assert_eq!(identity.likeness(&glance, &t), Likeness::Unknown);
    assert_eq!(identity.compared(), 1);
}

proptest! {
    #[test]
    fn a_stranger_always_shows(
        yaws in prop::collection::vec(-40.0_f32..40.0, 1..60), at in 0_usize..60, yaw in -25.0_f32..25.0,
    ) {
        let mut faces: Vec<_> = yaws.iter().map(|y| seen(0.0, *y, 0.0)).collect();
        faces.insert(0, seen(0.0, 0.0, 0.0));
        faces.insert(1 + at % faces.len(), seen(88.0, yaw, 0.0));
        prop_assert!(differs(Sampling::Chosen, &faces));
        faces.insert(1 + at % faces.len(), seen(88.0, yaw, 0.0));
        prop_assert!(differs(Sampling::Dense, &faces));
    }

    #[test]
    fn no_face_that_is_added_makes_two_people_one(
        faces in prop::collection::vec((0.0_f32..90.0, -40.0_f32..40.0), 1..20),
        more in prop::collection::vec((0.0_f32..90.0, -40.0_f32..40.0), 1..20),
    ) {
        let t = Thresholds::default();
        let best = person(0.0);
        let with = |all: &[(f32, f32)]| {
            // A verification's portrait. More faces move it only if they are like it.
            let mut identity = Identity::with_portrait(Sampling::Chosen, &best, [], &t);
            for (n, (degrees, yaw)) in (0..).zip(all) {
                identity.add(&seen(*degrees, *yaw, 0.0), n, n, false, &t);
            }
            identity.consistency()
        };
        if let Some(before) = with(&faces) {
            prop_assert!(with(&[&faces[..], &more].concat()).unwrap() <= before);
        }
    }

    #[test]
    fn what_is_kept_does_not_grow(poses in prop::collection::vec((-60.0_f32..60.0, -35.0_f32..35.0), 1..90)) {
        let faces: Vec<_> = poses.iter().map(|(y, p)| seen(0.0, *y, *p)).collect();
        let identity = of(Sampling::Dense, &faces);
        prop_assert!(identity.references.len() <= MOST_REFERENCES && identity.waiting.len() <= MOST_WAITING);
    }
}
