//! Quality of a face's picture: how well the face can be seen.

mod coarse_noise;
mod colour;
mod detail;
mod noise;
mod surround_noise;

use livegate_liveness::measurement::{Bounds, Quality};

use crate::pixels::crop::Crop;

pub use self::detail::Detail;
use livegate_media::RgbFrame;

/// Sharpness and brightness of an aligned face, and noise, detail and colour of its pixels in the frame.
///
/// `aligned` has the same size for every frame, so that sharpness can be compared between frames of one
/// capture. A face smaller than the crop has low sharpness, as it should.
pub fn of(aligned: &Crop, frame: &RgbFrame, face: Bounds, detail: &Detail) -> Quality {
    let grey = aligned.grey();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a crop has a few thousand pixels"
    )]
    let n = grey.len() as f32;
    Quality {
        sharpness: laplacian_variance(&grey, aligned.size as usize),
        brightness: grey.iter().sum::<f32>() / n,
        noise: noise::of(frame, face),
        coarse_noise: coarse_noise::of(frame, face),
        surround_noise: surround_noise::of(frame, face),
        detail_px: detail.of(frame, face),
        colour: colour::of(frame, face),
    }
}

fn laplacian_variance(grey: &[f32], size: usize) -> f32 {
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for rows in grey.chunks_exact(size).collect::<Vec<_>>().windows(3) {
        for x in 1..size - 1 {
            let l = rows[0][x] + rows[2][x] + rows[1][x - 1] + rows[1][x + 1] - 4.0 * rows[1][x];
            sum += l;
            squares += l * l;
            n += 1.0;
        }
    }
    let mean: f32 = sum / n;
    squares / n - mean * mean
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    fn face(value: impl Fn(f32, f32) -> f32) -> Crop {
        Crop::drawn(112, |x, y| [value(x, y); 3])
    }

    #[test]
    fn a_blurred_pattern_is_less_sharp_and_a_flat_one_not_at_all() {
        let pattern = |period: f32| {
            face(move |x, y| 128.0 + 50.0 * (x * TAU / period).sin() * (y * TAU / period).cos())
        };
        let nowhere = RgbFrame {
            width: 0,
            height: 0,
            pixels: Vec::new(),
        };
        let detail = Detail::new();
        let of = |crop: &Crop| of(crop, &nowhere, Bounds::default(), &detail);
        let (fine, coarse, flat) = (
            of(&pattern(6.0)),
            of(&pattern(24.0)),
            of(&face(|_, _| 90.0)),
        );
        assert!(fine.sharpness > 5.0 * coarse.sharpness && coarse.sharpness > 1.0);
        assert!(flat.sharpness.abs() < 1e-3 && (flat.brightness - 90.0).abs() < 0.1);
    }
}
