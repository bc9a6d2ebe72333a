//! Square crops of a frame, as tensors for models.

use livegate_models::{ChannelOrder, InputSpec};

use super::bilinear::{AT_ONCE, Places, Planes};
use super::resample::{Axis, Tap};
use super::widest::widest;
use livegate_liveness::measurement::Bounds;

use crate::geometry::{Point, Similarity};
use crate::pixels::luma::luma;
use livegate_media::RgbFrame;

/// A square crop: one plane each of red, green and blue, row by row; values 0 to 255, not rounded.
pub struct Crop {
    /// Side, pixels.
    pub size: u32,
    /// `3 * size * size` values: red, green, blue.
    planes: Vec<f32>,
}

impl Crop {
    /// A crop with the colours that `colour` gives for a column and a row.
    #[cfg(test)]
    pub fn drawn(size: u32, colour: impl Fn(f32, f32) -> [f32; 3]) -> Self {
        Self::by_rows(size, |y, [red, green, blue]| {
            for (x, ((red, green), blue)) in red.iter_mut().zip(green).zip(blue).enumerate() {
                [*red, *green, *blue] = colour(x as f32, y as f32);
            }
        })
    }

    /// A crop whose rows `fill` fills, from the top.
    #[inline(always)]
    fn by_rows(size: u32, mut fill: impl FnMut(usize, Planes<'_>)) -> Self {
        let side = size as usize;
        let mut planes = vec![0.0; 3 * side * side];
        let (red, rest) = planes.split_at_mut(side * side);
        let (green, blue) = rest.split_at_mut(side * side);
        let rows = red
            .chunks_exact_mut(side)
            .zip(green.chunks_exact_mut(side))
            .zip(blue.chunks_exact_mut(side));
        widest(
            #[inline(always)]
            || {
                for (y, ((red, green), blue)) in rows.enumerate() {
                    fill(y, [red, green, blue]);
                }
            },
        );
        Self { size, planes }
    }

    /// Cuts a square out of the frame, with bilinear interpolation. Pixels beyond the frame are black.
    ///
    /// `to_frame` maps the crop's pixels to the frame's.
    pub fn by_similarity(frame: &RgbFrame, size: u32, to_frame: Similarity) -> Self {
        let (start, along, down) = (
            to_frame.apply([0.0, 0.0]),
            to_frame.apply([1.0, 0.0]),
            to_frame.apply([0.0, 1.0]),
        );
        let step = |to: Point| [to[0] - start[0], to[1] - start[1]];
        let (right, below) = (step(along), step(down));
        let mut places = Places::new();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a crop has a few hundred pixels"
        )]
        Self::by_rows(
            size,
            #[inline(always)]
            |y: usize, row: Planes<'_>| {
                // Each position is computed from the start: a running sum would drift.
                let from = [
                    start[0] + y as f32 * below[0],
                    start[1] + y as f32 * below[1],
                ];
                let at = |x: usize| [from[0] + x as f32 * right[0], from[1] + x as f32 * right[1]];
                for (first, [red, green, blue]) in parts(row) {
                    let last = first + red.len() - 1;
                    // Between its ends, a line lies where they lie.
                    if has_neighbours(frame, at(first)) && has_neighbours(frame, at(last)) {
                        places.on_line(frame, from, right, first..last + 1);
                        places.read(frame, [red, green, blue]);
                        continue;
                    }
                    let colours = red.iter_mut().zip(green).zip(blue);
                    for (x, ((red, green), blue)) in (first..).zip(colours) {
                        [*red, *green, *blue] = border(frame, at(x));
                    }
                }
            },
        )
    }

    /// Cuts out a rectangle and stretches it to a square, with bilinear interpolation.
    ///
    /// `first` and `last` are the outermost pixels taken, inclusive: whole numbers, inside the frame.
    pub fn by_rectangle(frame: &RgbFrame, size: u32, first: Point, last: Point) -> Self {
        let columns: Vec<(u32, f32)> = taps(size, first[0], last[0])
            .map(|(column, share)| (column * 3, share))
            .collect();
        let rows: Vec<(u32, f32)> = taps(size, first[1], last[1]).collect();
        let mut places = Places::new();
        Self::by_rows(
            size,
            #[inline(always)]
            |y: usize, row: Planes<'_>| {
                let (top, share) = rows[y];
                for (first, planes) in parts(row) {
                    places.on_row(&columns[first..], top * frame.width * 3, share);
                    places.read(frame, planes);
                }
            },
        )
    }

    /// A square of `size` pixels, resampled by the taps of `columns` and `rows`.
    pub fn resampled(frame: &RgbFrame, size: u32, columns: &Axis, rows: &Axis) -> Self {
        let (low, high) = columns.span();
        let stride = frame.width as usize * 3;
        // Rows first: they are nearly all of the work, and this way memory is read in order.
        let mut line = vec![0.0; (high - low + 1) * 3];
        let mut rows = rows.outputs();
        Self::by_rows(
            size,
            #[inline(always)]
            |_, [red, green, blue]: Planes<'_>| {
                line.fill(0.0);
                for tap in rows.next().unwrap_or_default() {
                    let from = tap.source * stride;
                    if let Some(row) = frame.pixels.get(from + low * 3..from + (high + 1) * 3) {
                        add_weighted(&mut line, row, tap.weight);
                    }
                }
                let colours = red.iter_mut().zip(green).zip(blue);
                for (taps, ((red, green), blue)) in columns.outputs().zip(colours) {
                    // Cubic interpolation may overshoot.
                    [*red, *green, *blue] = weighted(&line, low, taps).map(|v| v.clamp(0.0, 255.0));
                }
            },
        )
    }

    /// The grey levels, row by row, 0 to 255.
    pub fn grey(&self) -> Vec<f32> {
        let [red, green, blue] = self.channels();
        let colours = red.iter().zip(green).zip(blue);
        colours.map(|((r, g), b)| luma(&[*r, *g, *b])).collect()
    }

    /// The planes in the model's channel order, each value as (v - mean) / std.
    pub fn to_planes(&self, spec: &InputSpec) -> Vec<f32> {
        let [red, green, blue] = self.channels();
        let source = match spec.channels {
            ChannelOrder::Rgb => [red, green, blue],
            ChannelOrder::Bgr => [blue, green, red],
        };
        let mut planes = Vec::with_capacity(self.planes.len());
        for ((channel, mean), std) in source.into_iter().zip(spec.mean).zip(spec.std) {
            planes.extend(channel.iter().map(|v| (v - mean) / std));
        }
        planes
    }

    fn channels(&self) -> [&[f32]; 3] {
        let (red, rest) = self.planes.split_at(self.planes.len() / 3);
        let (green, blue) = rest.split_at(rest.len() / 2);
        [red, green, blue]
    }
}

