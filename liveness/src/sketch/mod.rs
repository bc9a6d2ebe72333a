//! Sketches: a face in 1,600 bytes, to tell whether two frames hold the same picture.

mod align;
mod shift;

use std::fmt;

use serde::{Deserialize, Serialize};

/// Side of a sketch, pixels.
pub const SIDE: usize = 40;
/// Stored value of one standard deviation of local contrast.
pub const UNIT: f32 = 42.0;

/// Local contrast of an upright face: 40x40 values, row by row.
///
/// Each value is [`UNIT`] times the difference between a pixel and its surroundings, in standard deviations
/// of the surroundings. So light and shading change it little. A camera never takes the same picture twice:
/// the head and its muscles have moved a little, and the sensor's noise is new. A picture that comes again
/// is a copy.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<i8>")]
pub struct Sketch(Vec<i8>);

/// Prints the size only: a sketch is a small picture of a face.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sketch({})", self.0.len())
    }
}

/// A sketch of another size than `SIDE * SIDE`; holds its number of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongSize(pub usize);

impl fmt::Display for WrongSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sketch has {} values, not {}", SIDE * SIDE, self.0)
    }
}

impl std::error::Error for WrongSize {}

impl TryFrom<Vec<i8>> for Sketch {
    type Error = WrongSize;

    fn try_from(values: Vec<i8>) -> Result<Self, WrongSize> {
        let size = values.len();
        Self::new(values).ok_or(WrongSize(size))
    }
}

impl Sketch {
    /// Takes `SIDE * SIDE` values, row by row; `None` for another number of values.
    pub fn new(values: Vec<i8>) -> Option<Self> {
        (values.len() == SIDE * SIDE).then_some(Self(values))
    }

    /// Whether [`Self::same_picture`] has to be computed. `false` means that the sketches differ clearly.
    ///
    /// The correlation is then below `shift::LEAST`, far from that of copies. This takes a fifth of the
    /// time of [`Self::same_picture`].
    pub fn may_be_same(&self, other: &Self) -> bool {
        let (a, b) = self.in_order(other);
        shift::best(a, b).is_some_and(|best| best.correlation >= shift::LEAST)
    }

    /// Correlation of two sketches, -1 to 1; 0 if one of them is flat.
    ///
    /// One sketch is laid over the other by the affine transform that fits best. The order of the two does
    /// not matter. Most copies of one picture have 0.9992 or more, also after compression, scaling,
    /// rotation or a change of light; two pictures of one face have less.
    pub fn same_picture(&self, other: &Self) -> f32 {
        // The second sketch is resampled and the first is not. A fixed order makes the result independent
        // of the caller's.
        let (a, b) = self.in_order(other);
        match shift::best(a, b) {
            Some(best) if best.correlation >= shift::LEAST => align::correlation(a, b, best),
            Some(best) => best.correlation,
            None => 0.0,
        }
    }

    fn in_order<'a>(&'a self, other: &'a Self) -> (&'a [i8], &'a [i8]) {
        let (a, b) = (self.0.as_slice(), other.0.as_slice());
        if a <= b { (a, b) } else { (b, a) }
    }
}

#[cfg(test)]
mod tests;
