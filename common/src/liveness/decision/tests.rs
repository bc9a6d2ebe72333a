use super::*;
use crate::liveness::challenge::{Action, Angles, Phase};
use crate::liveness::evidence::testing::{detected, frame, no_face, person};
use crate::liveness::measurement::{Cues, Face};

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

fn rejections(frames: &[TaggedFrame]) -> Vec<Rejection> {
    match decide(&challenge(), frames, &Thresholds::default()).conclusion {
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
    let verdict = decide(&challenge(), &capture(), &Thresholds::default());
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
    faces(&mut spoof).for_each(|f| f.bona_fide = vec![0.2, 0.4]);
    assert!(
        matches!(&rejections(&spoof)[..], [Rejection::SpoofDetected { score: Some(s), evidence: said }] if (s.measured - 0.3).abs() < 1e-3 && said.is_empty())
    );

    let mut swap = capture();
    faces(&mut swap)
        .skip(6)
        .for_each(|f| f.embedding = Some(person(85.0)));
    assert!(matches!(
        rejections(&swap)[..],
        [Rejection::DifferentPersons {
            consistency: Some(_),
            ..
        }]
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
            Rejection::SpoofDetected {
                score: None,
                evidence,
            }
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

    // Morphs in between join who faces the camera and who turns right.
    let mut morphed = capture();
    let people = [0.0, 40.0, 40.0, 40.0, 40.0, 40.0, 81.0, 81.0].map(person);
    for (face, who) in faces(&mut morphed).zip(people) {
        face.embedding = Some(who);
    }
    assert!(matches!(
        said(&morphed)[..],
        [(Kind::LeastLikeness, Some(_))]
    ));
}

#[test]
fn failures_come_in_the_documented_order() {
    let mut bad = capture();
    faces(&mut bad).for_each(|f| (f.bona_fide, f.pose.yaw) = (vec![0.1], 0.0));
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
    let verdict = decide(&challenge(), &frames, &Thresholds::default());
    assert_eq!(
        (verdict.findings.anti_spoof, verdict.findings.same_person),
        (None, None)
    );
    assert!(!verdict.findings.challenge_passed());
}

#[test]
fn one_person_must_be_shown_to_be_verified() {
    // Every turn goes past where an embedding says anything: only one frame does.
    let frames: Vec<_> = [(LEFT, 0.0), (LEFT, -80.0), (RIGHT, 85.0), (RIGHT, 80.0)]
        .map(|(phase, yaw)| frame(phase, |f| f.pose.yaw = yaw))
        .to_vec();
    assert!(matches!(
        rejections(&frames)[..],
        [Rejection::InsufficientFaceDetections { measured, .. }] if (measured - 0.25).abs() < 1e-6
    ));
}

#[test]
fn who_turns_must_be_seen_to_be_who_faced_the_camera() {
    // Turned so far that no embedding says anything, while the frontal frames are many and alike.
    let mut frames = capture();
    faces(&mut frames)
        .filter(|f| f.pose.yaw.abs() > 12.0)
        .for_each(|f| f.pose.yaw *= 4.0);
    assert!(matches!(
        rejections(&frames)[..],
        [Rejection::InsufficientFaceDetections { .. }]
    ));
}

#[test]
fn no_frames_are_no_verification() {
    assert!(!decide(&challenge(), &[], &Thresholds::default()).is_verified());
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
        decide(&challenge(), &frames, &Thresholds::default())
            .findings
            .frames_with_face
    };
    assert_eq!((far(39.0), far(40.0)), (0, 8));
}

#[test]
fn confidence_falls_with_each_of_its_parts() {
    let face = crate::liveness::evidence::testing::face();
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
        let phases = [Phase::Center, down_phase, down_phase, LEFT, LEFT];
        let yaws = [0.0, 0.0, 0.0, -20.0, -30.0];
        let poses = phases.into_iter().zip(down).zip(yaws);
        poses
            .map(|((phase, pitch), yaw)| {
                frame(phase, |f| (f.pose.pitch, f.pose.yaw) = (pitch, yaw))
            })
            .collect()
    };
    let decide = |frames: &[TaggedFrame]| decide(&challenge, frames, &Thresholds::default());
    assert!(decide(&looking([0.0, 6.0, 10.0, 3.0, 2.0])).is_verified());
    // A head that is held low all the time has not moved.
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
fn a_clip_of_half_a_minute_is_decided_as_a_capture_of_a_few_frames_is() {
    let long: Vec<TaggedFrame> = capture()
        .into_iter()
        .flat_map(|f| std::iter::repeat_n(f, 56))
        .collect();
    let (long, short) = (
        decide(&challenge(), &long, &Thresholds::default()),
        decide(&challenge(), &capture(), &Thresholds::default()),
    );
    assert!(long.is_verified() && short.is_verified());
    assert_eq!(long.findings.same_person, short.findings.same_person);
}
