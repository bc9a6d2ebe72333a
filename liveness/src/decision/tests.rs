mod properties;

use super::*;
use crate::challenge::{Action, Angles, Phase};
use crate::evidence::{Kind, Statement};
use crate::measurement::{Cues, Face};
use crate::movement::Why;
use crate::testing::{detected, frame, no_face, person};

const LEFT: Phase = Phase::Of(Action::TurnLeft);
const RIGHT: Phase = Phase::Of(Action::TurnRight);

fn challenge() -> Challenge {
    let actions = vec![Action::TurnLeft, Action::TurnRight];
    Challenge {
        actions,
        angles: Angles::default(),
        mirrored: false,
    }
}

fn capture() -> Vec<TaggedFrame> {
    let yaws = [
        (Phase::Center, 0.0),
        (Phase::Center, 1.0),
        (LEFT, -20.0),
        (LEFT, -30.0),
        (RIGHT, 5.0),
        (RIGHT, 20.0),
        (RIGHT, 32.0),
        (RIGHT, 30.0),
    ];
    yaws.map(|(phase, yaw)| frame(phase, |f| f.pose.yaw = yaw))
        .to_vec()
}

fn decided(frames: &[TaggedFrame]) -> Verdict {
    decided_as(Sampling::Chosen, &challenge(), frames)
}

fn decided_as(sampling: Sampling, challenge: &Challenge, frames: &[TaggedFrame]) -> Verdict {
    let capture = Capture {
        frames,
        sampling,
        timing: None,
    };
    decide(challenge, &capture, &Thresholds::default())
}

fn rejections(frames: &[TaggedFrame]) -> Vec<Rejection> {
    match decided(frames).conclusion {
        Conclusion::Verified(_) => Vec::new(),
        Conclusion::Rejected(rejections) => rejections,
    }
}

fn faces(frames: &mut [TaggedFrame]) -> impl Iterator<Item = &mut Face> {
    frames
        .iter_mut()
        .filter_map(|f| f.measurement.face.as_mut())
}

#[test]
fn a_live_person_who_does_what_was_asked_is_verified() {
    let verdict = decided(&capture());
    assert!(verdict.is_verified(), "{verdict:?}");
    assert_eq!(
        verdict.findings.completed,
        [Action::TurnLeft, Action::TurnRight]
    );
    assert_eq!(
        (verdict.findings.frames, verdict.findings.frames_with_face),
        (8, 8)
    );
}

#[test]
fn each_check_fails_alone_with_its_numbers() {
    let mut spoof = capture();
    faces(&mut spoof).for_each(|f| f.margins = vec![Some(-8.0), Some(-10.0)]);
    let [
        Rejection::SpoofDetected {
            average: Some(average),
            required,
            evidence,
        },
    ] = &rejections(&spoof)[..]
    else {
        panic!("{:?}", rejections(&spoof))
    };
    assert!(average < required && *average < 0.01, "{average}");
    assert!(matches!(
        evidence[..],
        [Statement {
            kind: Kind::WeakestPart,
            ..
        }]
    ));

    let mut swap = capture();
    faces(&mut swap)
        .skip(6)
        .for_each(|f| f.embedding = Some(person(85.0)));
    assert!(matches!(
        rejections(&swap)[..],
        [
            Rejection::DifferentPersons {
                consistency: Some(_),
                ..
            },
            // The right turn is another person's.
            Rejection::ChallengeFailed
        ]
    ));

    let mut company = capture();
    for f in &mut company[..2] {
        f.measurement.faces.push(detected(150.0));
    }
    assert_eq!(
        rejections(&company),
        [Rejection::DifferentPersons {
            consistency: None,
            evidence: vec![Statement {
                kind: Kind::SecondFace,
                measured: 2.0,
                required: 1.0,
                frame: Some(0),
                part: None,
            }],
        }]
    );

    let mut absent = capture();
    for i in [0, 4, 5] {
        absent[i] = no_face(absent[i].phase);
    }
    assert!(matches!(
        rejections(&absent)[..],
        [Rejection::InsufficientFaceDetections { .. }]
    ));

    let mut still = capture();
    faces(&mut still).for_each(|f| f.pose.yaw = 0.0);
    assert_eq!(rejections(&still), [Rejection::ChallengeFailed]);
}

