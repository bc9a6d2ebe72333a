mod properties;

use proptest::prelude::*;

use super::*;
use crate::challenge::Phase;
use crate::decision::Rejection;
use crate::measurement::Face;
use crate::testing::{detected, frame, no_face, person};

const TIMEOUT_MS: u64 = 5_000;
const START_MS: u64 = 1_000_000;
/// 10 frames a second.
const STEP_MS: u64 = 100;

fn session(tasks: &[Task]) -> Session {
    Session::new(
        tasks.to_vec(),
        TIMEOUT_MS,
        Angles::default(),
        START_MS + 60_000,
    )
}

fn seen(change: impl FnOnce(&mut Face)) -> FrameMeasurement {
    frame(Phase::Center, change).measurement
}

fn neutral() -> FrameMeasurement {
    seen(|_| {})
}

fn turned(yaw: f32) -> FrameMeasurement {
    seen(|f| f.pose.yaw = yaw)
}

fn nodding(pitch: f32) -> FrameMeasurement {
    seen(|f| f.pose.pitch = pitch)
}

fn eyes_closed() -> FrameMeasurement {
    seen(|f| {
        (f.eyes.left_ratio, f.eyes.right_ratio) = (0.05, 0.05);
        (f.eyes.left_blink, f.eyes.right_blink) = (0.7, 0.7);
    })
}

fn smiling() -> FrameMeasurement {
    seen(|f| f.mouth.smile = 0.85)
}

fn mouth_open() -> FrameMeasurement {
    seen(|f| f.mouth.opening = 0.55)
}

/// Frames of a person who does the task.
fn doing(task: Task) -> Vec<FrameMeasurement> {
    match task {
        Task::TurnLeft => vec![neutral(), turned(-14.0), turned(-30.0)],
        Task::TurnRight => vec![neutral(), turned(14.0), turned(30.0)],
        Task::LookUp => vec![neutral(), nodding(-12.0), nodding(-25.0)],
        Task::LookDown => vec![neutral(), nodding(12.0), nodding(25.0)],
        Task::Blink => vec![neutral(), eyes_closed(), neutral()],
        Task::Smile => vec![neutral(), smiling()],
        Task::OpenMouth => vec![neutral(), mouth_open()],
    }
}

/// The frame as measured at a glance.
fn glance(frame: &FrameMeasurement) -> FrameMeasurement {
    let mut frame = frame.clone();
    if let Some(face) = &mut frame.face {
        face.margins.clear();
        face.embedding = None;
    }
    frame
}

fn take(session: Session, frame: &FrameMeasurement, at_ms: u64) -> (Session, Report) {
    match session.advance(frame, at_ms, &Thresholds::default()) {
        Step::Taken(session, report) => (session, report),
        Step::NeedsWhole => panic!("a whole look is as close as it gets"),
    }
}

/// The session after these frames, taken in order.
fn after<'a>(
    mut session: Session,
    frames: impl IntoIterator<Item = &'a FrameMeasurement>,
) -> (Session, Vec<Report>) {
    let mut reports = Vec::new();
    for (frame, at_ms) in frames
        .into_iter()
        .zip((START_MS..).step_by(STEP_MS as usize))
    {
        let (next, report) = take(session, frame, at_ms);
        session = next;
        reports.push(report);
    }
    (session, reports)
}

fn end(session: &Session) -> &End {
    match session.state() {
        State::Ended(end) => end,
        other @ (State::Pending | State::InProgress) => panic!("not over: {other:?}"),
    }
}

#[test]
fn whoever_does_what_is_asked_is_live() {
    let frames: Vec<_> = Task::ALL.into_iter().flat_map(doing).collect();
    let (over, reports) = after(session(&Task::ALL), &frames);
    assert!(end(&over).is_live(), "{over:?}");
    assert_eq!((over.remaining(), over.passed()), (0, &Task::ALL[..]));
    let passes: Vec<_> = reports
        .iter()
        .filter(|r| r.passed)
        .map(|r| r.task)
        .collect();
    assert_eq!(passes, Task::ALL.map(Some));
    assert!(reports.iter().all(|r| r.passed == (r.confidence >= 0.5)));
}

#[test]
fn a_task_is_passed_in_its_turn_only() {
    for asked in Task::ALL {
        for done in Task::ALL.into_iter().filter(|done| *done != asked) {
            let (on, reports) = after(session(&[asked]), &doing(done));
            assert_eq!(on.state(), State::InProgress, "{asked:?} by {done:?}");
            assert!(reports.iter().all(|r| !r.passed && r.task == Some(asked)));
        }
    }
}

