//! Makes the sketch of a face: a small map of local contrast.

use livegate_liveness::sketch::{SIDE, Sketch, UNIT};

use crate::geometry::Point;
use crate::pixels::area::{Part, Small};
use crate::pixels::widest::widest;
use livegate_media::RgbFrame;

/// Landmarks that place the sketch: nose, outer eye corners, mouth corners, a point between the eyes.
pub const LANDMARKS: [usize; 6] = [1, 33, 263, 61, 291, 168];
/// Side of the square, in root mean square distances of the landmarks from their centre: it reaches from
/// the brows to the chin.
const CONTEXT: f32 = 3.6;
/// Grey pixels for each cell, along each side, before smoothing.
const SAMPLES: usize = 2;
/// Sigma of the smoothing, grey pixels. It reduces the sensor's noise and the traces of compression.
const SMOOTHING: f32 = 2.4;
/// Sigma of a cell's surroundings, cells. Contrast is the difference from them.
const SURROUNDINGS: f32 = 3.0;
/// Sigma of the area over which contrast is normalised, cells.
const SPREAD: f32 = 4.0;
/// Contrast below which there is only noise, grey levels squared.
const FLAT: f32 = 64.0;

/// The sketch of a face; `None` when all landmarks coincide.
///
/// `landmarks` are those of [`LANDMARKS`], in frame pixels. The square is not turned with the face: a
/// measured tilt has an error of its own, and copies are aligned when they are compared.
pub fn of(frame: &RgbFrame, landmarks: &[Point]) -> Option<Sketch> {
    let (centre, spread) = spread(landmarks);
    let half = CONTEXT * spread / 2.0;
    // The centre of a pixel is half a pixel from its corner.
    let part = Part {
        left: centre[0] + 0.5 - half,
        top: centre[1] + 0.5 - half,
        right: centre[0] + 0.5 + half,
        bottom: centre[1] + 0.5 + half,
    };
    let fine = SIDE * SAMPLES;
    let grey = Small::of(frame, part, fine, fine)?.grey();
    let smooth = halved(&blurred(&grey, fine, SMOOTHING), fine);
    let around = blurred(&smooth, SIDE, SURROUNDINGS);
    let contrast: Vec<f32> = smooth.iter().zip(around).map(|(v, a)| v - a).collect();
    let squares: Vec<f32> = contrast.iter().map(|c| c * c).collect();
    let spread = blurred(&squares, SIDE, SPREAD);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates: few values reach three times the local deviation"
    )]
    let level = |(c, s): (&f32, f32)| (UNIT * c / (s + FLAT).sqrt()).round() as i8;
    Sketch::new(contrast.iter().zip(spread).map(level).collect())
}

/// The centre of points, and their root mean square distance from it.
fn spread(points: &[Point]) -> (Point, f32) {
    #[expect(clippy::cast_precision_loss, reason = "a few points")]
    let n = points.len() as f32;
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f32>() / n;
    let centre = [mean(0), mean(1)];
    let square = |p: &Point| (p[0] - centre[0]).powi(2) + (p[1] - centre[1]).powi(2);
    (centre, (points.iter().map(square).sum::<f32>() / n).sqrt())
}

/// Means of two by two values of a square with this side.
fn halved(values: &[f32], side: usize) -> Vec<f32> {
    let pairs = values.chunks_exact(2 * side);
    pairs
        .flat_map(|rows| {
            let (upper, lower) = rows.split_at(side);
            let blocks = upper
                .as_chunks::<2>()
                .0
                .iter()
                .zip(lower.as_chunks::<2>().0);
            blocks.map(|([a, b], [c, d])| (a + b + c + d) / 4.0)
        })
        .collect()
}

/// A square of values blurred by a Gaussian. Values beyond the edges are mirrored.
pub fn blurred(values: &[f32], side: usize, sigma: f32) -> Vec<f32> {
    widest(
        #[inline(always)]
        || blur(values, side, sigma),
    )
}

