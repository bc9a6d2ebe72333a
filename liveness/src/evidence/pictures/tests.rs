//! Pictures that come again, and those that do not.

use proptest::prelude::*;

use super::*;
use crate::testing::{altered, face, picture};

fn shot(number: u64, yaw: f32) -> Face {
    let mut face = face();
    (face.sketch, face.pose.yaw) = (picture(number), yaw);
    face
}

fn of(sampling: Sampling, shots: &[(u64, f32)]) -> (Pictures, Vec<Picture>) {
    let (mut pictures, t) = (Pictures::new(sampling, 500, 1, 0), Thresholds::default());
    let add = |(position, (number, yaw)): (u32, &(u64, f32))| {
        pictures.add(&shot(*number, *yaw), position, true, &t)
    };
    let all = (0..).zip(shots).map(add).collect();
    (pictures, all)
}

fn copies(shots: &[(u64, f32)]) -> (f32, Option<usize>) {
    let [said, _] = of(Sampling::Chosen, shots).0.state(&Thresholds::default());
    (said.measured, said.frame)
}

#[test]
fn stills_in_turn_are_copies_from_the_first_that_comes_again() {
    let in_turn = [(1, 0.0), (2, 30.0), (1, 0.5), (2, 29.0)];
    assert_eq!(copies(&in_turn), (2.0, Some(2)));
}

#[test]
fn a_picture_that_is_sent_twice_while_facing_the_camera_is_one_picture_and_harmless() {
    let twice = [(1, 0.0), (1, 0.0), (2, 3.0), (1, 0.0), (3, 30.0)];
    assert_eq!(copies(&twice), (0.0, None));
    let (pictures, all) = of(Sampling::Chosen, &twice);
    let numbers: Vec<_> = all.iter().map(|p| (p.number, p.is_new)).collect();
    let (new, again) = (true, false);
    assert_eq!(
        numbers,
        [(0, new), (0, again), (1, new), (0, again), (2, new)]
    );
    let said = pictures.state(&Thresholds::default());
    assert!(said.iter().all(|s| !s.is_against()));
}

/// A face that stays where it is; the eyes are shut in the pictures of odd numbers.
fn blinking(numbers: &[u64]) -> (Pictures, [Statement; 2]) {
    let t = Thresholds::default();
    let mut pictures = Pictures::new(Sampling::Dense, 500, 2, 1);
    for (position, number) in (0..).zip(numbers) {
        let mut face = shot(*number, 0.0);
        face.eyes.left_ratio = if number % 2 == 1 { 0.05 } else { 0.3 };
        face.eyes.right_ratio = face.eyes.left_ratio;
        pictures.add(&face, position, true, &t);
    }
    let said = pictures.state(&t);
    (pictures, said)
}

#[test]
fn an_open_picture_that_comes_again_after_shut_eyes_is_a_copy_and_no_accident() {
    let (_, [said, _]) = blinking(&[2, 2, 2, 1, 1, 2]);
    assert!(said.is_against() && said.frame == Some(5), "{said:?}");
    let (_, [said, _]) = blinking(&[2, 4, 1, 1, 6, 2]);
    assert!(said.is_against() && said.frame == Some(5), "{said:?}");
    // Shut eyes that come again are no different.
    let (_, [said, _]) = blinking(&[2, 1, 4, 6, 1]);
    assert!(said.is_against(), "{said:?}");
    // Frames that overtook one another on the way: one that was sent twice arrives after the next picture.
    let (_, [said, _]) = blinking(&[2, 1, 2]);
    assert!(!said.is_against(), "{said:?}");
    // New pictures, and pictures that are held on either side.
    let (_, [said, _]) = blinking(&[2, 2, 2, 1, 1, 1, 4, 4, 4]);
    assert!(!said.is_against(), "{said:?}");
}

