//! Effective resolution of a face: the number of pixels across it that carry detail of their own.
//!
//! The power spectrum of a sharp face falls with frequency as f^-3.4, for every person and any number of
//! pixels: natural pictures have no scale of their own (Field, "Relations between the statistics of
//! natural images and the response properties of cortical cells", JOSA A 4(12), 1987; the exponent here
//! includes the effect of a pixel's own area). A blur multiplies the spectrum by a Gaussian, and noise
//! adds a constant. So the spectrum of the face is fitted by
//!
//! C (f^-3.4 exp(-(2π σ f)²) + ν)
//!
//! over the blur σ and the noise ν. C depends on light and contrast; subtracting the mean of the
//! logarithms removes it.
//!
//! The low frequencies count most. A face that is blurred so much that nothing of it is left at the middle
//! ones has the edges of JPEG's blocks there, whose spectrum looks much like that of a sharp face. Only the
//! steep fall from the lowest ring to the others tells them apart.
//! A compressed blur fits no model well, so of the blurs that fit nearly as well as the best, the largest counts.
//!
//! Measured on frames of ten films, faces of 130 pixels and more: 57 or more, 34 or more at half of the pixels; on 15
//! frames of a webcam, faces of 76 to 118 pixels: 39 or more. JPEG quality 60, noise of 4 grey levels and 70%
//! less light leave four fifths of that. Of 408 of these pictures that were blurred by 4.5 to 8% of the face's
//! width, and compressed (quality 40 to 75) with noise before or after, or not, 3 have 16 or more (18 are asked for). Without
//! the two lowest rings 61 to 88% of the compressed ones do.

use std::f32::consts::TAU;
use std::sync::Arc;

use livegate_liveness::measurement::Bounds;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::pixels::area::{Part, Small};
use livegate_media::RgbFrame;

/// Side of the spectrum, and largest side of the face in it, pixels.
const SIDE: usize = 128;
/// Least side of the face, pixels. A smaller face has too few frequencies.
const LEAST: usize = 20;
/// Rings of frequencies, 1/64 cycle a pixel each, up to half a cycle.
const RINGS: usize = 33;
/// Largest number of the first ring that counts.
const LAST_FIRST: usize = 6;
/// Exponent of a sharp face's power spectrum.
const EXPONENT: f32 = 3.4;
/// Blurs that are tried, sigma in pixels: none, and 48 from 0.2 to 12, each 9% more than the one before.
const BLURS: usize = 48;
/// Noise that is tried: none, and 30 powers from 0.001 to 10,000, as shares of a sharp face's power at
/// one cycle a pixel.
const NOISES: usize = 30;
/// Relation of blur and resolution: a face shrunk to n pixels and enlarged again to N is blurred by N /
/// (2.5 n) pixels.
const BLUR_PIXELS: f32 = 2.5;
/// Power caused by rounding to whole grey levels. Lower powers carry no information.
const ROUNDING: f32 = 1e-6;
/// Blurs that explain a spectrum nearly as well as the best one does: with at most this many times its squared
/// error. The largest of them counts.
const NEARLY: f32 = 1.1;

/// Measures the effective resolution of faces.
pub struct Detail {
    transform: Arc<dyn Fft<f32>>,
    /// One for each first ring, from 1.
    fits: Vec<Fit>,
}

impl Detail {
    /// Prepares the transform and the models.
    pub fn new() -> Self {
        Self {
            transform: FftPlanner::new().plan_fft_forward(SIDE),
            fits: (1..=LAST_FIRST).map(Fit::new).collect(),
        }
    }

