use proptest::prelude::*;

use super::*;
use crate::challenge::{Action, Angles, Challenge, Phase};
use crate::decision::{Capture, Verdict, decide};
use crate::evidence::Timing;
use crate::measurement::{Cues, Face, FrameMeasurement};
use crate::sampling::Sampling;
use crate::scene::{BINS, Scene};
use crate::session::{End, Session, State, Step};
use crate::tagged::TaggedFrame;
use crate::testing::{detected, frame, no_face, person, picture};

const LEFT: Phase = Phase::Of(Action::TurnLeft);
const BLINK: Phase = Phase::Of(Action::Blink);

fn decided(sampling: Sampling, timing: Option<Timing>, frames: &[TaggedFrame]) -> Verdict {
    let challenge = Challenge {
        actions: vec![Action::TurnLeft, Action::Blink],
        angles: Angles::default(),
        mirrored: false,
    };
    let capture = Capture {
        frames,
        sampling,
        timing,
    };
    decide(&challenge, &capture, &Thresholds::default())
}

fn shut(face: &mut Face) {
    (face.eyes.left_ratio, face.eyes.right_ratio) = (0.05, 0.05);
    (face.eyes.left_blink, face.eyes.right_blink) = (0.7, 0.7);
}

/// A person who turns left by this angle and blinks.
fn capture(yaw: f32) -> Vec<TaggedFrame> {
    let open = |phase, yaw: f32| frame(phase, |f| f.pose.yaw = yaw);
    vec![
        open(Phase::Center, 0.0),
        open(Phase::Center, 1.0),
        open(LEFT, 0.6 * yaw),
        open(LEFT, yaw),
        open(Phase::Center, 0.0),
        open(BLINK, 0.0),
        frame(BLINK, shut),
        open(BLINK, 0.0),
    ]
}

fn hints_of(frames: &[TaggedFrame]) -> Vec<RetryHint> {
    decided(Sampling::Chosen, None, frames).findings.retry_hints
}

/// The hints for a good capture in which `change` was made to these frames.
fn hints_with(frames: std::ops::Range<usize>, change: fn(&mut Face)) -> Vec<RetryHint> {
    let mut all = capture(-30.0);
    let changed = all[frames].iter_mut();
    changed
        .filter_map(|f| f.measurement.face.as_mut())
        .for_each(change);
    hints_of(&all)
}

#[test]
fn a_verified_capture_has_no_hint_and_a_spoof_of_good_quality_has_none() {
    assert!(decided(Sampling::Chosen, None, &capture(-30.0)).is_verified());
    assert_eq!(hints_of(&capture(-30.0)), []);
    assert_eq!(hints_with(0..8, |f| f.margins = vec![Some(-9.0)]), []);
    // Nor has a swap, though the other person's turn does not count.
    assert_eq!(hints_with(2..4, |f| f.embedding = Some(person(85.0))), []);
}

#[test]
fn a_missed_action_has_its_hint() {
    assert_eq!(hints_of(&capture(-18.0)), [RetryHint::TurnFurtherLeft]);
    let far = hints_with(2..4, |f| f.pose.yaw = -85.0);
    assert_eq!(far, [RetryHint::TurnLessFar]);
    let open = hints_with(6..7, |f| {
        (f.eyes.left_ratio, f.eyes.right_ratio) = (0.3, 0.3);
    });
    assert_eq!(open, [RetryHint::BlinkLonger]);
    assert_eq!(hints_with(7..8, shut), [RetryHint::OpenEyes]);
    let mut unseen = capture(-30.0);
    unseen[2] = no_face(LEFT);
    unseen[3] = no_face(LEFT);
    assert_eq!(hints_of(&unseen), [RetryHint::KeepFaceInFrame]);
}