#[test]
fn pictures_before_an_expression_crowd_out_none_from_before_a_movement() {
    let t = Thresholds::default();
    let mut pictures = Pictures::new(Sampling::Chosen, 500, 1, 0);
    let mut shots = vec![shot(1, 0.5), shot(2, 30.0)];
    // Nearer in pose than the first, and all before another expression.
    for number in 3..20 {
        let mut face = shot(number, 0.0);
        if number % 2 == 0 {
            (face.eyes.left_ratio, face.eyes.right_ratio) = (0.05, 0.05);
        }
        shots.push(face);
    }
    shots.push(shot(1, 0.0));
    for (position, face) in (0..).zip(&shots) {
        pictures.add(face, position, true, &t);
    }
    let [said, _] = pictures.state(&t);
    assert!(
        said.is_against() && said.frame == Some(shots.len() - 1),
        "{said:?}"
    );
}

#[test]
fn after_an_expression_more_likeness_is_asked_for_than_after_a_movement() {
    let t = Thresholds::default();
    assert!(t.copy_unmoved_likeness > t.copy_likeness);
    // A copy of which every tenth value is a little different: its likeness is between the two limits.
    let before = picture(2);
    let after = altered(2, |i, v| if i % 10 == 0 { v.saturating_add(9) } else { v });
    let likeness = before.same_picture(&after);
    assert!(
        (t.copy_likeness..t.copy_unmoved_likeness).contains(&likeness),
        "{likeness}"
    );
    let again = |away: f32| {
        let mut pictures = Pictures::new(Sampling::Chosen, 500, 1, 0);
        let mut shut = shot(1, away);
        (shut.eyes.left_ratio, shut.eyes.right_ratio) = (0.05, 0.05);
        let last = Face {
            sketch: after.clone(),
            ..shot(2, 0.0)
        };
        for (position, face) in (0..).zip([&shot(2, 0.0), &shut, &last]) {
            pictures.add(face, position, true, &t);
        }
        pictures.state(&t)[0].is_against()
    };
    assert!(!again(0.0) && again(30.0));
}

#[test]
fn stills_that_are_held_while_turned_are_no_heads() {
    let t = Thresholds::default();
    let is_held = |sampling, shots: &[(u64, f32)]| {
        let [_, held] = of(sampling, shots).0.state(&t);
        held.is_against()
    };
    let run = |number, yaw, n| vec![(number, yaw); n];
    let chosen = [run(1, 0.0, 3), run(2, 30.0, 3), run(3, -30.0, 3)].concat();
    assert!(is_held(Sampling::Chosen, &chosen));
    let pairs = [run(1, 0.0, 2), run(2, 30.0, 2), run(3, -30.0, 2)].concat();
    assert!(is_held(Sampling::Chosen, &pairs));
    // One picture that is sent twice may be an accident.
    assert!(!is_held(Sampling::Chosen, &pairs[..5]));
    let dense = [run(1, 0.0, 9), run(2, 20.0, 12), run(3, 30.0, 12)].concat();
    assert!(is_held(Sampling::Dense, &dense));
    let moving: Vec<_> = (0..40).map(|n| (n, 20.0 + n as f32 / 8.0)).collect();
    assert!(!is_held(Sampling::Dense, &moving) && !is_held(Sampling::Chosen, &moving));
    // Frontal pictures may repeat.
    assert!(!is_held(Sampling::Dense, &run(1, 0.0, 60)));
}

#[test]
fn only_the_latest_are_kept() {
    let (mut pictures, t) = (
        Pictures::new(Sampling::Dense, 8, 1, 0),
        Thresholds::default(),
    );
    for number in 0..20_u32 {
        let shot = shot(u64::from(number), number as f32 * 10.0);
        pictures.add(&shot, number, true, &t);
    }
    assert_eq!((pictures.seen.len(), pictures.copies), (8, 0));
    assert!(pictures.turned.len() <= HELD_BEFORE && pictures.held.len() <= HELD_WINDOW);
}

proptest! {
    #[test]
    fn new_pictures_are_never_copies(yaws in prop::collection::vec(-60.0_f32..60.0, 0..40)) {
        let shots: Vec<_> = (0..).zip(yaws).collect();
        prop_assert_eq!(copies(&shots), (0.0, None));
    }
}