    /// Pixels across a face that carry detail of their own: at most its width, and at most 128; 0 where
    /// the face is smaller than 20 pixels or outside the frame.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most the side"
    )]
    pub fn of(&self, frame: &RgbFrame, face: Bounds) -> f32 {
        let side = (face.width.max(0.0) as usize).min(SIDE);
        if side < LEAST {
            return 0.0;
        }
        // A square as wide as the face, around its centre.
        let (x, y) = face.centre();
        let half = face.width / 2.0;
        let square = Part {
            left: x - half,
            top: y - half,
            right: x + half,
            bottom: y + half,
        };
        let Some(small) = Small::of(frame, square, side, side) else {
            return 0.0;
        };
        let power = self.power(&small.grey(), side);
        // Rings below about two cycles a face hold the shape of the window.
        let first = ((SIDE as f32 / side as f32).round() as usize).clamp(1, LAST_FIRST);
        let Some(fit) = self.fits.get(first - 1) else {
            return 0.0;
        };
        side as f32 / (1.0 + (BLUR_PIXELS * fit.blur(&power)).powi(2)).sqrt()
    }

    /// Mean power in each ring of the spectrum of a square of grey levels, under Hann's window.
    #[expect(clippy::cast_precision_loss, reason = "at most the side")]
    fn power(&self, grey: &[f32], side: usize) -> [f32; RINGS] {
        let hann = |i: usize| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / side as f32).cos();
        let window: Vec<f32> = (0..side).map(hann).collect();
        let total = window.iter().sum::<f32>().powi(2);
        let squares = window.iter().map(|w| w * w).sum::<f32>().powi(2);
        let weighted = |row: &[f32]| row.iter().zip(&window).map(|(v, w)| v * w).sum::<f32>();
        let rows = grey.chunks_exact(side).zip(&window);
        let mean = rows.map(|(row, w)| w * weighted(row)).sum::<f32>() / total;
        let mut bins = vec![Complex::default(); SIDE * SIDE];
        let into = bins.chunks_exact_mut(SIDE).zip(grey.chunks_exact(side));
        for ((to, from), down) in into.zip(&window) {
            for ((bin, level), across) in to.iter_mut().zip(from).zip(&window) {
                *bin = Complex::from((level - mean) * down * across);
            }
        }
        // Rows beyond the face are zero, and so are their transforms.
        let mut scratch = vec![Complex::default(); self.transform.get_inplace_scratch_len()];
        self.transform
            .process_with_scratch(&mut bins[..side * SIDE], &mut scratch);
        // The levels are real numbers: half of the columns mirror the other half.
        let half = SIDE / 2 + 1;
        let mut turned: Vec<Complex<f32>> = (0..half)
            .flat_map(|x| bins.iter().skip(x).step_by(SIDE))
            .copied()
            .collect();
        self.transform
            .process_with_scratch(&mut turned, &mut scratch);
        let (mut sums, mut counts) = ([0.0; RINGS], [0.0; RINGS]);
        for (x, column) in turned.chunks_exact(SIDE).enumerate() {
            // Each column, except the first and the middle one, stands for two.
            let times = if x == 0 || x == SIDE / 2 { 1.0 } else { 2.0 };
            for (y, bin) in column.iter().enumerate() {
                let ring = ring(x, y.min(SIDE - y));
                if let (Some(sum), Some(count)) = (sums.get_mut(ring), counts.get_mut(ring)) {
                    *sum += times * bin.norm_sqr();
                    *count += times;
                }
            }
        }
        std::array::from_fn(|i| sums[i] / (counts[i] * squares) + ROUNDING)
    }
}

/// The ring of a frequency given in cycles a spectrum.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most the side"
)]
fn ring(x: usize, y: usize) -> usize {
    let scale = 2 * (RINGS - 1);
    (((x * x + y * y) as f32).sqrt() * scale as f32 / SIDE as f32 + 0.5) as usize
}

/// The models of spectra, from one ring on.
struct Fit {
    /// The first ring that counts.
    first: usize,
    /// Weights of the rings; their sum is 1. An octave counts more than the next higher one: noise and compression
    /// fill the highest.
    weights: Vec<f32>,
    /// For each blur, sigma in pixels, the shapes with each noise.
    models: Vec<(f32, Vec<Vec<f32>>)>,
}