#[test]
fn every_action_and_cause_has_a_hint_that_fits_its_kind() {
    let missing = |why| Missing {
        why,
        measured: None,
        required: 0.0,
        unit: Unit::Degrees,
    };
    for (why, hints) in [
        (
            Why::NotReached,
            [
                RetryHint::TurnFurtherLeft,
                RetryHint::TurnFurtherRight,
                RetryHint::LookFurtherUp,
                RetryHint::LookFurtherDown,
                RetryHint::BlinkLonger,
                RetryHint::SmileWider,
                RetryHint::OpenMouthWider,
            ],
        ),
        (
            Why::NoNeutralBefore,
            [
                RetryHint::LookStraight,
                RetryHint::LookStraight,
                RetryHint::LookStraight,
                RetryHint::LookStraight,
                RetryHint::OpenEyes,
                RetryHint::RelaxFace,
                RetryHint::RelaxFace,
            ],
        ),
        (Why::OutOfOrder, [RetryHint::FollowOrder; 7]),
        (Why::NoFrames, [RetryHint::KeepFaceInFrame; 7]),
    ] {
        assert_eq!(Task::ALL.map(|task| of_action(task, missing(why))), hints);
    }
    assert_eq!(
        of_action(Task::TurnLeft, missing(Why::NoMovement)),
        RetryHint::MoveSlower
    );
}

#[test]
fn poor_pictures_have_the_hint_that_mends_them() {
    for (change, hint) in [
        (
            (|f| f.bounds.width = 30.0) as fn(&mut Face),
            RetryHint::ComeCloser,
        ),
        (|f| f.margins = vec![None], RetryHint::MoveBack),
        (|f| f.pose.roll = 80.0, RetryHint::HoldUpright),
        (|f| f.quality.detail_px = 9.0, RetryHint::HoldStill),
        (|f| f.quality.noise = 20.0, RetryHint::MoreLight),
        (|f| f.quality.brightness = 20.0, RetryHint::MoreLight),
        (|f| f.quality.brightness = 240.0, RetryHint::LessLight),
        (
            |f| (f.quality.brightness, f.quality.coarse_noise.red) = (200.0, 9.0),
            RetryHint::RemoveGlare,
        ),
    ] {
        let mut frames = capture(-18.0);
        let faces = frames
            .iter_mut()
            .filter_map(|f| f.measurement.face.as_mut());
        faces.for_each(change);
        let hints = hints_of(&frames);
        let brightness = frames[0].face().unwrap().quality.brightness;
        if matches!(brightness, 20.0 | 240.0) {
            // The face counts, so the action comes first.
            assert_eq!(hints, [RetryHint::TurnFurtherLeft, hint]);
        } else {
            assert_eq!(hints, [hint, RetryHint::KeepFaceInFrame]);
        }
    }
}

#[test]
fn a_second_face_comes_first_and_whose_it_is_does_not_matter() {
    let mut company = capture(-18.0);
    for frame in &mut company[..2] {
        frame.measurement.faces.push(detected(150.0));
    }
    assert_eq!(
        hints_of(&company),
        [RetryHint::OnePersonOnly, RetryHint::TurnFurtherLeft]
    );
    // A single frame with another face is no reason to reject.
    company[0].measurement.faces.pop();
    assert_eq!(hints_of(&company), [RetryHint::TurnFurtherLeft]);
}

#[test]
fn a_lack_of_few_frames_is_not_worth_a_hint_unless_the_capture_fails_by_it() {
    let seen = |frames, frames_with_face, poor: &[(poor::Why, u32)]| {
        let poor: Vec<_> = poor
            .iter()
            .map(|(why, frames)| PoorFrames {
                why: *why,
                frames: *frames,
                positions: Vec::new(),
                measured: None,
                required: None,
            })
            .collect();
        let seen = Visibility {
            frames,
            frames_with_face,
            second_face: false,
            poor: &poor,
        };
        hints(&seen, &[], &Thresholds::default())
    };
    assert_eq!(seen(75, 68, &[(poor::Why::Blurred, 7)]), []);
    assert_eq!(
        seen(75, 67, &[(poor::Why::Blurred, 8)]),
        [RetryHint::HoldStill]
    );
    let scattered = [(poor::Why::Blurred, 7), (poor::Why::Narrow, 6)];
    assert_eq!(seen(75, 50, &scattered), [RetryHint::HoldStill]);
    // Opposites are of no use, and neither are many at once.
    let opposite = [
        (poor::Why::Dark, 30),
        (poor::Why::Bright, 20),
        (poor::Why::Noisy(Noise::Fine), 10),
        (poor::Why::Blurred, 9),
        (poor::Why::Tilted, 8),
        (poor::Why::NoFace, 8),
    ];
    assert_eq!(
        seen(75, 10, &opposite),
        [
            RetryHint::MoreLight,
            RetryHint::HoldStill,
            RetryHint::HoldUpright
        ]
    );
}

