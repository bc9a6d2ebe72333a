//! Properties that hold for any frames.

use super::*;
use crate::challenge::Axis;

fn arbitrary_frame() -> impl Strategy<Value = FrameMeasurement> {
    let pose = (-60.0_f32..60.0, -40.0_f32..40.0);
    let near = (-10.0_f32..10.0, -10.0_f32..10.0);
    let eyes = (0.02_f32..0.4, 0.02_f32..0.4);
    let mouth = (0.0_f32..1.0, 0.0_f32..0.7);
    (prop_oneof![pose, near], eyes, mouth).prop_map(
        |((yaw, pitch), (left, right), (smile, opening))| {
            seen(|f| {
                (f.pose.yaw, f.pose.pitch) = (yaw, pitch);
                (f.eyes.left_ratio, f.eyes.right_ratio) = (left, right);
                let blink = |ratio: f32| (1.0 - ratio / 0.25).clamp(0.0, 0.8);
                (f.eyes.left_blink, f.eyes.right_blink) = (blink(left), blink(right));
                (f.mouth.smile, f.mouth.opening) = (smile, opening);
            })
        },
    )
}

/// The same still, sent again with other noise.
fn noisy(still: &FrameMeasurement, noise: &[f32; 5]) -> FrameMeasurement {
    let mut frame = still.clone();
    let face = frame.face.as_mut().unwrap();
    face.pose.yaw += noise[0];
    face.pose.pitch += noise[1];
    face.eyes.left_ratio += 0.02 * noise[2];
    face.eyes.right_ratio += 0.02 * noise[2];
    face.mouth.smile = (face.mouth.smile + 0.04 * noise[3]).clamp(0.0, 1.0);
    face.mouth.opening = (face.mouth.opening + 0.04 * noise[4]).max(0.0);
    frame
}

/// Whether these faces, in this order, contain the movement; computed without the state machine.
fn holds_movement(task: Task, faces: &[&Face]) -> bool {
    let before = |at: usize, is: &dyn Fn(&Face) -> bool| faces[..at].iter().any(|f| is(f));
    let reached =
        |is: &dyn Fn(usize, &Face) -> bool| faces.iter().enumerate().any(|(i, f)| is(i, f));
    match (task, task.head_move()) {
        (_, Some(head_move)) => {
            let extent = |f: &Face| head_move.extent(f.pose);
            // The least pitch or yaw, however the face leans at rest.
            let least = match head_move.axis {
                Axis::Yaw => 25.0,
                Axis::Pitch => 12.0,
            };
            reached(&|at, peak| {
                extent(peak) >= least
                    && before(at, &|f| f.pose.is_within(12.0) || extent(f) <= -12.0)
                    && faces
                        .iter()
                        .any(|f| extent(f) >= 2.0 && extent(f) <= extent(peak) - 2.0)
            })
        }
        (Task::Smile, None) => {
            reached(&|at, f| f.mouth.smile >= 0.5 && before(at, &|f| f.mouth.smile <= 0.4))
        }
        (Task::OpenMouth, None) => {
            reached(&|at, f| f.mouth.opening >= 0.4 && before(at, &|f| f.mouth.opening <= 0.2))
        }
        (_, None) => reached(&|at, closed| {
            let ratio = closed.eyes.wider();
            before(at, &|f| f.eyes.wider() > ratio / 0.6)
                && faces[at + 1..].iter().any(|f| f.eyes.wider() > ratio)
        }),
    }
}

proptest! {
    #[test]
    fn without_a_movement_nothing_passes(
        frames in prop::collection::vec(arbitrary_frame(), 1..12), pick in 0_usize..7,
    ) {
        let task = Task::ALL[pick];
        let (over, _) = after(session(&[task]), &frames);
        let faces: Vec<&Face> = frames.iter().filter_map(|f| f.face.as_ref()).collect();
        prop_assert!(over.remaining() == 1 || holds_movement(task, &faces));
    }

    #[test]
    fn a_still_passes_nothing_however_often_it_is_sent(
        still in arbitrary_frame(),
        noise in prop::collection::vec(prop::array::uniform5(-0.5_f32..0.5), 1..30),
    ) {
        for task in Task::ALL {
            let frames: Vec<_> = noise.iter().map(|n| noisy(&still, n)).collect();
            let (over, _) = after(session(&[task]), &frames);
            prop_assert_eq!(over.remaining(), 1, "{:?}", task);
        }
    }

    #[test]
    fn two_stills_in_turn_are_no_turn(
        stills in prop::array::uniform2(arbitrary_frame()),
        order in prop::collection::vec((prop::bool::ANY, prop::array::uniform5(-0.5_f32..0.5)), 1..30),
    ) {
        for task in [Task::TurnLeft, Task::TurnRight, Task::LookUp, Task::LookDown] {
            let frames: Vec<_> = order.iter().map(|(second, n)| noisy(&stills[usize::from(*second)], n)).collect();
            let (over, _) = after(session(&[task]), &frames);
            prop_assert_eq!(over.remaining(), 1, "{:?}", task);
        }
    }

    #[test]
    fn glances_alone_pass_nothing(frames in prop::collection::vec(arbitrary_frame(), 1..20), pick in 0_usize..7) {
        let t = Thresholds::default();
        let mut session = session(&[Task::ALL[pick]]);
        for frame in &frames {
            if let Step::Taken(next, report) = session.clone().advance(&glance(frame), START_MS, &t) {
                prop_assert!(!report.passed);
                session = next;
            }
        }
        prop_assert_eq!(session.remaining(), 1);
    }

    #[test]
    fn a_time_out_is_exact(timeout_ms in 1_000_u64..60_000, offset in 0_u64..120_000, steps in 1_u64..20) {
        let t = Thresholds::default();
        let mut on = Session::new(vec![Task::Smile], timeout_ms, Angles::default(), START_MS + 1);
        for step in 0..steps {
            on = take(on, &neutral(), START_MS + step * timeout_ms / 20).0;
        }
        let over = on.settle(START_MS + offset, &t);
        prop_assert_eq!(matches!(over.state(), State::Ended(_)), offset > timeout_ms);
    }

    #[test]
    fn confidence_says_whether_it_passed(frames in prop::collection::vec(arbitrary_frame(), 1..20), pick in 0_usize..7) {
        let (_, reports) = after(session(&[Task::ALL[pick]]), &frames);
        for report in reports {
            prop_assert!((0.0..=1.0).contains(&report.confidence), "{report:?}");
            prop_assert_eq!(report.passed, report.confidence >= 0.5);
            prop_assert!(!report.passed || report.hint.is_none());
        }
    }
}
