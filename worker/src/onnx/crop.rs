//! Pixels into the tensors that models take.

use livegate_models::{ChannelOrder, InputSpec};

use crate::decode::RgbFrame;
use crate::geometry::{Point, Similarity};

/// A square crop, RGB, row by row; values 0 to 255, not rounded.
pub struct Crop {
    /// Side, pixels.
    pub size: u32,
    /// `size * size` pixels.
    pub pixels: Vec<[f32; 3]>,
}

impl Crop {
    /// Cuts a square out of the frame; what lies beyond the frame is black.
    pub fn by_similarity(frame: &RgbFrame, size: u32, to_frame: Similarity) -> Self {
        Self::sample(frame, size, Beyond::Black, |x, y| to_frame.apply([x, y]))
    }

    /// Cuts out a rectangle, corners included, and stretches it to a square.
    ///
    /// `first` and `last` are the outermost pixels taken, inside the frame.
    pub fn by_rectangle(frame: &RgbFrame, size: u32, first: Point, last: Point) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a crop has a few hundred pixels"
        )]
        let n = size as f32;
        let (sx, sy) = (
            (last[0] - first[0] + 1.0) / n,
            (last[1] - first[1] + 1.0) / n,
        );
        // Pixel centres, as OpenCV's resize has them; what falls outside the rectangle is its edge.
        Self::sample(frame, size, Beyond::Edge, |x, y| {
            let at = [
                first[0] + (x + 0.5) * sx - 0.5,
                first[1] + (y + 0.5) * sy - 0.5,
            ];
            [
                at[0].clamp(first[0], last[0]),
                at[1].clamp(first[1], last[1]),
            ]
        })
    }

    fn sample(
        frame: &RgbFrame,
        size: u32,
        beyond: Beyond,
        place: impl Fn(f32, f32) -> Point,
    ) -> Self {
        let mut pixels = Vec::with_capacity((size * size) as usize);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a crop has a few hundred pixels"
        )]
        for y in 0..size {
            for x in 0..size {
                pixels.push(bilinear(frame, place(x as f32, y as f32), beyond));
            }
        }
        Self { size, pixels }
    }

    /// Planes of one channel each, in the model's channel order, each value (v - mean) / std.
    pub fn to_planes(&self, spec: &InputSpec) -> Vec<f32> {
        let source = match spec.channels {
            ChannelOrder::Rgb => [0, 1, 2],
            ChannelOrder::Bgr => [2, 1, 0],
        };
        let mut planes = Vec::with_capacity(self.pixels.len() * 3);
        for ((from, mean), std) in source.into_iter().zip(spec.mean).zip(spec.std) {
            planes.extend(self.pixels.iter().map(|p| (p[from] - mean) / std));
        }
        planes
    }
}

#[derive(Clone, Copy)]
enum Beyond {
    Black,
    Edge,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "sides are at most 4096, and coordinates are compared with them before they are cast"
)]
fn bilinear(frame: &RgbFrame, [x, y]: Point, beyond: Beyond) -> [f32; 3] {
    let (width, height) = (frame.width as i32, frame.height as i32);
    if !(x > -1.0 && y > -1.0 && x < width as f32 && y < height as f32) {
        return [0.0; 3];
    }
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let (x0, y0) = (x0 as i32, y0 as i32);
    if x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height {
        // Nearly every pixel: all four neighbours are there.
        let at = (y0 as usize * width as usize + x0 as usize) * 3;
        let below = at + width as usize * 3;
        if let (Some(top), Some(bottom)) = (
            frame.pixels.get(at..at + 6),
            frame.pixels.get(below..below + 6),
        ) {
            let mix = |c: usize| {
                let t = f32::from(top[c]) + fx * (f32::from(top[c + 3]) - f32::from(top[c]));
                let b =
                    f32::from(bottom[c]) + fx * (f32::from(bottom[c + 3]) - f32::from(bottom[c]));
                t + fy * (b - t)
            };
            return [mix(0), mix(1), mix(2)];
        }
    }
    let pixel = |px: i32, py: i32| -> [f32; 3] {
        let inside = (0..width).contains(&px) && (0..height).contains(&py);
        if !inside && matches!(beyond, Beyond::Black) {
            return [0.0; 3];
        }
        let (px, py) = (
            px.clamp(0, width - 1) as usize,
            py.clamp(0, height - 1) as usize,
        );
        let at = (py * width as usize + px) * 3;
        frame
            .pixels
            .get(at..at + 3)
            .map_or([0.0; 3], |p| [p[0], p[1], p[2]].map(f32::from))
    };
    let (a, b, c, d) = (
        pixel(x0, y0),
        pixel(x0 + 1, y0),
        pixel(x0, y0 + 1),
        pixel(x0 + 1, y0 + 1),
    );
    let mut mixed = [0.0; 3];
    for (k, out) in mixed.iter_mut().enumerate() {
        let (top, bottom) = (a[k] + fx * (b[k] - a[k]), c[k] + fx * (d[k] - c[k]));
        *out = top + fy * (bottom - top);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red grows by 2 a column, green by 2 a row.
    fn ramp() -> RgbFrame {
        let pixels = (0..60_u8)
            .flat_map(|y| (0..80_u8).flat_map(move |x| [2 * x, 2 * y, 7]))
            .collect();
        RgbFrame {
            width: 80,
            height: 60,
            pixels,
        }
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
            let p = bilinear(&ramp(), [x, y], Beyond::Edge);
            assert!(
                (p[0] - 2.0 * x).abs() < 1e-3 && (p[1] - 2.0 * y).abs() < 1e-3,
                "{x},{y}: {p:?}"
            );
        }
    }

    #[test]
    fn beyond_the_frame_is_black_or_the_edge() {
        assert_eq!(bilinear(&ramp(), [-5.0, 10.0], Beyond::Black), [0.0; 3]);
        assert_eq!(bilinear(&ramp(), [f32::NAN, 10.0], Beyond::Black), [0.0; 3]);
        let half_out = bilinear(&ramp(), [79.5, 10.0], Beyond::Black);
        assert!((half_out[0] - 79.0).abs() < 1e-3, "{half_out:?}");
        let edge = bilinear(&ramp(), [79.5, 10.0], Beyond::Edge);
        assert!((edge[0] - 158.0).abs() < 1e-3, "{edge:?}");
    }

    #[test]
    fn planes_follow_the_models_channel_order_and_scale() {
        let crop = Crop {
            size: 1,
            pixels: vec![[10.0, 20.0, 30.0]],
        };
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
        assert_eq!(crop.pixels[0], [10.0, 14.0, 7.0]);
        assert_eq!(crop.pixels[16 * 16 - 1], [40.0, 44.0, 7.0]);
    }
}