fn ended(task: Task, frames: &[FrameMeasurement]) -> End {
    let t = Thresholds::default();
    let mut session = Session::new(vec![task], 60_000, Angles::default(), u64::MAX);
    for (frame, at_ms) in frames.iter().zip((1_000..).step_by(100)) {
        session = match session.clone().advance(frame, at_ms, &t) {
            Step::Taken(next, _) => next,
            Step::NeedsWhole => panic!("every frame was measured in full"),
        };
    }
    match session.settle(10_000_000, &t).state() {
        State::Ended(end) => end.clone(),
        other @ (State::Pending | State::InProgress) => panic!("not over: {other:?}"),
    }
}

#[test]
fn a_session_that_ends_without_its_task_has_its_hint() {
    let seen = |yaw: f32| frame(Phase::Center, |f| f.pose.yaw = yaw).measurement;
    let smile = |smile: f32| frame(Phase::Center, |f| f.mouth.smile = smile).measurement;
    let turn = |yaws: &[f32]| -> Vec<_> { yaws.iter().map(|yaw| seen(*yaw)).collect() };
    let hints = |task, frames: &[FrameMeasurement]| ended(task, frames).retry_hints;
    assert_eq!(
        hints(Task::TurnLeft, &turn(&[0.0, -10.0, -20.0])),
        [RetryHint::TurnFurtherLeft]
    );
    assert_eq!(
        hints(Task::TurnLeft, &turn(&[-20.0, -30.0])),
        [RetryHint::LookStraight]
    );
    assert_eq!(
        hints(Task::TurnLeft, &turn(&[0.0, -40.0, 0.0])),
        [RetryHint::MoveSlower]
    );
    assert_eq!(
        hints(Task::Smile, &[smile(0.1), smile(0.3)]),
        [RetryHint::SmileWider]
    );
    assert_eq!(
        hints(Task::Smile, &[no_face(Phase::Center).measurement]),
        [RetryHint::KeepFaceInFrame]
    );
    let live = ended(Task::TurnLeft, &turn(&[0.0, -14.0, -30.0]));
    assert!(live.is_live() && live.retry_hints.is_empty(), "{live:?}");
}

/// What one frame shows besides the person's movement and the quality of the picture.
#[derive(Clone, Copy, Debug)]
struct Evidence {
    margin: f32,
    /// Angle of the embedding to that of others.
    person: f32,
    /// Number of the picture; the same number is a copy.
    picture: u64,
    place: usize,
    cues: Cues,
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let cue = || prop::option::of(0.0_f32..6.0);
    let person = prop_oneof![4 => Just(0.0_f32), 1 => Just(88.0_f32)];
    (
        -12.0_f32..12.0,
        person,
        1_u64..6,
        0..BINS * BINS,
        cue(),
        cue(),
    )
        .prop_map(
            |(margin, person, picture, place, periodicity, border)| Evidence {
                margin,
                person,
                picture,
                place,
                cues: Cues {
                    periodicity,
                    border,
                },
            },
        )
}

