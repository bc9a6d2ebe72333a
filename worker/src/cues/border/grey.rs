//! The small grey picture in which edges are searched.

use std::ops::RangeInclusive;

use crate::pixels::luma::luma;
use crate::pixels::widest::widest;
use livegate_media::RgbFrame;

/// Samples a pixel along each side. This bounds the cost for large frames.
const SAMPLES: usize = 4;

/// Least length of the shorter side, pixels. A narrower picture holds no face.
const LEAST_SIDE: usize = 16;

/// A grey picture, row by row; levels 0 to 255, not rounded.
pub struct Grey {
    /// Width, pixels.
    pub width: usize,
    /// Height, pixels.
    pub height: usize,
    /// Grey levels, row by row from the top; `width * height` of them.
    pub levels: Vec<f32>,
}

impl Grey {
    /// The frame with its longer side shrunk to `long_side` pixels; `None` when the frame is smaller
    /// than that, or its shorter side would be less than 16 pixels.
    pub fn shrunk(frame: &RgbFrame, long_side: usize) -> Option<Self> {
        let (full_width, full_height) = (frame.width as usize, frame.height as usize);
        let longer = full_width.max(full_height);
        if longer < long_side {
            return None;
        }
        let shrink = |side: usize| (side * long_side + longer / 2) / longer;
        let (width, height) = (shrink(full_width), shrink(full_height));
        if width.min(height) < LEAST_SIDE {
            return None;
        }
        let columns = samples(width, full_width);
        let mut levels = Vec::with_capacity(width * height);
        // Whole rows are summed first, which is fast. Then only a few places are read.
        let mut sums = vec![0_u16; full_width * 3];
        widest(
            #[inline(always)]
            || {
                for rows in samples(height, full_height).chunks_exact(SAMPLES) {
                    sums.fill(0);
                    for y in rows {
                        let row = &frame.pixels[y * full_width * 3..(y + 1) * full_width * 3];
                        for (sum, value) in sums.iter_mut().zip(row) {
                            *sum += u16::from(*value);
                        }
                    }
                    levels.extend(columns.chunks_exact(SAMPLES).map(|xs| mean(&sums, xs)));
                }
            },
        );
        Some(Self {
            width,
            height,
            levels,
        })
    }

    /// Columns at least `margin` pixels from the left and right edges.
    pub fn columns_within(&self, margin: f32) -> RangeInclusive<f32> {
        within(self.width, margin)
    }

    /// Rows at least `margin` pixels from the top and bottom edges.
    pub fn rows_within(&self, margin: f32) -> RangeInclusive<f32> {
        within(self.height, margin)
    }

    /// The picture with x and y exchanged.
    pub fn transposed(&self) -> Self {
        let column = |x: usize| self.levels.iter().skip(x).step_by(self.width);
        Self {
            width: self.height,
            height: self.width,
            levels: (0..self.width).flat_map(column).copied().collect(),
        }
    }
}

/// Mean grey level of the pixels at `xs`, from a sum of rows.
fn mean(sums: &[u16], xs: &[usize]) -> f32 {
    let mut colour = [0_u16; 3];
    for x in xs {
        for (channel, value) in colour.iter_mut().zip(&sums[x * 3..x * 3 + 3]) {
            *channel += value;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "16")]
    let n = (SAMPLES * SAMPLES) as f32;
    luma(&colour.map(|v| f32::from(v) / n))
}

fn within(side: usize, margin: f32) -> RangeInclusive<f32> {
    #[expect(clippy::cast_precision_loss, reason = "at most 4096")]
    let last = side as f32 - 1.0;
    margin..=last - margin
}

/// Sampled pixels along a side of the full frame, evenly spread.
fn samples(side: usize, full: usize) -> Vec<usize> {
    let n = side * SAMPLES;
    (0..n).map(|i| (2 * i + 1) * full / (2 * n)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::drawn;
    use super::*;

    #[test]
    fn pixels_are_means_of_what_they_stand_for() {
        let frame = drawn::frame(640, 480, |x, _| x / 4.0);
        let small = Grey::shrunk(&frame, 160).unwrap();
        assert_eq!((small.width, small.height), (160, 120));
        for (x, level) in small.levels[..160].iter().enumerate() {
            assert!((level - (x as f32 + 0.375)).abs() < 1.5, "{x}: {level}");
        }
    }

    #[test]
    fn small_frames_and_strips_are_left_alone() {
        for (width, height) in [(120, 159), (400, 20)] {
            let frame = drawn::frame(width, height, |_, _| 9.0);
            assert!(Grey::shrunk(&frame, 160).is_none());
        }
    }

    #[test]
    fn exchanging_x_and_y_turns_rows_into_columns() {
        let grey = Grey {
            width: 3,
            height: 2,
            levels: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        };
        let turned = grey.transposed();
        assert_eq!((turned.width, turned.height), (2, 3));
        assert_eq!(turned.levels, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(turned.transposed().levels, grey.levels);
    }
}
