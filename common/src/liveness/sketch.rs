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
    pub fn likeness(&self, other: &Self) -> f32 {
        let (a, b) = (self.centred(), other.centred());
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        let norm = (dot(&a, &a) * dot(&b, &b)).sqrt();
        if norm > 0.0 { dot(&a, &b) / norm } else { 0.0 }
    }

    fn centred(&self) -> Vec<f32> {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand pixels")]
        let mean = self.0.iter().map(|v| f32::from(*v)).sum::<f32>() / self.0.len() as f32;
        self.0.iter().map(|v| f32::from(*v) - mean).collect()
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
