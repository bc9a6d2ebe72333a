//! Colours around a face, to tell whether two frames show the same place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of bins for each of the two colour differences. They are [`WIDTH`] grey levels wide and reach
/// from -[`RANGE`] to [`RANGE`].
pub const BINS: usize = 12;
/// Width of a bin, grey levels.
pub const WIDTH: f32 = 6.0;
/// Largest colour difference that has a bin, grey levels, either way.
///
/// Colours beyond it count in the outermost bins.
pub const RANGE: f32 = 36.0;

/// Histogram of the colours outside the face: 12x12 bins that sum to 1.
///
/// Rows are blue differences, columns red differences; bins are stored row by row. A scene holds nothing of
/// the face, and no positions in the picture. Grey, the colour of most walls, lies at the corner of four
/// bins, where a camera's small shifts of colour change the histogram least.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene(Vec<f32>);

/// Prints the size only.
impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scene({})", self.0.len())
    }
}

impl Scene {
    /// Takes `BINS * BINS` weights, each 0 or more, and scales them to sum to 1. `None` for another number
    /// of weights, or if all are 0.
    pub fn new(mut weights: Vec<f32>) -> Option<Self> {
        let sum: f32 = weights.iter().sum();
        let valid = weights.len() == BINS * BINS && weights.iter().all(|w| *w >= 0.0);
        if !valid || !sum.is_normal() {
            return None;
        }
        weights.iter_mut().for_each(|w| *w /= sum);
        Some(Self(weights))
    }

    /// Distance of two scenes, 0 (the same colours in the same shares) to 1 (no colour in common): 1 minus
    /// the Bhattacharyya coefficient.
    pub fn distance(&self, other: &Self) -> f32 {
        let pairs = self.0.iter().zip(&other.0);
        (1.0 - pairs.map(|(a, b)| (a * b).sqrt()).sum::<f32>()).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scenes() -> impl Strategy<Value = Scene> {
        let weight = prop_oneof![Just(0.0_f32), 0.0_f32..100.0];
        prop::collection::vec(weight, BINS * BINS).prop_filter_map("all zeros", Scene::new)
    }

    proptest! {
        #[test]
        fn a_distance_is_symmetric_within_0_and_1_and_0_to_itself(a in scenes(), b in scenes()) {
            let there = a.distance(&b);
            prop_assert!((0.0..=1.0).contains(&there));
            prop_assert!((there - b.distance(&a)).abs() < 1e-5);
            prop_assert!(a.distance(&a) < 1e-5);
        }

        #[test]
        fn the_number_of_pixels_makes_no_difference(
            weights in prop::collection::vec(0.1_f32..100.0, BINS * BINS), times in 0.01_f32..100.0, b in scenes(),
        ) {
            let few = Scene::new(weights.clone()).unwrap();
            let many = Scene::new(weights.iter().map(|w| w * times).collect()).unwrap();
            prop_assert!((few.distance(&b) - many.distance(&b)).abs() < 1e-4);
        }
    }

    #[test]
    fn scenes_without_a_common_colour_are_1_apart() {
        let only = |at: usize| {
            let mut weights = vec![0.0; BINS * BINS];
            weights[at] = 7.0;
            Scene::new(weights).unwrap()
        };
        assert!((only(3).distance(&only(90)) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        assert_eq!(Scene::new(vec![1.0; 9]), None);
        assert_eq!(Scene::new(vec![0.0; BINS * BINS]), None);
        assert_eq!(Scene::new(vec![f32::NAN; BINS * BINS]), None);
        let mut negative = vec![1.0; BINS * BINS];
        negative[5] = -0.1;
        assert_eq!(Scene::new(negative), None);
    }
}
