//! Changes of place: how fast the colours around the face change.
//!
//! A constant background would be too strict: people turn round or walk into the light, and a camera's
//! exposure adapts. All these changes are gradual. Footage of another place appears at once. So the rate of
//! change is measured: the least distance to the three frames before, divided by the distance that the time
//! since the frame before allows. Measured on 51 live videos at intervals of 0.07 to 1 s: at most 0.97 of
//! what is allowed. Cuts to another video exceed what is allowed in 97% (0.07 s) to 57% (1 s) of the cases.
//!
//! An attacker could wait, or send black pictures, before a cut to another place. So a wide limit applies after a longer
//! interval.
//! Two frames of one film, up to a minute apart, have a distance of 0.12 at most (ten films); frames of two films 0.53
//! or more in three of four pairs, and 0.75 in the median.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::statement::{Kind, Statement};
use crate::scene::Scene;
use crate::thresholds::Thresholds;

/// Number of earlier frames that a frame is compared with.
const BEFORE: usize = 3;
/// Time in which exposure and white balance settle after a camera was opened, seconds.
const SETTLING_S: f32 = 0.5;
/// Longest interval for which a rate was measured, seconds.
const LONGEST_S: f32 = 1.0;
/// Largest distance after a longer interval: somebody may walk into the light.
const MOST_AFTER_LONGER: f32 = 0.6;
/// Smallest weight of a scene.
const LEAST_WEIGHT: f32 = 0.5;

/// The fastest change so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SceneSteps {
    first_s: Option<f32>,
    latest_s: f32,
    before: VecDeque<Scene>,
    /// The fastest change, divided by what is allowed, and the position of the later frame.
    fastest: Option<(f32, u32)>,
}

impl SceneSteps {
    /// Adds the scene of a frame. `seconds` is its time on any clock.
    pub fn add(&mut self, scene: &Scene, seconds: f32, position: u32, t: &Thresholds) {
        let first = *self.first_s.get_or_insert(seconds);
        let interval = seconds - self.latest_s;
        let is_settled = seconds - first > SETTLING_S;
        if is_settled && interval >= 0.0 {
            let least = self
                .before
                .iter()
                .map(|b| b.distance(scene))
                .reduce(f32::min);
            let allowed = if interval <= LONGEST_S {
                (t.scene_step + t.scene_rate * interval).min(t.scene_most)
            } else {
                MOST_AFTER_LONGER.max(t.scene_most)
            };
            if let Some(least) = least
                && self
                    .fastest
                    .is_none_or(|(known, _)| least / allowed > known)
            {
                self.fastest = Some((least / allowed, position));
            }
        }
        self.latest_s = seconds;
        self.before.push_back(scene.clone());
        if self.before.len() > BEFORE {
            self.before.pop_front();
        }
    }

    /// Weight of the scene if frame times are the caller's own, so that a change of place proves nothing.
    /// It is 1 if the scene changes no faster than allowed, less if it changes faster, and at least 0.5.
    pub fn weight(&self) -> f32 {
        let fastest = self.fastest.map_or(0.0, |(ratio, _)| ratio);
        (1.0 / fastest.max(1.0)).max(LEAST_WEIGHT)
    }

    /// The statement for the fastest change; `None` if nothing could be compared.
    pub fn state(&self) -> Option<Statement> {
        let (measured, position) = self.fastest?;
        Some(Statement {
            frame: usize::try_from(position).ok(),
            ..Statement::new(Kind::SceneChange, measured, 1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::BINS;

    /// A scene with a share of `shift` of its colours in another bin.
    fn scene(shift: f32) -> Scene {
        let mut weights = vec![0.0; BINS * BINS];
        (weights[10], weights[100]) = (1.0 - shift, shift);
        Scene::new(weights).unwrap()
    }

    fn against(shifts: &[f32], interval: f32) -> bool {
        let (mut steps, t) = (SceneSteps::default(), Thresholds::default());
        for (position, shift) in (0..).zip(shifts) {
            steps.add(&scene(*shift), position as f32 * interval, position, &t);
        }
        steps.state().is_some_and(|s| s.is_against())
    }

    #[test]
    fn another_place_comes_at_once_and_a_walk_does_not() {
        let cut = [[0.0; 15], [1.0; 15]].concat();
        assert!(against(&cut, 0.067));
        let walk: Vec<f32> = (0..30).map(|i| i as f32 / 29.0).collect();
        assert!(!against(&walk, 0.067));
        // After a single odd frame, the next one is like those before it again.
        assert!(!against(&[0.0; 30], 0.067));
    }

    #[test]
    fn a_change_of_place_lowers_the_weight_by_no_more_than_a_half() {
        let weight = |shifts: &[f32]| {
            let (mut steps, t) = (SceneSteps::default(), Thresholds::default());
            for (position, shift) in (0..).zip(shifts) {
                steps.add(&scene(*shift), position as f32, position, &t);
            }
            steps.weight()
        };
        assert!((weight(&[0.0; 8]) - 1.0).abs() < 1e-6);
        assert!((weight(&[0.0, 0.0, 1.0, 1.0]) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_camera_may_settle() {
        assert!(!against(&[0.0, 1.0, 1.0, 1.0], 0.067));
    }

    #[test]
    fn a_pause_hides_no_cut_to_another_place() {
        // A distance of 0.55, as of a walk into another light, and of 1.
        assert!(!against(&[0.0, 0.0, 0.8, 0.8], 2.0));
        assert!(against(&[0.0, 0.0, 0.8, 0.8], 0.9));
        assert!(against(&[0.0, 0.0, 1.0, 1.0], 2.0));
    }
}