/// Adds a row of the frame, multiplied by its weight.
#[inline(always)]
fn add_weighted(line: &mut [f32], row: &[u8], weight: f32) {
    for (sum, value) in line.iter_mut().zip(row) {
        *sum += weight * f32::from(*value);
    }
}

/// Weighted sum of the taps' colours. `line` begins at column `low`.
fn weighted(line: &[f32], low: usize, taps: &[Tap]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    let colours = line.as_chunks::<3>().0;
    for tap in taps {
        if let Some(colour) = colours.get(tap.source - low) {
            for (sum, value) in sum.iter_mut().zip(colour) {
                *sum += tap.weight * value;
            }
        }
    }
    sum
}

/// A row in parts of [`AT_ONCE`] pixels at most, each with the number of its first pixel.
fn parts<'a>(row: Planes<'a>) -> impl Iterator<Item = (usize, Planes<'a>)> {
    let [red, green, blue] = row.map(|plane| plane.chunks_mut(AT_ONCE));
    let parts = red
        .zip(green)
        .zip(blue)
        .map(|((red, green), blue)| [red, green, blue]);
    (0..).step_by(AT_ONCE).zip(parts)
}

/// `size` samples spread evenly over the pixels `first` to `last`, with the pixel centres of OpenCV's `resize`: the
/// pixel before each, and the way from there to the next one, 0 to 1. A sample outside takes the edge pixel.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and a side of the frame, which is at most 4096"
)]
fn taps(size: u32, first: f32, last: f32) -> impl Iterator<Item = (u32, f32)> {
    let scale = (last - first + 1.0) / size as f32;
    (0..size).map(move |i| {
        let at = (first + (i as f32 + 0.5) * scale - 0.5)
            .clamp(first, last)
            .max(0.0);
        (at as u32, at - (at as u32) as f32)
    })
}

