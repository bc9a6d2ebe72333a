//! How fast a head turned.
//!
//! Only where a clip's own clock says when its frames were taken: what a client says of the times of
//! its frames, it can say as it likes.

use super::statement::{Kind, Statement};
use super::{TaggedFrame, identity};
use crate::liveness::thresholds::Thresholds;

/// The highest speed from one frame to the next; `None` where no two have times and faces whose poses
/// can be relied on.
///
/// A splice shows as a head that is elsewhere at once.
pub fn find(frames: &[TaggedFrame], t: &Thresholds) -> Option<Statement> {
    let posed = frames.iter().enumerate().filter_map(|(index, frame)| {
        let pose = frame.face()?.pose;
        identity::is_usable(pose, t).then_some((index, frame.seconds?, pose))
    });
    let posed: Vec<_> = posed.collect();
    let steps = posed.windows(2).filter_map(|two| {
        let [(_, before, from), (index, at, to)] = *two else {
            return None;
        };
        let seconds = at - before;
        let degrees = (from.differs_by(to) - t.pose_error_deg).max(0.0);
        (seconds > 0.0).then_some((degrees / seconds, index))
    });
    let (measured, index) = steps.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Statement {
        kind: Kind::HeadSpeed,
        measured,
        required: t.head_speed,
        frame: Some(index),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::frame;

    fn clip(yaws: &[f32]) -> Vec<TaggedFrame> {
        let at = |(n, yaw): (usize, &f32)| {
            let mut taken = frame(Phase::Untagged, |f| f.pose.yaw = *yaw);
            taken.seconds = Some(n as f32 / 15.0);
            taken
        };
        yaws.iter().enumerate().map(at).collect()
    }

    fn is_against(yaws: &[f32]) -> bool {
        find(&clip(yaws), &Thresholds::default())
            .unwrap()
            .is_against()
    }

    #[test]
    fn a_hasty_turn_is_slower_than_a_splice() {
        assert!(!is_against(&[0.0, 13.0, 30.0, 43.0, 30.0, 5.0]));
        let spliced = clip(&[0.0, 1.0, 0.0, -60.0, -60.0]);
        let said = find(&spliced, &Thresholds::default()).unwrap();
        assert!(said.is_against(), "{said:?}");
        assert_eq!(said.frame, Some(3));
    }

    #[test]
    fn without_a_clock_there_is_no_speed() {
        let mut frames = clip(&[0.0, 60.0]);
        frames[0].seconds = None;
        assert_eq!(find(&frames, &Thresholds::default()), None);
        assert_eq!(find(&[], &Thresholds::default()), None);
    }
}
