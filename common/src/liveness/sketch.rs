//! What a face looks like in few pixels: enough to tell whether two frames hold the same picture.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Side of a sketch, pixels.
pub const SIDE: usize = 48;

/// The face, upright and of one size, in 48x48 grey levels, row by row.
///
/// A camera never takes the same picture twice: a head that moved comes back a little turned, a
/// muscle has moved, the sensor's noise is new. A picture that comes again is a copy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch(#[serde(with = "serde_bytes")] Vec<u8>);

/// Prints the size only: a sketch is a small picture of a face.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sketch({})", self.0.len())
    }
}

impl Sketch {
    /// Takes `SIDE * SIDE` grey levels; `None` for another number.
    pub fn new(grey: Vec<u8>) -> Option<Self> {
        (grey.len() == SIDE * SIDE).then_some(Self(grey))
    }

    /// Correlation of two sketches, -1 to 1; 0 where one of them is flat. Brightness and contrast
    /// make no difference (Lewis, "Fast Normalized Cross-Correlation", 1995, equation 2).
    ///
    /// In whole numbers and without copies: a clip makes tens of thousands of pairs.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "sums of a few thousand products of bytes, exact in an f64"
    )]
    pub fn likeness(&self, other: &Self) -> f32 {
        let n = self.0.len() as u64;
        let sum = |of: fn(u32, u32) -> u32| {
            let pairs = self.0.iter().zip(&other.0);
            u64::from(
                pairs
                    .map(|(a, b)| of(u32::from(*a), u32::from(*b)))
                    .sum::<u32>(),
            )
        };
        let (a, b) = (sum(|a, _| a), sum(|_, b| b));
        let spread = |squares: u64, sum: u64| (n * squares - sum * sum) as f64;
        let norm = (spread(sum(|a, _| a * a), a) * spread(sum(|_, b| b * b), b)).sqrt();
        let shared = (n * sum(|a, b| a * b)) as f64 - (a * b) as f64;
        if norm > 0.0 {
            (shared / norm) as f32
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sketch_has_its_size_and_prints_nothing_of_it() {
        assert_eq!(Sketch::new(vec![0; SIDE]), None);
        let flat = Sketch::new(vec![9; SIDE * SIDE]).unwrap();
        assert_eq!(format!("{flat:?}"), "Sketch(2304)");
        assert_eq!(flat.likeness(&flat), 0.0);
    }

    proptest! {
        #[test]
        fn light_changes_nothing_and_another_picture_does(
            seed in prop::collection::vec(60_u8..160, SIDE * SIDE), other in prop::collection::vec(60_u8..160, SIDE * SIDE), by in 0_u8..60,
        ) {
            let a = Sketch::new(seed.clone()).unwrap();
            let lighter = Sketch::new(seed.iter().map(|v| v + by).collect()).unwrap();
            prop_assert!(a.likeness(&lighter) > 0.9999);
            prop_assert!(a.likeness(&Sketch::new(other).unwrap()) < 0.5);
        }
    }
}
