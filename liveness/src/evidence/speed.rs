//! Speed at which a head turns.
//!
//! Times are those of the clip's own clock, or the arrival times of a live session's frames. Times that a
//! caller states are not used, since the caller can choose them.

use serde::{Deserialize, Serialize};

use super::identity::is_comparable;
use super::statement::{Kind, Statement};
use crate::pose::Pose;
use crate::thresholds::Thresholds;

/// Least time between two frames that counts, seconds: that of the frames which a clip is sampled at.
///
/// Recorders of variable frame rate may give neighbours times of a few milliseconds.
const LEAST_S: f32 = 1.0 / 15.0;

/// The highest speed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// The latest pose that is reliable, and its time in seconds.
    latest: Option<(f32, Pose)>,
    /// The highest speed, degrees a second, and the position of the later of its two frames.
    highest: Option<(f32, u32)>,
}

impl Speed {
    /// Adds a pose with its time in seconds. A splice appears as a head that is elsewhere at once.
    /// `jitter_s` is the largest error of a frame's time, earlier or later, seconds.
    pub fn add(&mut self, pose: Pose, seconds: f32, position: u32, jitter_s: f32, t: &Thresholds) {
        if !is_comparable(pose, t) {
            return;
        }
        let before = self.latest.replace((seconds, pose));
        let Some((then, from)) = before.filter(|(then, _)| seconds > *then) else {
            return;
        };
        let degrees = (from.differs_by(pose) - t.pose_error_deg).max(0.0);
        let speed = degrees / (seconds - then + jitter_s).max(LEAST_S);
        if self.highest.is_none_or(|(highest, _)| speed > highest) {
            self.highest = Some((speed, position));
        }
    }

    /// The statement for the highest speed; `None` if no two frames have times and reliable poses.
    pub fn state(&self, t: &Thresholds) -> Option<Statement> {
        let (measured, position) = self.highest?;
        Some(Statement {
            frame: usize::try_from(position).ok(),
            ..Statement::new(Kind::HeadSpeed, measured, t.head_speed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(yaws: &[f32], jitter_s: f32) -> Statement {
        let (mut speed, t) = (Speed::default(), Thresholds::default());
        for (position, yaw) in (0..).zip(yaws) {
            let pose = Pose {
                yaw: *yaw,
                ..Pose::default()
            };
            speed.add(pose, position as f32 / 15.0, position, jitter_s, &t);
        }
        speed.state(&t).unwrap()
    }

    #[test]
    fn a_hasty_turn_is_slower_than_a_splice() {
        assert!(!of(&[0.0, 13.0, 30.0, 43.0, 30.0, 5.0], 0.0).is_against());
        let spliced = of(&[0.0, 1.0, 0.0, -60.0, -60.0], 0.0);
        assert!(spliced.is_against(), "{spliced:?}");
        assert_eq!(spliced.frame, Some(3));
    }

    #[test]
    fn frames_that_the_network_held_back_make_no_speed() {
        assert!(!of(&[0.0, 20.0, 40.0, 60.0], 0.2).is_against());
    }

    #[test]
    fn frames_of_a_recorder_that_gives_them_nearly_one_time_make_no_speed() {
        let (mut speed, t) = (Speed::default(), Thresholds::default());
        for (position, (yaw, seconds)) in (0..).zip([(0.0, 0.0), (25.0, 0.130), (38.0, 0.133)]) {
            let pose = Pose {
                yaw,
                ..Pose::default()
            };
            speed.add(pose, seconds, position, 0.0, &t);
        }
        assert!(!speed.state(&t).unwrap().is_against());
    }

    #[test]
    fn without_two_times_there_is_no_speed() {
        let (mut speed, t) = (Speed::default(), Thresholds::default());
        speed.add(Pose::default(), 0.0, 0, 0.0, &t);
        assert_eq!(speed.state(&t), None);
    }
}