#[test]
fn confidence_is_half_at_the_threshold_and_one_at_twice_the_distance() {
    let confidence = |yaw: f32| {
        let (_, reports) = after(
            session(&[Task::TurnLeft]),
            &[neutral(), turned(-12.0), turned(yaw)],
        );
        reports[2].confidence
    };
    for (yaw, expected) in [
        (0.0, 0.0),
        (-15.0, 0.3),
        (-25.0, 0.5),
        (-50.0, 1.0),
        (-60.0, 1.0),
    ] {
        assert!(
            (confidence(yaw) - expected).abs() < 1e-5,
            "{yaw}: {}",
            confidence(yaw)
        );
    }
    let (_, reports) = after(
        session(&[Task::TurnLeft]),
        &[turned(-50.0), no_face(Phase::Center).measurement],
    );
    assert_eq!([reports[0].confidence, reports[1].confidence], [0.0, 0.0]);
}

#[test]
fn the_clock_of_a_task_starts_at_the_first_frame_and_at_each_pass() {
    let t = Thresholds::default();
    let waiting = session(&[Task::Smile, Task::Blink]);
    let late_start = START_MS + 59_999;
    let (begun, _) = take(waiting, &neutral(), late_start);
    // The last millisecond of the time still counts; the next one does not.
    let last = late_start + TIMEOUT_MS;
    assert_eq!(begun.clone().settle(last, &t), begun);
    let (passed, report) = take(begun.clone(), &smiling(), last);
    assert!(report.passed && passed.remaining() == 1);
    let (failed, report) = take(begun.clone(), &smiling(), last + 1);
    assert_eq!((report.task, report.passed), (Some(Task::Smile), false));
    assert!(matches!(end(&failed).ending, Ending::Failed { .. }));
    assert_eq!(begun.ends_at_ms(), Some(last + 1));
    assert!(matches!(
        begun.settle(last + 1, &t).state(),
        State::Ended(_)
    ));
    // The second task has its full time.
    assert_eq!(passed.ends_at_ms(), Some(last + TIMEOUT_MS + 1));
}

#[test]
fn a_session_without_a_frame_expires_and_frames_come_too_late_for_it() {
    let t = Thresholds::default();
    let until = START_MS + 60_000;
    let waiting = session(&[Task::Smile]);
    assert_eq!(
        waiting.clone().settle(until - 1, &t).state(),
        State::Pending
    );
    let (over, report) = take(waiting, &neutral(), until);
    assert_eq!(end(&over).ending, Ending::Expired);
    assert_eq!((report.task, over.has_begun()), (None, false));
    let (same, report) = take(over.clone(), &neutral(), until + 1);
    assert_eq!((same, report), (over, Report::nothing(None)));
}

#[test]
fn a_frame_that_arrived_before_the_clock_started_is_not_late() {
    let (begun, _) = take(session(&[Task::Smile]), &neutral(), START_MS);
    let (on, report) = take(begun, &neutral(), START_MS - 9_000);
    assert_eq!(
        (on.state(), report.task),
        (State::InProgress, Some(Task::Smile))
    );
    assert_eq!(on.ends_at_ms(), Some(START_MS + TIMEOUT_MS + 1));
}

#[test]
fn a_time_out_says_what_is_missing() {
    use crate::movement::Why;
    let t = Thresholds::default();
    let missing = |task, frames: &[FrameMeasurement]| {
        let (on, _) = after(session(&[task]), frames);
        let over = on.settle(START_MS + 10_000, &t);
        match &end(&over).ending {
            Ending::Failed {
                missing,
                rejections,
            } => {
                assert_eq!(rejections, &[Rejection::ChallengeFailed]);
                missing.unwrap()
            }
            other @ (Ending::Expired | Ending::Completed(_) | Ending::Cancelled) => {
                panic!("{other:?}")
            }
        }
    };
    let nobody = no_face(Phase::Center).measurement;
    for (task, frames, why, measured) in [
        (Task::TurnLeft, vec![nobody], Why::NoFrames, None),
        (
            Task::TurnLeft,
            vec![turned(-30.0)],
            Why::NoNeutralBefore,
            None,
        ),
        (
            Task::TurnLeft,
            vec![neutral(), turned(-18.0)],
            Why::NotReached,
            Some(-18.0),
        ),
        (
            Task::LookDown,
            vec![neutral(), nodding(30.0)],
            Why::NoMovement,
            Some(30.0),
        ),
        (
            Task::Blink,
            vec![eyes_closed()],
            Why::NoNeutralBefore,
            Some(0.05),
        ),
        (
            Task::Blink,
            vec![neutral(), eyes_closed(), eyes_closed()],
            Why::NotReopened,
            Some(0.05),
        ),
        (Task::Blink, vec![neutral()], Why::NotReached, Some(0.3)),
        (Task::Smile, vec![smiling()], Why::NoNeutralBefore, None),
        (Task::OpenMouth, vec![neutral()], Why::NotReached, Some(0.0)),
    ] {
        let missed = missing(task, &frames);
        assert_eq!(missed.task, task);
        assert_eq!(
            (missed.missing.why, missed.missing.measured),
            (why, measured),
            "{task:?}"
        );
    }
}