/// Whether a place has four neighbours in the frame.
#[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
fn has_neighbours(frame: &RgbFrame, [x, y]: Point) -> bool {
    let within = |at: f32, side: u32| at >= 0.0 && at < side as f32 - 1.0;
    within(x, frame.width) && within(y, frame.height)
}

/// The frame's colour at a place anywhere, by bilinear interpolation. Black beyond the frame.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "sides are at most 4096, and coordinates are compared with them before they are cast"
)]
fn border(frame: &RgbFrame, [x, y]: Point) -> [f32; 3] {
    let (width, height) = (frame.width as i32, frame.height as i32);
    if !(x > -1.0 && y > -1.0 && x < width as f32 && y < height as f32) {
        return [0.0; 3];
    }
    let (x0, y0) = (x.floor() as i32, y.floor() as i32);
    let at = |px: i32, py: i32| {
        let inside = (0..width).contains(&px) && (0..height).contains(&py);
        if inside {
            pixel(frame, ((py * width + px) * 3) as usize)
        } else {
            [0.0; 3]
        }
    };
    let top = [at(x0, y0), at(x0 + 1, y0)];
    let bottom = [at(x0, y0 + 1), at(x0 + 1, y0 + 1)];
    mix(top, bottom, [x - x0 as f32, y - y0 as f32])
}

fn pixel(frame: &RgbFrame, at: usize) -> [f32; 3] {
    match frame.pixels.get(at..at + 3) {
        Some(&[r, g, b]) => [f32::from(r), f32::from(g), f32::from(b)],
        Some(_) | None => [0.0; 3],
    }
}

fn mix(top: [[f32; 3]; 2], bottom: [[f32; 3]; 2], [fx, fy]: Point) -> [f32; 3] {
    std::array::from_fn(|k| {
        let t = top[0][k] + fx * (top[1][k] - top[0][k]);
        let b = bottom[0][k] + fx * (bottom[1][k] - bottom[0][k]);
        t + fy * (b - t)
    })
}

/// First and last pixel of an area `scale` times as large as the face around it, moved or shrunk to stay
/// inside the frame.
///
/// This is the crop that these models were trained on (`CropImage` of minivision's
/// Silent-Face-Anti-Spoofing).
pub fn context(face: Bounds, scale: f32, frame_width: u32, frame_height: u32) -> (Point, Point) {
    #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
    let (right, bottom) = (frame_width as f32 - 1.0, frame_height as f32 - 1.0);
    let (width, height) = (face.width.max(1.0), face.height.max(1.0));
    let scale = scale.min(right / width).min(bottom / height);
    let (cx, cy) = face.centre();
    let (x0, x1) = keep_inside(cx, width * scale, right);
    let (y0, y1) = keep_inside(cy, height * scale, bottom);
    ([x0, y0], [x1, y1])
}

