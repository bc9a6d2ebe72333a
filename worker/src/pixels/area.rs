//! Parts of a frame shrunk by area: each value is the mean of the pixels that it covers.

use livegate_liveness::measurement::Bounds;

use crate::pixels::luma::luma;
use livegate_media::RgbFrame;

/// A rectangle in a frame, in pixels from the frame's top left corner. A pixel is a square of side 1.
/// The rectangle may reach beyond the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Left edge, pixels.
    pub left: f32,
    /// Upper edge, pixels.
    pub top: f32,
    /// Right edge, pixels.
    pub right: f32,
    /// Lower edge, pixels.
    pub bottom: f32,
}

impl From<Bounds> for Part {
    fn from(face: Bounds) -> Self {
        Self {
            left: face.x,
            top: face.y,
            right: face.x + face.width,
            bottom: face.y + face.height,
        }
    }
}

impl Part {
    /// A rectangle with the same centre, `by` times the size.
    #[must_use]
    pub fn scaled(self, by: f32) -> Self {
        let stretch = |from: f32, to: f32| {
            let (middle, half) = (f32::midpoint(from, to), by * (to - from) / 2.0);
            (middle - half, middle + half)
        };
        let (left, right) = stretch(self.left, self.right);
        let (top, bottom) = stretch(self.top, self.bottom);
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    /// Whether a point lies within the rectangle.
    pub fn contains(self, x: f32, y: f32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }
}

/// A small picture: red, green and blue in turn, row by row, 0 to 255, not rounded.
pub struct Small(Vec<f32>);

impl Small {
    /// A part of a frame at this size; `None` where the part or the frame is empty, or the part is not
    /// finite.
    ///
    /// Beyond the frame, its edge is repeated.
    pub fn of(frame: &RgbFrame, part: Part, width: usize, height: usize) -> Option<Self> {
        let stride = frame.width as usize * 3;
        let columns = shares(part.left, part.right, width, frame.width as usize)?;
        let rows = shares(part.top, part.bottom, height, frame.height as usize)?;
        let first = columns.first()?.first;
        let end = columns.last().map(|c| c.first + c.weights.len())?;
        let mut values = Vec::with_capacity(width * height * 3);
        let mut sums = vec![0.0_f32; (end - first) * 3];
        for row in &rows {
            sums.fill(0.0);
            for (y, weight) in (row.first..).zip(&row.weights) {
                let line = frame
                    .pixels
                    .get(y * stride + first * 3..y * stride + end * 3)?;
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += weight * f32::from(*value);
                }
            }
            let (pixels, _) = sums.as_chunks::<3>();
            for column in &columns {
                let from = column.first - first;
                let covered = pixels.get(from..from + column.weights.len())?;
                let mut colour = [0.0; 3];
                for (pixel, weight) in covered.iter().zip(&column.weights) {
                    for (sum, value) in colour.iter_mut().zip(pixel) {
                        *sum += weight * value;
                    }
                }
                values.extend(colour);
            }
        }
        Some(Self(values))
    }

    /// The pixels, row by row: red, green, blue, 0 to 255.
    pub fn pixels(&self) -> &[[f32; 3]] {
        self.0.as_chunks::<3>().0
    }

    /// The grey levels, row by row, 0 to 255.
    pub fn grey(&self) -> Vec<f32> {
        self.pixels().iter().map(luma).collect()
    }
}

/// The frame's pixels that each output pixel covers on one axis, and the share of each in its mean.
struct Shares {
    first: usize,
    weights: Vec<f32>,
}

/// Divides the span from `from` to `to` into `n` equal places, on an axis of `side` pixels.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a side of the frame, which is at most 4096"
)]
fn shares(from: f32, to: f32, n: usize, side: usize) -> Option<Vec<Shares>> {
    let step = (to - from) / n as f32;
    if !(step.is_finite() && from.is_finite() && step > 0.0) || side == 0 {
        return None;
    }
    // Clamped to the frame, and never empty.
    let last = side as f32;
    let place = |i: usize| {
        let low = (from + i as f32 * step).clamp(0.0, last - 1.0);
        let high = (from + (i + 1) as f32 * step).clamp(low, last);
        let first = low as usize;
        let end = (high.ceil() as usize).clamp(first + 1, side);
        let covered = |x: usize| ((x + 1) as f32).min(high) - (x as f32).max(low);
        let mut weights: Vec<f32> = (first..end).map(|x| covered(x).max(0.0)).collect();
        let sum: f32 = weights.iter().sum();
        if sum > 1e-3 {
            weights.iter_mut().for_each(|w| *w /= sum);
        } else {
            weights = vec![1.0];
        }
        Shares { first, weights }
    };
    Some((0..n).map(place).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pixels::drawn::ramp;

    fn part(left: f32, top: f32, right: f32, bottom: f32) -> Part {
        Part {
            left,
            top,
            right,
            bottom,
        }
    }

    proptest! {
        #[test]
        fn a_mean_is_that_of_its_area(
            left in 0.0_f32..40.0, top in 0.0_f32..30.0, width in 1.0_f32..40.0, height in 1.0_f32..30.0, n in 1_usize..9,
        ) {
            let small = Small::of(&ramp(), part(left, top, left + width, top + height), n, n).unwrap();
            let mean = small.pixels().iter().fold([0.0; 3], |sum, p| [0, 1, 2].map(|k| sum[k] + p[k] / (n * n) as f32));
            // On average the level at the middle. Each edge may cut a pixel in two.
            prop_assert!((mean[0] - 2.0 * (left + width / 2.0 - 0.5)).abs() < 1.1, "{mean:?}");
            prop_assert!((mean[1] - 2.0 * (top + height / 2.0 - 0.5)).abs() < 1.1, "{mean:?}");
            prop_assert!((mean[2] - 7.0).abs() < 1e-3);
        }

        #[test]
        fn any_part_is_read_or_refused(
            left in -1e4_f32..1e4, top in -1e4_f32..1e4, right in -1e4_f32..1e4, bottom in -1e4_f32..1e4,
        ) {
            let small = Small::of(&ramp(), part(left, top, right, bottom), 8, 5);
            prop_assert_eq!(small.is_some(), right > left && bottom > top);
            if let Some(small) = small {
                prop_assert!(small.pixels().len() == 40 && small.pixels().iter().flatten().all(|v| (0.0..=160.0).contains(v)));
            }
        }
    }

    #[test]
    fn beyond_the_frame_its_edge_goes_on() {
        let small = Small::of(&ramp(), part(-20.0, -20.0, 20.0, 20.0), 2, 2).unwrap();
        assert_eq!(small.pixels()[0], [0.0, 0.0, 7.0]);
        assert!((small.pixels()[3][0] - 19.0).abs() < 1e-3);
        let nowhere = RgbFrame {
            width: 0,
            height: 0,
            pixels: Vec::new(),
        };
        assert!(Small::of(&nowhere, part(0.0, 0.0, 9.0, 9.0), 3, 3).is_none());
        assert!(Small::of(&ramp(), part(f32::NAN, 0.0, 9.0, 9.0), 3, 3).is_none());
    }
}