#[test]
fn a_replay_that_does_what_is_asked_is_completed_and_not_live() {
    let frames = doing(Task::TurnLeft).into_iter().map(|mut frame| {
        frame.face.as_mut().unwrap().margins = vec![Some(-9.0)];
        frame
    });
    let (over, _) = after(session(&[Task::TurnLeft]), &frames.collect::<Vec<_>>());
    let end = end(&over);
    assert!(!end.is_live());
    assert!(
        matches!(&end.ending, Ending::Completed(r) if matches!(r[..], [Rejection::SpoofDetected { .. }]))
    );
}

#[test]
fn good_frames_between_do_not_make_up_for_those_that_decide() {
    let spoof = |mut frame: FrameMeasurement| {
        frame.face.as_mut().unwrap().margins = vec![Some(-11.0)];
        frame
    };
    let way: Vec<_> = doing(Task::TurnLeft).into_iter().map(spoof).collect();
    let frames = [&way[..1], &vec![neutral(); 40], &way[1..]].concat();
    let (over, _) = after(session(&[Task::TurnLeft]), &frames);
    assert!(matches!(
        end(&over).rejections(),
        [Rejection::SpoofDetected { .. }]
    ));
}

#[test]
fn somebody_elses_pose_in_between_supports_nothing() {
    let t = Thresholds::default();
    let mut frames = doing(Task::TurnRight);
    frames[1].face.as_mut().unwrap().embedding = Some(person(88.0));
    let mut on = session(&[Task::TurnRight]);
    for (frame, at_ms) in frames.iter().zip((START_MS..).step_by(STEP_MS as usize)) {
        on = match on.clone().advance(&glance(frame), at_ms, &t) {
            Step::Taken(next, _) => next,
            Step::NeedsWhole => take(on, frame, at_ms).0,
        };
    }
    assert_eq!((on.remaining(), on.state()), (1, State::InProgress));
}

/// The same face in a different picture.
fn other_way(frame: &FrameMeasurement) -> FrameMeasurement {
    let mut other = frame.clone();
    other.face.as_mut().unwrap().sketch = seen(|_| {}).face.unwrap().sketch;
    other
}

#[test]
fn another_person_ends_the_session_at_once() {
    let mut stranger = turned(-20.0);
    stranger.face.as_mut().unwrap().embedding = Some(person(88.0));
    let (over, reports) = after(
        session(&[Task::TurnLeft]),
        &[neutral(), stranger.clone(), other_way(&stranger)],
    );
    assert!(matches!(
        end(&over).ending,
        Ending::Failed { missing: None, .. }
    ));
    assert!(matches!(
        end(&over).rejections(),
        [Rejection::DifferentPersons { .. }]
    ));
    assert!(!reports[2].passed);
    // One such frame may be an accident.
    let (on, _) = after(session(&[Task::TurnLeft]), &[neutral(), stranger]);
    assert_eq!(on.state(), State::InProgress);
    // A second person beside the subject, in two frames, since one may be an error of the detector.
    let mut two = neutral();
    two.faces.push(detected(190.0));
    let (on, reports) = after(session(&[Task::Smile]), &[neutral(), two.clone()]);
    assert_eq!(
        (on.state(), reports[1].hint),
        (State::InProgress, Some(Hint::MultipleFaces))
    );
    let (over, _) = after(session(&[Task::Smile]), &[neutral(), two.clone(), two]);
    assert!(matches!(
        end(&over).rejections(),
        [Rejection::DifferentPersons { .. }]
    ));
}

