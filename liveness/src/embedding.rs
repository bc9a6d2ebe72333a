//! Face embeddings: vectors that identify a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Identity embedding of a face: a vector of unit length.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding(Vec<f32>);

/// Prints the size only: an embedding is biometric data.
impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({})", self.0.len())
    }
}

impl Embedding {
    /// Scales a vector to length 1. `None` if it has no direction: its length is zero or not finite.
    pub fn from_raw(mut values: Vec<f32>) -> Option<Self> {
        let norm = values
            .iter()
            .map(|v| f64::from(*v).powi(2))
            .sum::<f64>()
            .sqrt();
        if !norm.is_normal() {
            return None;
        }
        for v in &mut values {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "components of a unit vector fit"
            )]
            let scaled = (f64::from(*v) / norm) as f32;
            *v = scaled;
        }
        Some(Self(values))
    }

    /// Cosine similarity, -1 to 1; 0 for vectors of different models (different lengths).
    pub fn cosine(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        let dot: f32 = self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum();
        dot.clamp(-1.0, 1.0)
    }

    /// The direction of the sum of several embeddings. `None` for an empty list, or if they cancel out.
    pub fn mean<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut sum = all.next()?.0.clone();
        for e in all {
            for (s, v) in sum.iter_mut().zip(&e.0) {
                *s += v;
            }
        }
        Self::from_raw(sum)
    }

    /// Direction and length of the sum of both vectors after each was scaled to the given length. `None` if
    /// they cancel out.
    pub fn plus(&self, length: f32, other: &Self, other_length: f32) -> Option<(Self, f32)> {
        let pairs = self.0.iter().zip(&other.0);
        let sum: Vec<f32> = pairs.map(|(a, b)| a * length + b * other_length).collect();
        let norm = sum.iter().map(|v| v * v).sum::<f32>().sqrt();
        Some((Self::from_raw(sum)?, norm))
    }

    /// The components.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vector_without_direction_is_no_embedding() {
        assert_eq!(Embedding::from_raw(vec![0.0; 4]), None);
        assert_eq!(Embedding::from_raw(vec![f32::NAN, 1.0]), None);
        assert_eq!(Embedding::from_raw(vec![f32::INFINITY, 1.0]), None);
        assert_eq!(Embedding::from_raw(Vec::new()), None);
    }

    #[test]
    fn debug_prints_no_component() {
        let e = Embedding::from_raw(vec![3.0, 4.0]).unwrap();
        assert_eq!(format!("{e:?}"), "Embedding(2)");
    }

    proptest! {
        #[test]
        fn length_is_one_and_scale_is_forgotten(raw in prop::collection::vec(-10.0_f32..10.0, 8), k in 0.1_f32..10.0) {
            prop_assume!(raw.iter().any(|v| v.abs() > 0.1));
            let a = Embedding::from_raw(raw.clone()).unwrap();
            let b = Embedding::from_raw(raw.iter().map(|v| v * k).collect()).unwrap();
            let norm: f32 = a.as_slice().iter().map(|v| v * v).sum();
            prop_assert!((norm - 1.0).abs() < 1e-5);
            prop_assert!((a.cosine(&b) - 1.0).abs() < 1e-5);
            prop_assert!((Embedding::mean([&a, &b]).unwrap().cosine(&a) - 1.0).abs() < 1e-5);
        }
    }
}
