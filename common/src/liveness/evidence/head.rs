//! Head movements: reached, begun from neutral, and in the order asked for.

use super::{FailedAction, TaggedFrame, Unit, Why, identity};
use crate::liveness::challenge::{Action, Angles, HeadMove, Phase};
use crate::liveness::pose::Pose;
use crate::liveness::thresholds::Thresholds;

/// Looks for the head actions among `actions` and gives each one's verdict, in the order asked.
///
/// An action is shown by a frame that counts towards it and reaches its angle, when a frame before
/// it faces the camera or points the other way. The first such frame of each action must come after
/// that of the action before it.
///
/// A tag says what a frame counts towards. Without tags it is the movement that goes furthest beyond
/// what is asked of it: the pitch of a head that is turned far to the side is estimated so poorly
/// that it would pass for a look up or down. And since a clip without tags has all frames of the
/// movement, poses between must be among them, and its face must be one that can be compared.
pub fn find(
    actions: &[Action],
    frames: &[TaggedFrame],
    angles: &Angles,
    thresholds: &Thresholds,
) -> Vec<(Action, Result<usize, FailedAction>)> {
    let mut latest = None;
    let moves = actions.iter().filter_map(|a| Some((*a, a.head_move()?)));
    moves
        .map(|(action, head_move)| {
            let found = first_support(action, head_move, frames, angles, thresholds)
                .and_then(|index| in_order(action, index, latest));
            if let Ok(index) = found {
                latest = Some(index);
            }
            (action, found)
        })
        .collect()
}

fn first_support(
    action: Action,
    head_move: HeadMove,
    frames: &[TaggedFrame],
    angles: &Angles,
    thresholds: &Thresholds,
) -> Result<usize, FailedAction> {
    let required = angles.required(head_move);
    let (mut begun, mut jumped) = (false, false);
    // The furthest of the frames that show this movement, and of all that may.
    let (mut peak, mut any_peak): (Option<f32>, Option<f32>) = (None, None);
    let furthest = |peak: Option<f32>, extent: f32| Some(peak.map_or(extent, |p| p.max(extent)));
    for (index, frame) in frames.iter().enumerate() {
        let Some(face) = frame.face() else { continue };
        let extent = head_move.extent(face.pose);
        if frame.phase.may_show(action) {
            any_peak = furthest(any_peak, extent);
        }
        if shows(action, frame.phase, face.pose, angles, thresholds) {
            peak = furthest(peak, extent);
            if begun && extent >= required {
                if is_whole(head_move, frames, index, required, thresholds) {
                    return Ok(index);
                }
                jumped = true;
            }
        }
        let is_neutral = face.pose.is_within(thresholds.neutral_deg)
            && extent <= required - thresholds.movement_deg;
        begun |= is_neutral || extent <= -thresholds.neutral_deg;
    }
    let why = match (peak, any_peak) {
        (_, None) => Why::NoFrames,
        _ if jumped => Why::NoMovement,
        (Some(peak), _) if peak >= required => Why::NoNeutralBefore,
        (Some(_) | None, Some(_)) => Why::NotReached,
    };
    let nearest = peak.or(any_peak.filter(|p| *p < required));
    Err(FailedAction {
        action,
        why,
        measured: nearest.map(|p| head_move.sign * p),
        required: head_move.sign * required,
        unit: Unit::Degrees,
    })
}

/// Whether a frame shows this movement: by its tag, or, without one, by going further in it than in
/// any other, with a face that can be compared.
fn shows(action: Action, phase: Phase, pose: Pose, angles: &Angles, t: &Thresholds) -> bool {
    match phase {
        Phase::Center => false,
        Phase::Of(claimed) => claimed == action,
        Phase::Untagged => action
            .head_move()
            .is_some_and(|head_move| shows_most(head_move, pose, angles, t)),
    }
}

/// Whether a pose shows this movement and no other: it goes further in it than in any, and its face is
/// one that can be compared.
pub fn shows_most(head_move: HeadMove, pose: Pose, angles: &Angles, t: &Thresholds) -> bool {
    identity::is_usable(pose, t) && goes_furthest(head_move, pose, angles)
}

/// Whether no other head action is nearer to, or further beyond, its own angle.
fn goes_furthest(head_move: HeadMove, pose: Pose, angles: &Angles) -> bool {
    let share = |m: HeadMove| m.extent(pose) / angles.required(m);
    let own = share(head_move);
    let mut moves = Action::ALL.into_iter().filter_map(Action::head_move);
    moves.all(|other| share(other) <= own)
}