#[inline(always)]
fn blur(values: &[f32], side: usize, sigma: f32) -> Vec<f32> {
    let half = kernel(sigma);
    let reach = half.len() - 1;
    let mut padded = vec![0.0; side + 2 * reach];
    let mut across = vec![0.0; values.len()];
    for (from, to) in values.chunks_exact(side).zip(across.chunks_exact_mut(side)) {
        padded[reach..reach + side].copy_from_slice(from);
        for k in 1..=reach {
            padded[reach - k] = from[k.min(side - 1)];
            padded[reach + side - 1 + k] = from[(side - 1).saturating_sub(k)];
        }
        for (k, weight) in half.iter().enumerate() {
            let (before, after) = (&padded[reach - k..], &padded[reach + k..]);
            let weight = if k == 0 { weight / 2.0 } else { *weight };
            for (to, (a, b)) in to.iter_mut().zip(before.iter().zip(after)) {
                *to += weight * (a + b);
            }
        }
    }
    let mut blurred = vec![0.0; values.len()];
    let mirrored = |y: isize| {
        let last = side as isize - 1;
        let y = y.abs();
        let y = if y > last { 2 * last - y } else { y };
        y.clamp(0, last) as usize
    };
    for (y, to) in blurred.chunks_exact_mut(side).enumerate() {
        for k in -(reach as isize)..=reach as isize {
            let row = mirrored(y as isize + k);
            let weight = half[k.unsigned_abs()];
            let from = &across[row * side..(row + 1) * side];
            for (to, from) in to.iter_mut().zip(from) {
                *to += weight * from;
            }
        }
    }
    blurred
}

/// The middle weight and one side of a Gaussian kernel; the whole kernel sums to 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few pixels"
)]
fn kernel(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as usize;
    let weight = |k: usize| (-((k * k) as f32) / (2.0 * sigma * sigma)).exp();
    let half: Vec<f32> = (0..=reach).map(weight).collect();
    let sum = 2.0 * half.iter().sum::<f32>() - 1.0;
    half.iter().map(|w| w / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of these levels.
    fn frame(level: impl Fn(f32, f32) -> f32) -> RgbFrame {
        let places = (0..240).flat_map(|y| (0..240).map(move |x| (x as f32, y as f32)));
        RgbFrame {
            width: 240,
            height: 240,
            pixels: places
                .flat_map(|(x, y)| [level(x, y).round().clamp(0.0, 255.0) as u8; 3])
                .collect(),
        }
    }

    fn spots(x: f32, y: f32) -> f32 {
        120.0 + 60.0 * (x / 11.0).sin() * (y / 9.0 + (x / 40.0).cos()).cos()
    }

    /// Landmarks of a face with this centre and size.
    fn landmarks(x: f32, y: f32, size: f32) -> Vec<Point> {
        let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        corners
            .map(|[dx, dy]| [x + size * dx, y + size * dy])
            .to_vec()
    }

    #[test]
    fn the_spread_is_that_of_the_points() {
        let corners = [[1.0, 2.0], [7.0, 2.0], [7.0, 10.0], [1.0, 10.0]];
        assert_eq!(spread(&corners), ([4.0, 6.0], 5.0));
        assert_eq!(of(&frame(spots), &[[5.0; 2]; 6]), None);
    }

    #[test]
    fn a_blur_keeps_the_mean_and_spreads_a_point_by_its_sigma() {
        let mut point = vec![0.0; 41 * 41];
        point[20 * 41 + 20] = 1.0;
        for sigma in [0.8_f32, 2.4, 4.0] {
            let seen = blurred(&point, 41, sigma);
            let sum: f32 = seen.iter().sum();
            let square = |i: usize| (i % 41) as f32 - 20.0;
            let variance: f32 = (0..).zip(&seen).map(|(i, v)| v * square(i).powi(2)).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{sum}");
            assert!(
                (variance / (sigma * sigma) - 1.0).abs() < 0.05,
                "{variance}"
            );
        }
        assert!(
            blurred(&[7.0; 9], 3, 4.0)
                .iter()
                .all(|v| (v - 7.0).abs() < 1e-3)
        );
    }

    #[test]
    fn light_and_shading_change_a_sketch_little() {
        let plain = of(&frame(spots), &landmarks(120.0, 120.0, 40.0)).unwrap();
        let shaded = frame(|x, y| 20.0 + 0.6 * spots(x, y) + 0.15 * x);
        let shaded = of(&shaded, &landmarks(120.0, 120.0, 40.0)).unwrap();
        assert!(plain.same_picture(&shaded) > 0.999);
    }

    #[test]
    fn a_face_that_lies_elsewhere_or_is_larger_has_the_same_sketch() {
        let plain = of(&frame(spots), &landmarks(100.0, 100.0, 24.0)).unwrap();
        let there = frame(|x, y| spots(x - 30.5, y - 20.25));
        let there = of(&there, &landmarks(130.5, 120.25, 24.0)).unwrap();
        let large = frame(|x, y| spots(120.0 + (x - 120.0) / 1.4, 120.0 + (y - 120.0) / 1.4));
        let large = of(&large, &landmarks(92.0, 92.0, 33.6)).unwrap();
        assert!(plain.same_picture(&there) > 0.9995);
        assert!(
            plain.same_picture(&large) > 0.999,
            "{}",
            plain.same_picture(&large)
        );
    }
}
