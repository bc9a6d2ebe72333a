//! Noise of the pixels of a face.

use livegate_liveness::measurement::Bounds;

use crate::pixels::chroma::NORMAL_MEDIAN;
use crate::pixels::luma::levels;
use livegate_media::RgbFrame;

/// Most places measured along each side of the face. Their median is within 3% of that of all places,
/// and costs the same for a face of any size.
const PLACES: usize = 64;
/// Gain of the mask on noise of one grey level: the root of the sum of its squared weights.
const MASK_GAIN: f32 = 6.0;
/// Standard deviation of the noise of a face's pixels at the frame's own scale, grey levels, not
/// negative; 0 where the face is too small.
///
/// The mask of Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding
/// 64(2), 1996: the difference of two Laplacians, which does not respond to anything smooth. It does
/// respond to edges, so the median is taken and not the mean: Donoho and Johnstone, "Ideal spatial
/// adaptation by wavelet shrinkage", Biometrika 81(3), 1994. Noise that the camera or a compression has
/// smoothed is underestimated.
pub fn of(frame: &RgbFrame, face: Bounds) -> f32 {
    let columns = places(face.x, face.width, frame.width);
    let rows = places(face.y, face.height, frame.height);
    let all = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let mut responses: Vec<f32> = all.map(|(x, y)| response(frame, x, y).abs()).collect();
    let middle = responses.len() / 2;
    if responses.is_empty() {
        return 0.0;
    }
    let (_, median, _) = responses.select_nth_unstable_by(middle, f32::total_cmp);
    *median / (MASK_GAIN * NORMAL_MEDIAN)
}

/// Evenly spaced places along a side. Each lies within the frame and has a neighbour on both sides.
fn places(from: f32, length: f32, side: u32) -> impl Iterator<Item = usize> + Clone {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, at 0 below"
    )]
    let (from, to) = (from.max(1.0) as usize, (from + length) as usize);
    let to = to.min((side as usize).saturating_sub(1));
    (from..to).step_by(to.saturating_sub(from).div_ceil(PLACES).max(1))
}

/// Response of the mask 1 -2 1, -2 4 -2, 1 -2 1 to the pixels around a place.
fn response(frame: &RgbFrame, x: usize, y: usize) -> f32 {
    let bend = |y: usize| {
        let across = levels(frame, x - 1, y, 3).zip([1.0, -2.0, 1.0]);
        across.map(|(level, weight)| weight * level).sum::<f32>()
    };
    bend(y - 1) - 2.0 * bend(y) + bend(y + 1)
}

#[cfg(test)]
pub mod drawn {
    use super::*;

    const SIDE: u32 = 200;

    /// A frame of these levels, with noise of `sigma` grey levels, the same in all channels.
    pub fn grey(sigma: f32, level: impl Fn(f32, f32) -> f32) -> RgbFrame {
        noisy(level, |_, _, normal| [sigma * normal(); 3])
    }

    /// A grey frame of these levels, with noise of `sigma` grey levels in each channel separately.
    pub fn colour(sigma: f32, level: impl Fn(f32, f32) -> f32) -> RgbFrame {
        noisy(level, |_, _, normal| [(); 3].map(|()| sigma * normal()))
    }

    /// The same as `colour`, with noise within this rectangle only.
    pub fn colour_within(sigma: f32, level: impl Fn(f32, f32) -> f32, within: Bounds) -> RgbFrame {
        noisy(level, |x, y, normal| {
            let inside = (within.x..within.x + within.width).contains(&x)
                && (within.y..within.y + within.height).contains(&y);
            [(); 3].map(|()| if inside { sigma * normal() } else { 0.0 })
        })
    }

    fn noisy(
        level: impl Fn(f32, f32) -> f32,
        noise: impl Fn(f32, f32, &mut dyn FnMut() -> f32) -> [f32; 3],
    ) -> RgbFrame {
        let mut state = 7_u64;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5
        };
        // The sum of twelve uniform variables is close to normal, with variance 1.
        let mut normal = move || (0..12).map(|_| uniform()).sum::<f32>();
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x as f32, y as f32)));
        let pixels = places.flat_map(|(x, y)| {
            noise(x, y, &mut normal).map(|n| (level(x, y) + n).round().clamp(0.0, 255.0) as u8)
        });
        RgbFrame {
            width: SIDE,
            height: SIDE,
            pixels: pixels.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::drawn::grey as frame;
    use super::*;

    fn around(x: f32, side: f32) -> Bounds {
        Bounds {
            x,
            y: 10.0,
            width: side,
            height: side,
        }
    }

    #[test]
    fn it_is_the_deviation_of_what_is_added_whatever_the_shading() {
        for sigma in [2.0, 5.0, 10.0, 20.0] {
            for slope in [0.0, 0.6] {
                let seen = of(
                    &frame(sigma, |x, y| 60.0 + slope * (x + y) / 2.0),
                    around(10.0, 150.0),
                );
                assert!((seen / sigma - 1.0).abs() < 0.08, "{sigma}: {seen}");
            }
        }
        assert!(of(&frame(0.0, |x, _| x), around(10.0, 150.0)) < 0.1);
    }

    #[test]
    fn edges_are_no_noise() {
        // Stripes: an edge of 150 grey levels at every eighth pixel.
        let stripes = frame(0.0, |x, y| {
            if (x / 8.0 + (y / 8.0).floor()) % 2.0 < 1.0 {
                30.0
            } else {
                180.0
            }
        });
        assert!(of(&stripes, around(10.0, 150.0)) < 0.1);
    }

    #[test]
    fn a_face_beyond_the_frame_or_too_small_for_the_mask_is_no_reason_to_fail() {
        let noisy = frame(10.0, |_, _| 128.0);
        for (x, side) in [
            (-100.0, 150.0),
            (150.0, 500.0),
            (-1e9, 2e9),
            (50.0, f32::NAN),
        ] {
            let seen = of(&noisy, around(x, side));
            assert!(
                seen == 0.0 || (seen - 10.0).abs() < 1.5,
                "{x} {side}: {seen}"
            );
        }
        assert!(of(&noisy, around(500.0, 50.0)).abs() < f32::EPSILON);
        assert!(of(&noisy, around(50.0, 0.5)).abs() < f32::EPSILON);
    }
}
