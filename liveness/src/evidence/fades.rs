//! Cross-fades: pictures between two poses that are mixtures of two other pictures.
//!
//! A head that turns shows poses that differ from both ends of its way. A cross-fade between two stills
//! shows both stills at once, and landmark models measure a pose in between. [`crate::thumbnail`] has the
//! method; `left_over` among the thresholds has the measurements.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::extremes::Lowest;
use super::statement::{Kind, Statement};
use crate::measurement::Face;
use crate::pose::Pose;
use crate::thresholds::Thresholds;
use crate::thumbnail::Thumbnail;

/// Number of poses that are kept on the way.
const WAY: usize = 8;
/// Least difference between two of them, degrees of yaw or pitch.
const STEP_DEG: f32 = 2.5;
/// Least difference between the two ends of a fade, degrees of yaw or pitch.
const ENDS_DEG: f32 = 15.0;
/// Number of pictures that must end a fade. One may be an accident; a head that goes to a pose also comes
/// back.
const FADES: usize = 2;

/// The latest poses on the way, and the lowest values found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fades {
    way: VecDeque<(Pose, Thumbnail)>,
    left_over: Lowest,
}

impl Default for Fades {
    fn default() -> Self {
        Self {
            way: VecDeque::new(),
            left_over: Lowest::new(FADES),
        }
    }
}

impl Fades {
    /// Adds a face. `picture` is the number of its picture.
    pub fn add(&mut self, face: &Face, picture: u32) {
        let Some(here) = &face.thumbnail else { return };
        let apart = |pose: Pose, degrees: f32| pose.differs_by(face.pose) >= degrees;
        let from = self
            .way
            .iter()
            .rposition(|(pose, _)| apart(*pose, ENDS_DEG));
        if let Some((from, (start, first))) = from.and_then(|at| Some((at, self.way.get(at)?))) {
            let between = self.way.iter().skip(from + 1);
            let between = between
                .filter(|(pose, _)| apart(*pose, STEP_DEG) && pose.differs_by(*start) >= STEP_DEG);
            let left = between.filter_map(|(_, middle)| Thumbnail::left_over(first, middle, here));
            if let Some(least) = left.reduce(f32::min) {
                self.left_over.add(picture, least);
            }
        }
        if self
            .way
            .back()
            .is_none_or(|(pose, _)| apart(*pose, STEP_DEG))
        {
            if self.way.len() == WAY {
                self.way.pop_front();
            }
            self.way.push_back((face.pose, here.clone()));
        }
    }

    /// The statement; `None` if too few pictures end a turn of at least 15 degrees.
    pub fn state(&self, t: &Thresholds) -> Option<Statement> {
        let measured = self.left_over.last()?;
        Some(Statement::new(Kind::CrossFade, measured, t.left_over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face;
    use crate::thumbnail::Cells;

    /// A face at `yaw` in a picture that moves along with it, or mixes the two ends.
    fn shown(yaw: f32, level: impl Fn(f32, f32) -> f32) -> Face {
        let mut face = face();
        face.pose.yaw = yaw;
        let cells = (0..24).flat_map(|y| (0..24).map(move |x| (x as f32, y as f32)));
        face.thumbnail = Thumbnail::try_from(Cells {
            frame: [36, 64],
            left: 6,
            top: 10,
            width: 24,
            levels: cells.map(|(x, y)| level(x, y) as u8).collect(),
        })
        .ok();
        face
    }

    /// A head at this yaw: its middle moves, and it is seen from another side.
    fn head(yaw: f32) -> impl Fn(f32, f32) -> f32 {
        let side = yaw.to_radians().sin();
        move |x, y| {
            let x = x - 12.0 - 10.0 * side;
            128.0
                + 60.0 * (0.5 * x + 3.0 * side).sin() * (0.4 * y).cos()
                + 40.0 * (0.2 * x * y).sin()
        }
    }

    fn there_and_back(shows: impl Fn(f32) -> Face) -> Fades {
        let mut fades = Fades::default();
        let yaws = (0..=8).chain((0..8).rev()).map(|n| 4.0 * n as f32);
        for (picture, yaw) in (0..).zip(yaws) {
            fades.add(&shows(yaw), picture);
        }
        fades
    }

    #[test]
    fn a_head_that_turns_is_no_mixture_and_a_fade_between_its_ends_is() {
        let t = Thresholds::default();
        let turned = there_and_back(|yaw| shown(yaw, head(yaw))).state(&t);
        assert!(turned.is_some_and(|s| !s.is_against()), "{turned:?}");
        let faded = there_and_back(|yaw| {
            let (front, side, share) = (head(0.0), head(32.0), yaw / 32.0);
            shown(yaw, move |x, y| {
                (1.0 - share) * front(x, y) + share * side(x, y)
            })
        });
        assert!(
            faded.state(&t).is_some_and(|s| s.is_against()),
            "{:?}",
            faded.state(&t)
        );
        assert!(faded.way.len() <= WAY);
    }

    #[test]
    fn a_head_that_does_not_move_far_says_nothing() {
        let mut fades = Fades::default();
        for picture in 0..20 {
            fades.add(&shown((picture % 5) as f32, head(0.0)), picture);
        }
        assert_eq!(fades.state(&Thresholds::default()), None);
    }
}