impl Fit {
    fn new(first: usize) -> Self {
        let parts = rings(first).map(|f| f.powf(-1.5));
        let sum: f32 = parts.clone().sum();
        let weights: Vec<f32> = parts.map(|w| w / sum).collect();
        let blurs = std::iter::once(0.0).chain(spaced(BLURS, 0.2, 12.0));
        let models = blurs.map(|blur| {
            let noises = std::iter::once(0.0).chain(spaced(NOISES, 1e-3, 1e4));
            let shapes = noises.map(|noise| centred(model(first, blur, noise), &weights));
            (blur, shapes.collect())
        });
        Self {
            first,
            models: models.collect(),
            weights,
        }
    }

    /// The largest blur that explains a spectrum nearly as well as the best one does, sigma in pixels.
    fn blur(&self, power: &[f32; RINGS]) -> f32 {
        let logarithms = power.iter().skip(self.first).map(|p| p.ln()).collect();
        let seen = centred(logarithms, &self.weights);
        let error = |shape: &Vec<f32>| {
            let rings = shape.iter().zip(&seen).zip(&self.weights);
            rings.map(|((a, b), w)| w * (a - b) * (a - b)).sum::<f32>()
        };
        let least = |shapes: &[Vec<f32>]| shapes.iter().map(error).fold(f32::INFINITY, f32::min);
        let errors: Vec<(f32, f32)> = self
            .models
            .iter()
            .map(|(blur, shapes)| (*blur, least(shapes)))
            .collect();
        let best = errors.iter().map(|(_, e)| *e).fold(f32::INFINITY, f32::min);
        let near = errors.iter().rev().find(|(_, e)| *e <= NEARLY * best);
        near.map_or(0.0, |(blur, _)| *blur)
    }
}

/// Cycles a pixel of each ring, from this one on.
#[expect(clippy::cast_precision_loss, reason = "at most the number of rings")]
fn rings(first: usize) -> impl Iterator<Item = f32> + Clone {
    (first..RINGS).map(|ring| ring as f32 / (2 * (RINGS - 1)) as f32)
}

/// Logarithm of the power of a sharp face with this blur and noise.
fn model(first: usize, blur: f32, noise: f32) -> Vec<f32> {
    let power = rings(first).map(|f| {
        let blurred = f.powf(-EXPONENT) * (-(TAU * blur * f).powi(2)).exp();
        // Avoids the logarithm of 0.
        (blurred + noise + 1e-9).ln()
    });
    power.collect()
}

/// Logarithms less their weighted mean.
fn centred(mut shape: Vec<f32>, weights: &[f32]) -> Vec<f32> {
    let mean: f32 = shape.iter().zip(weights).map(|(v, w)| v * w).sum();
    shape.iter_mut().for_each(|v| *v -= mean);
    shape
}

