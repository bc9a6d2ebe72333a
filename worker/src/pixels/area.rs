//! Parts of a frame shrunk by area: each value is the mean of the pixels that it covers.

use std::array;
use std::mem::take;
use std::ops::Range;

use livegate_liveness::measurement::Bounds;

use super::widest::widest;
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
        let columns = shares(part.left, part.right, width, frame.width as usize)?;
        let rows = shares(part.top, part.bottom, height, frame.height as usize)?;
        let first = columns.first()?.first;
        let end = columns.last()?.end();
        let line = |y: usize| {
            let start = y * frame.width as usize;
            frame.pixels.get((start + first) * 3..(start + end) * 3)
        };
        // One value more: a pixel is read together with the value after it.
        let mut means = vec![0.0_f32; (end - first) * 3 + 1];
        let mut sums = vec![0_u16; (end - first) * 3];
        let mut values = Vec::with_capacity(width * height * 3);
        widest(
            #[inline(always)]
            || {
                for row in &rows {
                    means.fill(0.0);
                    // Rows that count alike are summed in whole numbers, in a third of the time.
                    sums.fill(0);
                    for (n, y) in (1..).zip(row.alike()) {
                        for (sum, value) in sums.iter_mut().zip(line(y)?) {
                            // Never wraps, and needs no check for that in a debug build.
                            *sum = sum.wrapping_add(u16::from(*value));
                        }
                        if n % MOST_SUMMED == 0 {
                            for (mean, sum) in means.iter_mut().zip(&mut sums) {
                                *mean += row.inner * f32::from(take(sum));
                            }
                        }
                    }
                    let ends = line(row.first)?.iter().zip(line(row.last())?);
                    for ((mean, sum), (low, high)) in means.iter_mut().zip(&sums).zip(ends) {
                        *mean += row.low * f32::from(*low)
                            + row.inner * f32::from(*sum)
                            + row.high * f32::from(*high);
                    }
                    for column in &columns {
                        let covered = means.get((column.first - first) * 3..)?;
                        values.extend(column.mean(covered)?);
                    }
                }
                Some(Self(values))
            },
        )
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

/// Most rows whose sum fits 16 bits, 255 a row.
const MOST_SUMMED: usize = 257;

/// The frame's pixels that an output pixel covers on one axis, and the share of each in its mean.
struct Shares {
    first: usize,
    /// Share of the first pixel.
    low: f32,
    /// Number of pixels between the first and the last. They are covered whole.
    between: usize,
    /// Share of each of them.
    inner: f32,
    /// Share of the last pixel; 0 where the first is the last.
    high: f32,
}

impl Shares {
    fn alike(&self) -> Range<usize> {
        self.first + 1..self.first + 1 + self.between
    }

    fn last(&self) -> usize {
        self.end() - 1
    }

    /// The pixel after the last.
    fn end(&self) -> usize {
        self.alike().end + usize::from(self.high > 0.0)
    }

    /// Mean colour of the pixels whose values begin with the first one's; `None` where they are too few.
    fn mean(&self, values: &[f32]) -> Option<[f32; 3]> {
        let between = values.get(3..4 + 3 * self.between)?;
        // Four values are added in one instruction, three in several. Two sums: an addition waits for the one before it.
        let mut sums = [[0.0; 4]; 2];
        for (n, pixel) in between.windows(4).step_by(3).enumerate() {
            for (sum, value) in sums[n % 2].iter_mut().zip(pixel) {
                *sum += value;
            }
        }
        let (low, high) = (
            values.first_chunk::<3>()?,
            values
                .get(3 * (self.last() - self.first)..)?
                .first_chunk::<3>()?,
        );
        Some(array::from_fn(|k| {
            let inner = sums[0][k] + sums[1][k];
            self.low * low[k] + self.inner * inner + self.high * high[k]
        }))
    }
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
        let one = Shares {
            first,
            low: 1.0,
            between: 0,
            inner: 0.0,
            high: 0.0,
        };
        // A sliver counts as the one pixel that it lies in.
        let covered = high - low;
        if end == first + 1 || covered <= 1e-3 {
            return one;
        }
        Shares {
            low: ((first + 1) as f32 - low) / covered,
            between: end - first - 2,
            inner: 1.0 / covered,
            high: (high - (end - 1) as f32) / covered,
            ..one
        }
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

    /// Mean colour of one of `n` by `n` places of a part: each pixel by how much of it is covered.
    fn plain_mean(
        frame: &RgbFrame,
        part: Part,
        n: usize,
        (column, row): (usize, usize),
    ) -> [f32; 3] {
        let covered = |from: f32, to: f32, place: usize, side: u32| {
            let edge = |i: usize| f64::from(from) + i as f64 * f64::from(to - from) / n as f64;
            let last = f64::from(side);
            let (low, high) = (
                edge(place).clamp(0.0, last),
                edge(place + 1).clamp(0.0, last),
            );
            (0..side)
                .map(|i| (high.min(f64::from(i) + 1.0) - low.max(f64::from(i))).max(0.0))
                .collect::<Vec<f64>>()
        };
        let columns = covered(part.left, part.right, column, frame.width);
        let rows = covered(part.top, part.bottom, row, frame.height);
        let mut sum = [0.0_f64; 3];
        let mut total = 0.0;
        for (y, down) in rows.iter().enumerate() {
            for (x, across) in columns.iter().enumerate() {
                total += down * across;
                let at = (y * frame.width as usize + x) * 3;
                for (sum, value) in sum.iter_mut().zip(&frame.pixels[at..]) {
                    *sum += down * across * f64::from(*value);
                }
            }
        }
        sum.map(|s| (s / total) as f32)
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
        fn a_value_is_the_mean_of_pixels_by_the_area_covered(
            left in 0.0_f32..40.0, top in 0.0_f32..30.0, width in 1.0_f32..40.0, height in 1.0_f32..30.0, n in 1_usize..12,
        ) {
            let frame = ramp();
            let part = part(left, top, left + width, top + height);
            let small = Small::of(&frame, part, n, n).unwrap();
            for (i, pixel) in small.pixels().iter().enumerate() {
                let expected = plain_mean(&frame, part, n, (i % n, i / n));
                let error = (0..3).map(|k| (pixel[k] - expected[k]).abs()).fold(0.0, f32::max);
                prop_assert!(error < 2e-2, "{pixel:?} {expected:?}");
            }
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
    fn a_high_white_frame_is_white() {
        let white = RgbFrame {
            width: 2,
            height: 900,
            pixels: vec![255; 2 * 900 * 3],
        };
        let small = Small::of(&white, part(0.0, 0.0, 2.0, 900.0), 1, 1).unwrap();
        assert!(small.pixels()[0].iter().all(|v| (v - 255.0).abs() < 0.01));
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
