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
        let (start, along, down) = (
            to_frame.apply([0.0, 0.0]),
            to_frame.apply([1.0, 0.0]),
            to_frame.apply([0.0, 1.0]),
        );
        let step = |to: Point| [to[0] - start[0], to[1] - start[1]];
        let (right, below) = (step(along), step(down));
        let mut pixels = Vec::with_capacity((size * size) as usize);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a crop has a few hundred pixels"
        )]
        for row in 0..size {
            let row = row as f32;
            let from = [start[0] + row * below[0], start[1] + row * below[1]];
            // Each from the start: a running sum would drift.
            pixels.extend((0..size).map(|x| {
                let x = x as f32;
                bilinear(frame, [from[0] + x * right[0], from[1] + x * right[1]])
            }));
        }
        Self { size, pixels }
    }

    /// Cuts out a rectangle, corners included, and stretches it to a square.
    ///
    /// `first` and `last` are the outermost pixels taken, inside the frame.
    pub fn by_rectangle(frame: &RgbFrame, size: u32, first: Point, last: Point) -> Self {
        let columns = Taps::across(size, first[0], last[0]);
        let rows = Taps::across(size, first[1], last[1]);
        let width = frame.width as usize;
        let mut pixels = Vec::with_capacity((size * size) as usize);
        for row in &rows {
            let (top, bottom) = (row.low * width, row.high * width);
            pixels.extend(columns.iter().map(|column| {
                let at = |line: usize, x: usize| pixel(frame, (line + x) * 3);
                mix(
                    [at(top, column.low), at(top, column.high)],
                    [at(bottom, column.low), at(bottom, column.high)],
                    [column.share, row.share],
                )
            }));
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

/// The two pixels that a sample lies between, on one axis, and its share of the second.
struct Taps {
    low: usize,
    high: usize,
    share: f32,
}

impl Taps {
    /// `size` samples spread evenly over the pixels `first` to `last`, with pixel centres as OpenCV's
    /// resize has them; what falls outside is the edge.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a side of the frame, which is at most 4096"
    )]
    fn across(size: u32, first: f32, last: f32) -> Vec<Self> {
        let scale = (last - first + 1.0) / size as f32;
        let sample = |i: u32| {
            let at = (first + (i as f32 + 0.5) * scale - 0.5)
                .clamp(first, last)
                .max(0.0);
            let low = at as usize;
            let high = (low + 1).min(last as usize).max(low);
            Self {
                low,
                high,
                share: at - low as f32,
            }
        };
        (0..size).map(sample).collect()
    }
}

/// The frame's colour between its pixels; black beyond it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides are at most 4096, and coordinates are compared with them before they are cast"
)]
fn bilinear(frame: &RgbFrame, [x, y]: Point) -> [f32; 3] {
    let (width, height) = (frame.width as usize, frame.height as usize);
    if x >= 0.0 && y >= 0.0 && x < (width - 1) as f32 && y < (height - 1) as f32 {
        // Nearly every pixel: all four neighbours are there. Casts, since they round down here and
        // a call to `floor` for each is dear.
        let (x0, y0) = (x as usize, y as usize);
        let share = [x - x0 as f32, y - y0 as f32];
        let top = (y0 * width + x0) * 3;
        let bottom = top + width * 3;
        if let (Some(top), Some(bottom)) = (pair(frame, top), pair(frame, bottom)) {
            return mix_fixed(top, bottom, share);
        }
    }
    border(frame, x, y)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "sides are at most 4096, and coordinates are compared with them before they are cast"
)]
fn border(frame: &RgbFrame, x: f32, y: f32) -> [f32; 3] {
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

/// Two neighbours, looked up at once.
fn pair(frame: &RgbFrame, at: usize) -> Option<[[i32; 3]; 2]> {
    let &[r0, g0, b0, r1, g1, b1] = frame.pixels.get(at..at + 6)? else {
        return None;
    };
    Some([[r0, g0, b0].map(i32::from), [r1, g1, b1].map(i32::from)])
}

/// [`mix`] in whole numbers, with places kept to 1/2048 of a pixel: turning every one of twelve
/// bytes into a float would take longer than all the rest.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "8 bits of colour and 11 of each share fit an i32; the colour that comes out an f32"
)]
fn mix_fixed(top: [[i32; 3]; 2], bottom: [[i32; 3]; 2], share: Point) -> [f32; 3] {
    const ONE: f32 = 2048.0;
    let [fx, fy] = share.map(|s| (s * ONE) as i32);
    std::array::from_fn(|k| {
        let t = (top[0][k] << 11) + fx * (top[1][k] - top[0][k]);
        let b = (bottom[0][k] << 11) + fx * (bottom[1][k] - bottom[0][k]);
        ((t << 11) + fy * (b - t)) as f32 / (ONE * ONE)
    })
}

fn mix(top: [[f32; 3]; 2], bottom: [[f32; 3]; 2], [fx, fy]: Point) -> [f32; 3] {
    std::array::from_fn(|k| {
        let t = top[0][k] + fx * (top[1][k] - top[0][k]);
        let b = bottom[0][k] + fx * (bottom[1][k] - bottom[0][k]);
        t + fy * (b - t)
    })
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
            let p = bilinear(&ramp(), [x, y]);
            let close = (p[0] - 2.0 * x).abs() < 1e-3 && (p[1] - 2.0 * y).abs() < 1e-3;
            assert!(close, "{x},{y}: {p:?}");
        }
    }

    #[test]
    fn whole_numbers_mix_as_floats_do() {
        let (top, bottom) = ([[0, 255, 17], [255, 0, 40]], [[3, 200, 255], [90, 255, 0]]);
        let floats = |two: [[i32; 3]; 2]| two.map(|p| p.map(|v| v as f32));
        for share in [[0.0, 0.0], [0.5, 0.25], [0.999, 0.001], [0.3, 0.7]] {
            let exact = mix(floats(top), floats(bottom), share);
            for (a, b) in mix_fixed(top, bottom, share).iter().zip(exact) {
                assert!((a - b).abs() < 0.3, "{a} {b} at {share:?}");
            }
        }
    }

    #[test]
    fn beyond_the_frame_is_black() {
        assert_eq!(bilinear(&ramp(), [-5.0, 10.0]), [0.0; 3]);
        assert_eq!(bilinear(&ramp(), [f32::NAN, 10.0]), [0.0; 3]);
        let half_out = bilinear(&ramp(), [79.5, 10.0]);
        assert!((half_out[0] - 79.0).abs() < 1e-3, "{half_out:?}");
    }

    #[test]
    fn a_rectangle_ends_at_its_edge() {
        let crop = Crop::by_rectangle(&ramp(), 32, [5.0, 7.0], [8.0, 10.0]);
        let (first, last) = (crop.pixels[0], crop.pixels[32 * 32 - 1]);
        assert_eq!(
            (first[0], first[1], last[0], last[1]),
            (10.0, 14.0, 16.0, 20.0)
        );
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