/// `n` values from `first` to `last`, each the same multiple of the one before.
#[expect(clippy::cast_precision_loss, reason = "a few dozen")]
fn spaced(n: usize, first: f32, last: f32) -> impl Iterator<Item = f32> {
    (0..n).map(move |i| first * (last / first).powf(i as f32 / (n - 1) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::sketch::blurred;

    const FRAME: usize = 200;
    const FACE: Bounds = Bounds {
        x: 36.0,
        y: 30.0,
        width: 128.0,
        height: 140.0,
    };

    /// Levels with the spectrum of a sharp face: spots of all sizes, with amplitudes that fall with
    /// their size.
    fn sharp() -> Vec<f32> {
        let mut state = 5_u64;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5
        };
        let mut levels = vec![0.0; FRAME * FRAME];
        for octave in 0..7 {
            let sigma = 0.25 * 2.0_f32.powi(octave);
            let white: Vec<f32> = (0..FRAME * FRAME).map(|_| uniform()).collect();
            let spots = blurred(&white, FRAME, sigma);
            let deviation = (spots.iter().map(|v| v * v).sum::<f32>() / spots.len() as f32).sqrt();
            let amplitude = 2.5 * 2.0_f32.powf(0.7 * octave as f32) / deviation;
            for (level, spot) in levels.iter_mut().zip(spots) {
                *level += amplitude * spot;
            }
        }
        levels
    }

    /// A frame of these levels at this contrast about the middle level, with noise of `sigma` grey
    /// levels.
    fn frame(levels: &[f32], contrast: f32, sigma: f32) -> RgbFrame {
        let mut state = 9_u64;
        let mut normal = move || {
            let mut sum = 0.0;
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                sum += (state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5;
            }
            sum
        };
        let level = |v: &f32| (120.0 + contrast * v + sigma * normal()).round();
        let pixels = levels.iter().map(level);
        RgbFrame {
            width: FRAME as u32,
            height: FRAME as u32,
            pixels: pixels
                .flat_map(|v| [v.clamp(0.0, 255.0) as u8; 3])
                .collect(),
        }
    }

    #[test]
    fn a_blur_takes_detail_as_shrinking_does() {
        let (detail, sharp) = (Detail::new(), sharp());
        let all = detail.of(&frame(&sharp, 0.6, 0.0), FACE);
        assert!(all > 65.0, "{all}");
        let mut before = all;
        for sigma in [1.0, 1.5, 2.0, 3.0, 4.0, 6.0] {
            let seen = detail.of(&frame(&blurred(&sharp, FRAME, sigma), 0.6, 0.0), FACE);
            let wanted = 128.0 / (1.0 + (BLUR_PIXELS * sigma).powi(2)).sqrt();
            assert!(
                seen < before && (seen / wanted - 1.0).abs() < 0.35,
                "{sigma}: {seen}"
            );
            before = seen;
        }
    }

    #[test]
    fn noise_and_contrast_change_it_little() {
        let (detail, sharp) = (Detail::new(), sharp());
        for sigma in [1.0, 2.0, 4.0] {
            let soft = blurred(&sharp, FRAME, sigma);
            let plain = detail.of(&frame(&soft, 0.6, 0.0), FACE);
            for (contrast, noise) in [(0.4, 0.0), (0.8, 0.0), (0.6, 4.0), (0.6, 8.0)] {
                let seen = detail.of(&frame(&soft, contrast, noise), FACE);
                let times = seen / plain;
                assert!(
                    (0.75..1.3).contains(&times),
                    "{sigma} {contrast} {noise}: {times}"
                );
            }
        }
    }

    /// The levels as JPEG's coarse steps leave them: the mean of each block of 8 by 8 in whole steps, and half of the
    /// rest.
    fn in_blocks(levels: &[f32], step: f32) -> Vec<f32> {
        let mut all = levels.to_vec();
        for (top, left) in (0..FRAME / 8).flat_map(|y| (0..FRAME / 8).map(move |x| (8 * y, 8 * x)))
        {
            let block = || (0..64).map(|i| (top + i / 8) * FRAME + left + i % 8);
            let mean = block().map(|i| levels[i]).sum::<f32>() / 64.0;
            for i in block() {
                all[i] = (mean / step).round() * step + 0.5 * (levels[i] - mean);
            }
        }
        all
    }

    #[test]
    fn the_edges_of_blocks_are_no_detail() {
        let (detail, sharp) = (Detail::new(), sharp());
        for sigma in [6.0, 8.0, 10.0] {
            let soft = blurred(&sharp, FRAME, sigma);
            for step in [1.0, 2.0, 4.0, 8.0] {
                for noise in [0.0, 1.0] {
                    let seen = detail.of(&frame(&in_blocks(&soft, step), 1.0, noise), FACE);
                    assert!(seen < 16.0, "{sigma} {step} {noise}: {seen}");
                }
            }
        }
    }

    #[test]
    fn it_is_at_most_the_width_and_nothing_where_there_is_no_face() {
        let (detail, frame) = (Detail::new(), frame(&sharp(), 0.6, 8.0));
        for width in [20.0, 50.5, 90.0, 128.0, 180.0] {
            let seen = detail.of(&frame, Bounds { width, ..FACE });
            assert!(seen > 0.0 && seen <= width, "{width}: {seen}");
        }
        for width in [-5.0, 0.0, 19.0, f32::NAN] {
            assert!(detail.of(&frame, Bounds { width, ..FACE }).abs() < f32::EPSILON);
        }
        for x in [-1e9, 1e9, f32::NAN] {
            assert!(detail.of(&frame, Bounds { x, ..FACE }).is_finite());
        }
    }
}