#[test]
fn no_movement_rests_on_a_face_that_was_never_seen_from_the_front() {
    let as_stranger = |mut frame: FrameMeasurement| {
        frame.face.as_mut().unwrap().embedding = Some(person(88.0));
        frame
    };
    // Turned faces of the person fill the places of faces that wait for a portrait; then somebody else turns, beginning
    // on the other side; then the person is seen from the front.
    let waiting = (0..40).map(|n| turned(16.0 + 0.5 * n as f32));
    let strangers = [50.0, -47.0, -64.0, -48.0].map(|yaw| as_stranger(turned(yaw)));
    let frames: Vec<_> = waiting
        .chain(strangers)
        .chain([neutral(), neutral()])
        .collect();
    let (on, reports) = after(session(&[Task::TurnLeft]), &frames);
    assert!(reports.iter().all(|r| !r.passed), "{reports:?}");
    assert_eq!(on.state(), State::InProgress);
}

#[test]
fn hints_lead_from_the_picture_to_the_task() {
    let hint =
        |task, frames: &[FrameMeasurement]| after(session(&[task]), frames).1.last().unwrap().hint;
    assert_eq!(
        hint(Task::Smile, &[no_face(Phase::Center).measurement]),
        Some(Hint::NoFace)
    );
    assert_eq!(
        hint(Task::TurnLeft, &[turned(20.0), turned(20.0)]),
        Some(Hint::LookStraight)
    );
    assert_eq!(
        hint(Task::TurnLeft, &[turned(-20.0)]),
        Some(Hint::LookStraight)
    );
    assert_eq!(hint(Task::Blink, &[turned(40.0)]), Some(Hint::LookStraight));
    // Straight enough to read the eyes, and not for a portrait.
    assert_eq!(hint(Task::Blink, &[turned(17.0)]), Some(Hint::LookStraight));
    assert_eq!(hint(Task::Smile, &[smiling()]), Some(Hint::LookStraight));
    assert_eq!(
        hint(Task::Blink, &[eyes_closed()]),
        Some(Hint::EyesNotVisible)
    );
    assert_eq!(hint(Task::Blink, &[neutral()]), Some(Hint::KeepGoing));
    assert_eq!(hint(Task::Smile, &[neutral(), smiling()]), None);
}

#[test]
fn a_turn_the_other_way_is_called_back_and_one_that_begins_is_not() {
    let hints = |frames: &[FrameMeasurement]| {
        let (_, reports) = after(session(&[Task::TurnLeft]), frames);
        reports.into_iter().map(|r| r.hint).collect::<Vec<_>>()
    };
    let keep_going = Some(Hint::KeepGoing);
    let look_straight = Some(Hint::LookStraight);
    assert_eq!(
        hints(&[neutral(), turned(8.0), turned(20.0)]),
        [keep_going, keep_going, look_straight]
    );
    let lowered = seen(|f| (f.pose.yaw, f.pose.pitch) = (-5.0, -8.0));
    assert_eq!(hints(&[neutral(), lowered]), [keep_going; 2]);
    let aside = seen(|f| (f.pose.yaw, f.pose.pitch) = (-14.0, -25.0));
    assert_eq!(hints(&[neutral(), aside]), [keep_going, look_straight]);
}

#[test]
fn a_face_on_its_side_says_nothing() {
    let mut sideways = seen(|f| f.pose.roll = 88.0);
    sideways.face.as_mut().unwrap().embedding = Some(person(85.0));
    let frames = [neutral(), sideways.clone(), sideways, neutral(), smiling()];
    let (over, reports) = after(session(&[Task::Smile]), &frames);
    assert_eq!(reports[1].hint, Some(Hint::LookStraight));
    assert!(end(&over).is_live(), "{over:?}");
}

#[test]
fn frames_that_decide_are_looked_at_closely_first_and_others_need_not_be() {
    let t = Thresholds::default();
    let mut session = session(&[Task::TurnLeft, Task::Blink]);
    let mut closely = Vec::new();
    let frames = [
        doing(Task::TurnLeft),
        vec![turned(-20.0), neutral(), neutral()],
        doing(Task::Blink),
    ]
    .concat();
    for (i, frame) in frames.iter().enumerate() {
        let at_ms = START_MS + STEP_MS * i as u64;
        session = match session.clone().advance(&glance(frame), at_ms, &t) {
            Step::Taken(next, report) => {
                assert!(!report.passed);
                next
            }
            Step::NeedsWhole => {
                closely.push(i);
                take(session, frame, at_ms).0
            }
        };
    }
    // At rest, in between, at the required angle; eyes closed, eyes open again.
    assert_eq!(closely, [0, 1, 2, 7, 8]);
    assert!(end(&session).is_live());
}