/// A frame with any pose, eyes and quality.
fn any_frame() -> impl Strategy<Value = TaggedFrame> {
    let phase = prop_oneof![Just(Phase::Center), Just(LEFT), Just(BLINK)];
    let quality = (
        10.0_f32..250.0,
        0.5_f32..10.0,
        10.0_f32..60.0,
        30.0_f32..300.0,
    );
    let company = prop::bool::weighted(0.1);
    (phase, -60.0_f32..30.0, 0.03_f32..0.35, quality, company).prop_map(
        |(phase, yaw, ratio, (brightness, noise, detail_px, width), company)| {
            let mut frame = frame(phase, |f| {
                f.pose.yaw = yaw;
                (f.eyes.left_ratio, f.eyes.right_ratio) = (ratio, ratio);
                let blink = (1.0 - ratio / 0.25).clamp(0.0, 0.8);
                (f.eyes.left_blink, f.eyes.right_blink) = (blink, blink);
                (f.quality.brightness, f.quality.noise) = (brightness, noise);
                (f.quality.detail_px, f.bounds.width) = (detail_px, width);
            });
            if company {
                frame.measurement.faces.push(detected(290.0));
            }
            frame
        },
    )
}

fn with(frame: &TaggedFrame, shows: Evidence) -> TaggedFrame {
    let mut frame = frame.clone();
    let mut weights = vec![0.0; BINS * BINS];
    weights[shows.place] = 1.0;
    frame.measurement.scene = Scene::new(weights);
    if let Some(face) = &mut frame.measurement.face {
        face.margins = vec![Some(shows.margin)];
        face.embedding = Some(person(shows.person));
        face.sketch = picture(shows.picture);
        face.cues = Some(shows.cues);
    }
    frame
}

proptest! {
    #[test]
    fn captures_that_differ_only_in_spoof_and_identity_evidence_have_the_same_hints(
        frames in prop::collection::vec((any_frame(), any_evidence(), any_evidence()), 8..20),
        dense in prop::bool::ANY,
        claimed_s in 0.0_f32..20.0,
    ) {
        let of = |pick: fn(&(TaggedFrame, Evidence, Evidence)) -> Evidence, timing| {
            let frames: Vec<_> = frames.iter().zip(0_u16..).map(|(all, n)| TaggedFrame {
                phase: if dense { Phase::Untagged } else { all.0.phase },
                seconds: dense.then_some(f32::from(n) / 10.0),
                ..with(&all.0, pick(all))
            }).collect();
            decided(if dense { Sampling::Dense } else { Sampling::Chosen }, timing, &frames)
        };
        let one = of(|all| all.1, None);
        let other = of(|all| all.2, Some(Timing { claimed_s, available_s: 5.0 }));
        prop_assume!(!one.is_verified() && !other.is_verified());
        prop_assert_eq!(&one.findings.retry_hints, &other.findings.retry_hints);
        let hints = &one.findings.retry_hints;
        prop_assert!(hints.len() <= MOST_HINTS);
        for (place, hint) in hints.iter().enumerate() {
            prop_assert!(!hints[..place].contains(hint));
        }
    }

    #[test]
    fn sessions_that_time_out_have_the_same_hints_whatever_their_spoof_and_identity_evidence(
        frames in prop::collection::vec((any_frame(), any_evidence(), any_evidence()), 1..20),
        pick in 0_usize..7,
    ) {
        let task = Task::ALL[pick];
        let of = |pick: fn(&(TaggedFrame, Evidence, Evidence)) -> Evidence| {
            let frames: Vec<_> = frames.iter().map(|all| with(&all.0, pick(all)).measurement).collect();
            ended(task, &frames)
        };
        let (one, other) = (of(|all| all.1), of(|all| all.2));
        // A session that ends before has fewer frames.
        let ran = |end: &End| end.frames == frames.len() && end.passed == 0;
        prop_assume!(ran(&one) && ran(&other));
        let timed_out = |end: &End| matches!(&end.ending, crate::session::Ending::Failed { missing: Some(_), .. });
        prop_assume!(timed_out(&one) && timed_out(&other));
        prop_assert_eq!(one.retry_hints, other.retry_hints);
    }
}
