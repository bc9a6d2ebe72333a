//! Properties that hold for any frames a caller may choose.

use proptest::prelude::*;

use super::*;
use crate::measurement::FrameMeasurement;
use crate::movement::Task;
use crate::session::{Session, Step};

/// A frame as a caller may choose it: tag, yaw, margin, and whether it shows another person.
fn any_frame() -> impl Strategy<Value = TaggedFrame> {
    let phase = prop_oneof![Just(Phase::Center), Just(LEFT), Just(RIGHT)];
    (
        phase,
        -60.0_f32..60.0,
        -12.0_f32..12.0,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(phase, yaw, margin, is_other)| {
            frame(phase, |f| {
                (f.pose.yaw, f.margins) = (yaw, vec![Some(margin)]);
                f.embedding = Some(person(if is_other { 88.0 } else { 0.0 }));
            })
        })
}

/// Whether the capture fails by what its pictures show, and not by what is missing.
fn fails_by_evidence(frames: &[TaggedFrame]) -> bool {
    rejections(frames).iter().any(|r| match r {
        Rejection::SpoofDetected { evidence, .. } => evidence.iter().any(|s| match s.kind {
            Kind::WeakestPart | Kind::Raster | Kind::Border | Kind::RepeatedPictures => true,
            Kind::SecondFace
            | Kind::LeastLikeness
            | Kind::HeldPictures
            | Kind::CrossFade
            | Kind::HeadSpeed
            | Kind::SceneChange
            | Kind::CapturedBeforeSession => false,
        }),
        Rejection::DifferentPersons { .. } => true,
        Rejection::InsufficientFaceDetections { .. } | Rejection::ChallengeFailed => false,
    })
}

/// Equal except for rounding.
fn near(a: Option<f32>, b: Option<f32>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-4,
        (a, b) => a == b,
    }
}

/// A head that moves, densely sampled.
fn walk(steps: &[(f32, f32)]) -> Vec<FrameMeasurement> {
    let (mut yaw, mut pitch) = (0.0_f32, 0.0_f32);
    steps
        .iter()
        .map(|(a, b)| {
            yaw = (yaw + a).clamp(-50.0, 50.0);
            pitch = (pitch + b).clamp(-18.0, 18.0);
            frame(Phase::Untagged, |f| {
                (f.pose.yaw, f.pose.pitch) = (yaw, pitch);
            })
            .measurement
        })
        .collect()
}

proptest! {
    #[test]
    fn frames_that_are_added_never_verify_a_capture_that_fails_by_its_pictures(
        frames in prop::collection::vec(any_frame(), 2..10),
        more in prop::collection::vec((any_frame(), 0_usize..20), 1..12),
    ) {
        prop_assume!(fails_by_evidence(&frames));
        // A capture with one scored picture is judged differently: it is never verified.
        prop_assume!(frames.iter().filter(|f| Evidence::judged(&f.measurement, &Thresholds::default()).is_some()).count() > 1);
        let mut padded = frames.clone();
        for (frame, at) in more {
            padded.insert(at % (padded.len() + 1), frame);
        }
        prop_assert!(!decided(&padded).is_verified());
    }

    #[test]
    fn frames_that_face_the_camera_may_be_repeated(
        frames in prop::collection::vec(any_frame(), 2..10), times in 2_usize..5,
    ) {
        let repeated: Vec<_> = frames.iter().flat_map(|f| {
            let is_frontal = f.face().is_some_and(|f| f.pose.yaw.abs() < 12.0);
            std::iter::repeat_n(f.clone(), if is_frontal { times } else { 1 })
        }).collect();
        let (once, again) = (decided(&frames), decided(&repeated));
        prop_assert_eq!(once.is_verified(), again.is_verified());
        prop_assert!(near(once.findings.anti_spoof, again.findings.anti_spoof));
        prop_assert!(near(once.findings.same_person, again.findings.same_person));
        prop_assert_eq!(once.findings.completed, again.findings.completed);
    }

    #[test]
    fn pictures_are_scored_alike_in_any_order(
        frames in prop::collection::vec(any_frame(), 2..10), by in 0_usize..10,
    ) {
        let mut rotated = frames.clone();
        rotated.rotate_left(by % frames.len());
        let (a, b) = (decided(&frames).findings, decided(&rotated).findings);
        prop_assert!(near(a.anti_spoof, b.anti_spoof) && near(a.same_person, b.same_person));
        let weakest = |f: &Findings| f.evidence.iter().find(|s| s.kind == Kind::WeakestPart).map(|s| s.measured);
        prop_assert!(near(weakest(&a), weakest(&b)));
    }

    #[test]
    fn a_spoof_rejection_has_the_average_that_was_measured_and_the_threshold(
        frames in prop::collection::vec((any_frame(), any::<bool>()), 1..10), dense: bool,
    ) {
        let t = Thresholds::default();
        let frames: Vec<_> = frames.into_iter().map(|(mut frame, is_scored)| {
            if let Some(face) = frame.measurement.face.as_mut().filter(|_| !is_scored) {
                face.margins = vec![None];
            }
            frame
        }).collect();
        let sampling = if dense { Sampling::Dense } else { Sampling::Chosen };
        let timing = Some(Timing { claimed_s: 9.0, available_s: 1.0 });
        let capture = Capture { frames: &frames, sampling, timing };
        let verdict = decide(&challenge(), &capture, &t);
        let Conclusion::Rejected(rejections) = verdict.conclusion else {
            return Err(TestCaseError::fail("a capture from before its session was verified"));
        };
        let numbers = rejections.iter().find_map(|r| match r {
            Rejection::SpoofDetected { average, required, .. } => Some((*average, *required)),
            Rejection::InsufficientFaceDetections { .. }
            | Rejection::DifferentPersons { .. }
            | Rejection::ChallengeFailed => None,
        });
        let Some((average, required)) = numbers else {
            // A face that no model can score is not clear: nothing of it is judged.
            prop_assert_eq!(verdict.findings.frames_with_face, 0);
            return Ok(());
        };
        prop_assert_eq!(average, verdict.findings.anti_spoof);
        let is_scored = |f: &TaggedFrame| Evidence::judged(&f.measurement, &t).is_some_and(|f| f.margin().is_some());
        prop_assert_eq!(average.is_some(), frames.iter().any(is_scored));
        prop_assert_eq!(required, t.pad.threshold(sampling));
    }

    #[test]
    fn a_live_session_and_a_clip_see_the_same_movements(
        steps in prop::collection::vec((-14.0_f32..14.0, -5.0_f32..5.0), 1..40), pick in 0_usize..4,
    ) {
        let t = Thresholds::default();
        let action = [Action::TurnLeft, Action::TurnRight, Action::TurnUp, Action::TurnDown][pick];
        let seen = walk(&steps);
        let mut session = Session::new(vec![Task::from(action)], 600_000, Angles::default(), u64::MAX);
        for (frame, at_ms) in seen.iter().zip((1_000..).step_by(100)) {
            session = match session.clone().advance(frame, at_ms, &t) {
                Step::Taken(next, _) => next,
                Step::NeedsWhole => panic!("a whole look is as close as it gets"),
            };
        }
        let frames: Vec<_> = (0_u16..).zip(seen).map(|(n, measurement)| TaggedFrame {
            phase: Phase::Untagged,
            measurement,
            seconds: Some(f32::from(n) / 10.0),
            has_picture: true,
        }).collect();
        let challenge = Challenge { actions: vec![action], ..challenge() };
        let clip = decided_as(Sampling::Dense, &challenge, &frames);
        prop_assert_eq!(session.remaining() == 0, clip.findings.completed == [action]);
    }
}