/// Whether the movement that reaches its angle at `index` is there as a whole. In a clip, that takes
/// poses between, on the way there or back; it reaches as far as the head stays beyond the beginning
/// of the way.
fn is_whole(
    head_move: HeadMove,
    frames: &[TaggedFrame],
    index: usize,
    required: f32,
    thresholds: &Thresholds,
) -> bool {
    if frames[index].phase != Phase::Untagged {
        return true;
    }
    let extent = |frame: &TaggedFrame| frame.face().map(|f| head_move.extent(f.pose));
    let is_on_it = |extent: &f32| *extent > required * thresholds.way_begins_share;
    let before = frames[..index].iter().rev().filter_map(extent);
    let after = frames[index..].iter().filter_map(extent);
    let way: Vec<f32> = before
        .take_while(is_on_it)
        .chain(after.take_while(is_on_it))
        .collect();
    let peak = way.iter().copied().fold(0.0, f32::max);
    way.iter().any(|e| *e < thresholds.way_share * peak)
}

fn in_order(action: Action, index: usize, latest: Option<usize>) -> Result<usize, FailedAction> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "captures hold at most a few hundred frames"
    )]
    match latest {
        Some(before) if index <= before => Err(FailedAction {
            action,
            why: Why::OutOfOrder,
            measured: Some(index as f32),
            required: before as f32 + 1.0,
            unit: Unit::FrameIndex,
        }),
        Some(_) | None => Ok(index),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::evidence::testing::{frame, no_face};

    const LEFT: Phase = Phase::Of(Action::TurnLeft);
    const RIGHT: Phase = Phase::Of(Action::TurnRight);
    const UP: Phase = Phase::Of(Action::TurnUp);

    fn at(phase: Phase, yaw: f32, pitch: f32) -> TaggedFrame {
        frame(phase, |f| {
            f.pose = Pose {
                yaw,
                pitch,
                roll: 0.0,
            }
        })
    }

    fn whys(actions: &[Action], frames: &[TaggedFrame]) -> Vec<Option<Why>> {
        find(actions, frames, &Angles::default(), &Thresholds::default())
            .into_iter()
            .map(|(_, found)| found.err().map(|f| f.why))
            .collect()
    }

    #[test]
    fn a_turn_is_the_way_from_neutral_to_its_angle() {
        use Action::{TurnLeft, TurnRight, TurnUp};
        for (frames, why) in [
            (
                vec![at(Phase::Center, 0.0, 0.0), at(LEFT, -25.0, 0.0)],
                None,
            ),
            (vec![at(LEFT, -3.0, 0.0), at(LEFT, -31.0, 8.0)], None),
            (vec![at(RIGHT, 30.0, 0.0), at(LEFT, -30.0, 0.0)], None),
            (
                vec![at(Phase::Center, 0.0, 0.0), at(LEFT, -24.9, 0.0)],
                Some(Why::NotReached),
            ),
            (
                vec![at(Phase::Center, 0.0, 0.0), at(LEFT, 40.0, 0.0)],
                Some(Why::NotReached),
            ),
            (
                vec![at(LEFT, -30.0, 0.0), at(LEFT, -35.0, 0.0)],
                Some(Why::NoNeutralBefore),
            ),
            (
                vec![at(LEFT, -30.0, 0.0), at(Phase::Center, 0.0, 0.0)],
                Some(Why::NoNeutralBefore),
            ),
            (
                vec![at(Phase::Center, 0.0, 0.0), at(RIGHT, -30.0, 0.0)],
                Some(Why::NoFrames),
            ),
            (
                vec![at(Phase::Center, 0.0, 0.0), no_face(LEFT)],
                Some(Why::NoFrames),
            ),
            (vec![], Some(Why::NoFrames)),
        ] {
            assert_eq!(whys(&[TurnLeft], &frames), [why], "{frames:?}");
        }
        let up = [
            at(Phase::Center, 0.0, 0.0),
            at(UP, 0.0, -20.0),
            at(RIGHT, 25.0, 0.0),
        ];
        assert_eq!(whys(&[TurnUp, TurnRight], &up), [None, None]);
    }

    #[test]
    fn challenges_are_met_in_order() {
        use Action::{TurnLeft, TurnRight};
        let frames = [
            at(Phase::Center, 0.0, 0.0),
            at(LEFT, -30.0, 0.0),
            at(RIGHT, 30.0, 0.0),
        ];
        assert_eq!(whys(&[TurnLeft, TurnRight], &frames), [None, None]);
        assert_eq!(
            whys(&[TurnRight, TurnLeft], &frames),
            [None, Some(Why::OutOfOrder)]
        );
    }

    #[test]
    fn stills_one_after_another_are_no_movement_in_a_clip() {
        use Action::{TurnLeft, TurnRight};
        let clip = |yaws: &[f32]| -> Vec<TaggedFrame> {
            yaws.iter()
                .map(|yaw| at(Phase::Untagged, *yaw, 0.0))
                .collect()
        };
        let actions = [TurnLeft, TurnRight];
        let slides = clip(&[1.0, 1.0, 1.0, -30.0, -30.5, -30.0, 1.0, 32.0, 32.0]);
        assert_eq!(whys(&actions, &slides), [Some(Why::NoMovement); 2]);
        // Poses between on one side only, and on the way back only.
        let half = clip(&[1.0, -30.0, -30.0, 1.0, 10.0, 20.0, 30.0, 31.0]);
        assert_eq!(whys(&actions, &half), [Some(Why::NoMovement), None]);
        let back = clip(&[0.0, -33.0, -33.0, -20.0, -5.0, 33.0, 22.0, 4.0]);
        assert_eq!(whys(&actions, &back), [None, None]);
        // A face that is turned so far that nobody can say whose it is.
        let far = clip(&[0.0, 8.0, 18.0, 75.0, 75.0]);
        assert!(whys(&[TurnRight], &far)[0].is_some());
    }

    #[test]
    fn frames_without_tags_show_the_movement_that_goes_furthest() {
        use Action::{TurnLeft, TurnRight, TurnUp};
        let untagged = |poses: &[(f32, f32)]| -> Vec<TaggedFrame> {
            poses
                .iter()
                .map(|(yaw, pitch)| at(Phase::Untagged, *yaw, *pitch))
                .collect()
        };
        // A far turn whose pitch is off, then a look up.
        let clip = untagged(&[
            (0.0, 0.0),
            (-30.0, -4.0),
            (-60.0, -22.0),
            (0.0, 0.0),
            (1.0, -12.0),
            (2.0, -24.0),
        ]);
        let found = |actions: &[Action]| -> Vec<Option<usize>> {
            find(actions, &clip, &Angles::default(), &Thresholds::default())
                .into_iter()
                .map(|(_, found)| found.ok())
                .collect()
        };
        assert_eq!(found(&[TurnLeft, TurnUp]), [Some(1), Some(5)]);
        assert_eq!(
            whys(&[TurnUp, TurnLeft], &clip),
            [None, Some(Why::OutOfOrder)]
        );
        assert_eq!(
            whys(&[TurnLeft, TurnRight], &clip),
            [None, Some(Why::NotReached)]
        );
        // Up is reached, but never as what the head does.
        let sideways = untagged(&[(0.0, 0.0), (-30.0, -4.0), (-60.0, -22.0)]);
        assert_eq!(
            whys(&[TurnLeft, TurnUp], &sideways),
            [None, Some(Why::NotReached)]
        );
        assert_eq!(
            whys(&[TurnUp], &untagged(&[(0.0, -30.0)])),
            [Some(Why::NoNeutralBefore)]
        );
        assert_eq!(
            whys(&[TurnUp], &[no_face(Phase::Untagged)]),
            [Some(Why::NoFrames)]
        );
    }

    #[test]
    fn a_failure_tells_the_peak_and_the_angle_with_their_sign() {
        let frames = [
            at(Phase::Center, 0.0, 0.0),
            at(LEFT, -18.0, 0.0),
            at(LEFT, -12.0, 0.0),
        ];
        let found = find(
            &[Action::TurnLeft],
            &frames,
            &Angles::default(),
            &Thresholds::default(),
        );
        let failed = found[0].1.unwrap_err();
        assert_eq!((failed.measured, failed.required), (Some(-18.0), -25.0));
    }

    proptest! {
        #[test]
        fn one_pose_repeated_is_never_a_turn(
            yaw in -90.0_f32..90.0, pitch in -60.0_f32..60.0, n in 1_usize..20,
            yaw_deg in 15.0_f32..40.0, pitch_deg in 10.0_f32..30.0, tagged: bool,
        ) {
            let angles = Angles { yaw_deg, pitch_deg, ..Angles::default() };
            for action in [Action::TurnLeft, Action::TurnRight, Action::TurnUp, Action::TurnDown] {
                let phase = if tagged { Phase::Of(action) } else { Phase::Untagged };
                let frames: Vec<_> = (0..n).map(|_| at(phase, yaw, pitch)).collect();
                let found = find(&[action], &frames, &angles, &Thresholds::default());
                prop_assert!(found[0].1.is_err());
            }
        }
    }
}