/// First and last whole pixel of a span of `length` around `centre`, moved into 0..=`last`.
fn keep_inside(centre: f32, length: f32, last: f32) -> (f32, f32) {
    let (mut from, mut to) = (centre - length / 2.0, centre + length / 2.0);
    if from < 0.0 {
        (from, to) = (0.0, to - from);
    }
    if to > last {
        (from, to) = (from - (to - last), last);
    }
    (from.floor().max(0.0), to.floor().clamp(0.0, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pixels::drawn::ramp;

    fn colour(crop: &Crop, at: usize) -> [f32; 3] {
        crop.channels().map(|channel| channel[at])
    }

    #[test]
    fn sampling_between_pixels_is_linear() {
        for (x, y) in [
            (10.0, 20.0),
            (10.25, 20.5),
            (0.0, 0.0),
            (79.0, 59.0),
            (78.5, 30.0),
        ] {
            let p = border(&ramp(), [x, y]);
            let close = (p[0] - 2.0 * x).abs() < 1e-3 && (p[1] - 2.0 * y).abs() < 1e-3;
            assert!(close, "{x},{y}: {p:?}");
        }
    }

    #[test]
    fn beyond_the_frame_is_black() {
        assert_eq!(border(&ramp(), [-5.0, 10.0]), [0.0; 3]);
        assert_eq!(border(&ramp(), [f32::NAN, 10.0]), [0.0; 3]);
        let half_out = border(&ramp(), [79.5, 10.0]);
        assert!((half_out[0] - 79.0).abs() < 1e-3, "{half_out:?}");
    }

    proptest! {
        #[test]
        fn many_samples_at_a_time_have_the_values_of_each_by_itself(
            cx in -30.0_f32..110.0, cy in -30.0_f32..90.0, side in 1.0_f32..120.0, angle in -3.2_f32..3.2,
            size in 1_u32..80,
        ) {
            let frame = grain();
            let to_frame = Similarity::from_crop(size, [cx, cy], side, angle);
            let crop = Crop::by_similarity(&frame, size, to_frame);
            let (start, step) = (to_frame.apply([0.0, 0.0]), to_frame.apply([1.0, 0.0]));
            let right = [step[0] - start[0], step[1] - start[1]];
            for x in 0..size as usize {
                let at = [start[0] + x as f32 * right[0], start[1] + x as f32 * right[1]];
                prop_assert_eq!(colour(&crop, x), border(&frame, at));
            }
        }
    }

    /// A frame without any order in it.
    fn grain() -> RgbFrame {
        let mut frame = ramp();
        for (i, value) in (0_u32..).zip(&mut frame.pixels) {
            *value = (i.wrapping_mul(2_654_435_761) >> 24) as u8;
        }
        frame
    }

    #[test]
    fn a_rectangle_is_sampled_between_its_pixels() {
        let frame = grain();
        let crop = Crop::by_rectangle(&frame, 50, [3.0, 5.0], [71.0, 58.0]);
        let at = |first: f32, last: f32, i: usize| {
            (first + (i as f32 + 0.5) * (last - first + 1.0) / 50.0 - 0.5).clamp(first, last)
        };
        for (x, y) in (0..50).flat_map(|x| (0..50).map(move |y| (x, y))) {
            let expected = border(&frame, [at(3.0, 71.0, x), at(5.0, 58.0, y)]);
            let found = colour(&crop, y * 50 + x);
            let error = (0..3)
                .map(|k| (found[k] - expected[k]).abs())
                .fold(0.0, f32::max);
            assert!(error < 1e-2, "{x}, {y}: {found:?} {expected:?}");
        }
    }

    #[test]
    fn a_rectangle_up_to_the_last_pixel_of_the_frame_is_copied() {
        let frame = grain();
        let crop = Crop::by_rectangle(&frame, 40, [40.0, 20.0], [79.0, 59.0]);
        for (x, y) in [(0, 0), (39, 0), (0, 39), (38, 39), (39, 39)] {
            let expected = pixel(&frame, ((y + 20) * 80 + x + 40) * 3);
            assert_eq!(colour(&crop, y * 40 + x), expected, "{x}, {y}");
        }
    }

    #[test]
    fn a_rectangle_ends_at_its_edge() {
        let crop = Crop::by_rectangle(&ramp(), 32, [5.0, 7.0], [8.0, 10.0]);
        let (first, last) = (colour(&crop, 0), colour(&crop, 32 * 32 - 1));
        assert_eq!(
            (first[0], first[1], last[0], last[1]),
            (10.0, 14.0, 16.0, 20.0)
        );
    }

    #[test]
    fn planes_follow_the_models_channel_order_and_scale() {
        let crop = Crop::drawn(1, |_, _| [10.0, 20.0, 30.0]);
        let mut spec = InputSpec {
            width: 1,
            height: 1,
            channels: ChannelOrder::Rgb,
            mean: [0.0; 3],
            std: [1.0; 3],
        };
        assert_eq!(crop.to_planes(&spec), [10.0, 20.0, 30.0]);
        spec.channels = ChannelOrder::Bgr;
        spec.mean = [10.0; 3];
        spec.std = [2.0; 3];
        assert_eq!(crop.to_planes(&spec), [10.0, 5.0, 0.0]);
    }

    #[test]
    fn a_rectangle_of_the_crops_own_size_is_copied() {
        let crop = Crop::by_rectangle(&ramp(), 16, [5.0, 7.0], [20.0, 22.0]);
        assert_eq!(colour(&crop, 0), [10.0, 14.0, 7.0]);
        assert_eq!(colour(&crop, 16 * 16 - 1), [40.0, 44.0, 7.0]);
    }
}