#[test]
fn evidence_beside_the_scores_speaks_by_name() {
    let said = |frames: &[TaggedFrame]| match &rejections(frames)[..] {
        [
            Rejection::SpoofDetected { evidence, .. }
            | Rejection::DifferentPersons {
                consistency: None,
                evidence,
            },
        ] => evidence
            .iter()
            .map(|s| (s.kind, s.frame))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mut copied = capture();
    let again = copied[0].clone();
    *copied.last_mut().unwrap() = again;
    assert_eq!(
        said(&copied),
        [(Kind::RepeatedPictures, Some(copied.len() - 1))]
    );

    let mut screen = capture();
    let cues = Cues {
        periodicity: Some(4.0),
        border: Some(1.0),
    };
    faces(&mut screen).for_each(|f| f.cues = Some(cues));
    assert_eq!(said(&screen), [(Kind::Raster, None), (Kind::Border, None)]);

    // The face towards the camera and the one that turns right are both like the portrait, but not like
    // each other.
    let mut morphed = capture();
    let people = [0.0, 45.0, 45.0, 45.0, 45.0, 45.0, 88.0, 88.0].map(person);
    for (face, who) in faces(&mut morphed).zip(people) {
        face.embedding = Some(who);
    }
    faces(&mut morphed).nth(1).unwrap().quality.sharpness = 500.0;
    assert!(matches!(
        said(&morphed)[..],
        [(Kind::LeastLikeness, Some(_))]
    ));
}

#[test]
fn failures_come_in_the_documented_order() {
    let mut bad = capture();
    faces(&mut bad).for_each(|f| (f.margins, f.pose.yaw) = (vec![Some(-9.0)], 0.0));
    faces(&mut bad)
        .skip(5)
        .for_each(|f| f.embedding = Some(person(85.0)));
    for i in [1, 2, 3] {
        bad[i] = no_face(bad[i].phase);
    }
    assert!(matches!(
        rejections(&bad)[..],
        [
            Rejection::InsufficientFaceDetections { .. },
            Rejection::DifferentPersons { .. },
            Rejection::SpoofDetected { .. },
            Rejection::ChallengeFailed
        ]
    ));
}

#[test]
fn without_a_face_nothing_else_is_said() {
    let frames: Vec<_> = (0..8).map(|_| no_face(LEFT)).collect();
    assert!(matches!(
        rejections(&frames)[..],
        [Rejection::InsufficientFaceDetections { .. }]
    ));
    let verdict = decided(&frames);
    assert_eq!(
        (verdict.findings.anti_spoof, verdict.findings.same_person),
        (None, None)
    );
    assert!(!verdict.findings.challenge_passed());
}

#[test]
fn an_action_needs_a_face_of_its_own_that_can_be_compared() {
    // The face is turned so far that its embedding does not count, while the frontal frames are many and
    // alike.
    let mut frames = capture();
    faces(&mut frames)
        .filter(|f| f.pose.yaw.abs() > 12.0)
        .for_each(|f| f.pose.yaw *= 4.0);
    let verdict = decided(&frames);
    let whys: Vec<_> = verdict
        .findings
        .failed
        .iter()
        .map(|f| f.missing.why)
        .collect();
    assert_eq!(whys, [Why::NotComparable, Why::NotComparable]);
    // One comparable frame on the way is enough.
    faces(&mut frames).nth(3).unwrap().pose.yaw = -28.0;
    assert_eq!(decided(&frames).findings.completed, [Action::TurnLeft]);
}

#[test]
fn no_frames_are_no_verification() {
    assert!(!decided(&[]).is_verified());
}

#[test]
fn the_best_frame_is_the_sharpest_portrait_with_open_eyes() {
    let t = Thresholds::default();
    let portrait = |yaw, sharpness, eyes| {
        frame(Phase::Center, |f| {
            f.pose.yaw = yaw;
            f.quality.sharpness = sharpness;
            (f.eyes.left_ratio, f.eyes.right_ratio) = (eyes, eyes);
        })
    };
    let frames = [
        portrait(0.0, 10.0, 0.3),
        portrait(10.0, 20.0, 0.3),
        portrait(0.0, 90.0, 0.05),
        portrait(30.0, 99.0, 0.3),
    ];
    assert_eq!(best_frame(&frames, &t), Some(1));
    assert_eq!(
        best_frame(&frames[3..], &t),
        Some(0),
        "the most frontal where no frame is a portrait"
    );
    assert_eq!(best_frame(&[no_face(Phase::Center)], &t), None);
}

#[test]
fn a_face_too_narrow_to_be_seen_is_none() {
    let far = |width: f32| {
        let seen = |_| {
            frame(Phase::Center, |f| {
                f.bounds.width = width;
            })
        };
        let frames: Vec<_> = (0..8).map(seen).collect();
        decided(&frames).findings.frames_with_face
    };
    assert_eq!((far(39.0), far(40.0)), (0, 8));
}

#[test]
fn confidence_falls_with_each_of_its_parts() {
    let face = crate::testing::face();
    let full = confidence(1.0, 0.8, &face);
    assert!((full - 1.0).abs() < 1e-6);
    let mut small = face.clone();
    small.bounds.width = 50.0;
    let mut dark = face.clone();
    dark.quality.brightness = 10.0;
    for worse in [
        confidence(0.8, 0.8, &face),
        confidence(1.0, 0.5, &face),
        confidence(1.0, 0.8, &small),
        confidence(1.0, 0.8, &dark),
    ] {
        assert!(worse < full);
    }
}

#[test]
fn copies_do_not_make_up_the_number_of_pictures() {
    let all = capture();
    assert!(decided(&all).is_verified());
    // One picture towards the camera, six times, and one of each turn.
    let few = [
        vec![all[0].clone(); 6],
        vec![all[3].clone(), all[6].clone()],
    ]
    .concat();
    let verdict = decided(&few);
    assert_eq!(verdict.findings.completed.len(), 2, "{verdict:?}");
    assert!(matches!(
        rejections(&few)[..],
        [Rejection::InsufficientFaceDetections { .. }]
    ));
}

#[test]
fn a_head_turned_far_to_the_side_does_not_look_up() {
    let challenge = Challenge {
        actions: vec![Action::TurnUp, Action::TurnLeft],
        angles: Angles::default(),
        mirrored: false,
    };
    let mut frames = capture();
    frames.extend([(-19.0, 48.0), (-19.5, 50.0)].map(|(pitch, yaw)| {
        frame(Phase::Of(Action::TurnUp), |f| {
            (f.pose.pitch, f.pose.yaw) = (pitch, yaw)
        })
    }));
    // A rest of 4 degrees down is credited.
    frames.insert(0, frame(Phase::Center, |f| f.pose.pitch = 4.0));
    let verdict = decided_as(Sampling::Chosen, &challenge, &frames);
    assert_eq!(
        verdict.findings.completed,
        [Action::TurnLeft],
        "{verdict:?}"
    );
}

#[test]
fn the_smallest_angle_that_may_be_asked_for_is_enough_and_takes_a_movement() {
    let challenge = Challenge {
        actions: vec![Action::TurnDown, Action::TurnLeft],
        angles: Angles {
            pitch_deg: 10.0,
            ..Angles::default()
        },
        mirrored: false,
    };
    let looking = |down: [f32; 5]| -> Vec<TaggedFrame> {
        let down_phase = Phase::Of(Action::TurnDown);
        let phases = [
            [Phase::Center; 4].as_slice(),
            &[down_phase, down_phase, LEFT, LEFT],
        ]
        .concat();
        let down = [[down[0]; 3].as_slice(), &down].concat();
        let yaws = [[0.0; 6].as_slice(), &[-20.0, -30.0]].concat();
        let poses = phases.into_iter().zip(down).zip(yaws);
        poses
            .map(|((phase, pitch), yaw)| {
                frame(phase, |f| (f.pose.pitch, f.pose.yaw) = (pitch, yaw))
            })
            .collect()
    };
    let decide = |frames: &[TaggedFrame]| decided_as(Sampling::Chosen, &challenge, frames);
    assert!(decide(&looking([0.0, 6.0, 10.0, 3.0, 2.0])).is_verified());
    // A head that is lowered all the time has not moved.
    let held = decide(&looking([11.0; 5]));
    assert_eq!(held.findings.completed, [Action::TurnLeft], "{held:?}");
}

#[test]
fn the_best_frame_is_one_whose_picture_is_at_hand() {
    let mut frames = capture();
    for (index, face) in faces(&mut frames).enumerate() {
        face.quality.sharpness = if index == 0 { 200.0 } else { 100.0 };
    }
    let t = Thresholds::default();
    assert_eq!(best_frame(&frames, &t), Some(0));
    frames[0].has_picture = false;
    assert_eq!(best_frame(&frames, &t), Some(4));
    for frame in &mut frames {
        frame.has_picture = frame.phase == LEFT;
    }
    assert_eq!(best_frame(&frames, &t), Some(2), "the most frontal one");
}

#[test]
fn frames_that_are_one_picture_are_one() {
    let frames = capture();
    let again: Vec<_> = frames.iter().flat_map(|f| [f.clone(), f.clone()]).collect();
    let (once, twice) = (decided(&frames), decided(&again));
    assert_eq!(once.findings.anti_spoof, twice.findings.anti_spoof);
    assert_eq!(once.findings.same_person, twice.findings.same_person);
}

#[test]
fn turns_to_the_other_side_are_told_and_decide_nothing() {
    let other_side = |change: &dyn Fn(usize, &mut Face)| {
        let mut frames = capture();
        faces(&mut frames)
            .enumerate()
            .for_each(|(i, f)| change(i, f));
        let verdict = decided(&frames);
        let rejections = match verdict.conclusion {
            Conclusion::Verified(_) => Vec::new(),
            Conclusion::Rejected(rejections) => rejections,
        };
        (verdict.findings.other_side, rejections)
    };
    // Mirror images.
    let (turns, rejections) = other_side(&|_, f| f.pose = f.pose.mirrored());
    assert_eq!((turns, rejections), (2, vec![Rejection::ChallengeFailed]));
    // As the challenge asks; one turn left out; one turn to the wrong side.
    assert_eq!(other_side(&|_, _| {}), (0, Vec::new()));
    let wrong: [fn(usize, &mut Face); 3] = [
        |_, f| f.pose.yaw = f.pose.yaw.max(-5.0),
        |_, f| f.pose.yaw = f.pose.yaw.abs(),
        |_, f| f.pose.yaw = 0.0,
    ];
    for wrong in wrong {
        let (turns, rejections) = other_side(&wrong);
        assert_eq!(turns, 0);
        assert!(rejections.contains(&Rejection::ChallengeFailed));
    }
}
