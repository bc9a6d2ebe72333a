//! Periodic structure in the picture of a face: the subpixels of a screen, the halftone of a print, or
//! the moire between one of them and the camera's own raster.
//!
//! The spectra of skin, hair and cloth fall smoothly. A raster is a line in the spectrum, of the same
//! frequency all over the face. So the periodograms of patches are averaged (Welch, "The use of fast
//! Fourier transform for the estimation of power spectra", IEEE Trans. Audio Electroacoust. 15(2),
//! 1967), which evens out everything that is not the same all over. The highest peak is then compared
//! with its surroundings. Fisher's test compares it with the whole spectrum (Fisher, "Tests of
//! significance in harmonic analysis", Proc. R. Soc. A 125, 1929), but the spectrum of a picture is not
//! flat.
//!
//! It detects rasters of 2 to 10 pixels of the frame that reaches the worker. A fine screen far away is
//! a smooth surface to the camera: a low value does not show that there is no screen.

use std::array;
use std::f32::consts::TAU;
use std::sync::Arc;

use livegate_liveness::measurement::Bounds;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::spectrum::{self, BINS, SIDE};
use crate::pixels::luma::levels;
use livegate_media::RgbFrame;

/// Patches along each side of the face. They overlap on a small face.
const PATCHES: usize = 3;
/// Share of the bounds that is surely face, along each side: without hats, collars and walls.
const INNER: f32 = 0.8;
/// Fewest pixels of the face: the area of two patches. On a smaller face patches overlap more and
/// average out less: with 1.5 patches bona fide faces reach 2.2, with 2 and more at most 1.9.
const LEAST_AREA: usize = 2 * BINS;
/// Power of a bin that rounding to whole grey levels alone causes: the variance of rounding, 1/12, times
/// the window's power, (3/8 of a side) squared.
///
/// A patch with no more than this carries no information.
const ROUNDING: f32 = (0.375 * SIDE as f32) * (0.375 * SIDE as f32) / 12.0;
/// Added to every bin, in mean powers of a bin. Where upscaling left nearly no power in a part of the
/// spectrum, the traces of JPEG's blocks would otherwise stand out there.
const FLOOR: f32 = 0.1;

/// Measures periodicity.
pub struct Periodicity {
    transform: Arc<dyn Fft<f32>>,
    /// Hann's window along one side.
    window: [f32; SIDE],
}

impl Periodicity {
    /// Plans the transform, which later calls reuse.
    pub fn new() -> Self {
        #[expect(clippy::cast_precision_loss, reason = "less than 64")]
        let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f32 / (SIDE - 1) as f32).cos();
        Self {
            transform: FftPlanner::new().plan_fft_forward(SIDE),
            window: array::from_fn(hann),
        }
    }

    /// How far the highest peak of the face's spectrum stands out of its surroundings: natural logarithm
    /// of the ratio of powers, not negative; `None` when the face is too small.
    pub fn of(&self, frame: &RgbFrame, face: Bounds) -> Option<f32> {
        let columns = inner(face.x, face.width, frame.width);
        let rows = inner(face.y, face.height, frame.height);
        let (width, height) = (columns.1 - columns.0, rows.1 - rows.0);
        if width.min(height) < SIDE || width * height < LEAST_AREA {
            return None;
        }
        let place =
            |i: usize, (from, to): (usize, usize)| from + i * (to - from - SIDE) / (PATCHES - 1);
        let mut mean = vec![FLOOR; BINS];
        let mut work = Work::new(self.transform.get_inplace_scratch_len());
        for (row, column) in (0..PATCHES).flat_map(|r| (0..PATCHES).map(move |c| (r, c))) {
            self.transform(frame, place(column, columns), place(row, rows), &mut work);
            add_periodogram(&work.bins, &mut mean);
        }
        Some(spectrum::highest_peak(&mean))
    }

    /// Writes the spectrum of the patch with this top left corner into `work.bins`, with x and y
    /// exchanged. The exchange makes no difference to the later steps.
    fn transform(&self, frame: &RgbFrame, left: usize, top: usize, work: &mut Work) {
        let Work {
            bins,
            turned,
            scratch,
        } = work;
        for (y, row) in bins.chunks_exact_mut(SIDE).enumerate() {
            let levels = levels(frame, left, top + y, SIDE);
            for (bin, level) in row.iter_mut().zip(levels) {
                *bin = Complex::from(level);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "4096")]
        let mean = bins.iter().map(|b| b.re).sum::<f32>() / BINS as f32;
        for (row, down) in bins.chunks_exact_mut(SIDE).zip(self.window) {
            for (bin, across) in row.iter_mut().zip(self.window) {
                bin.re = (bin.re - mean) * down * across;
            }
        }
        self.transform.process_with_scratch(bins, scratch);
        for (i, bin) in turned.iter_mut().enumerate() {
            *bin = bins[i % SIDE * SIDE + i / SIDE];
        }
        self.transform.process_with_scratch(turned, scratch);
        std::mem::swap(bins, turned);
    }
}

/// Buffers for the transform of one patch.
struct Work {
    bins: Vec<Complex<f32>>,
    turned: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Work {
    fn new(scratch: usize) -> Self {
        let zeros = |n| vec![Complex::default(); n];
        Self {
            bins: zeros(BINS),
            turned: zeros(BINS),
            scratch: zeros(scratch),
        }
    }
}

/// First pixel of the inner part of a side of the bounds, and the one after the last, in frame pixels.
fn inner(from: f32, length: f32, frame: u32) -> (usize, usize) {
    let margin = (1.0 - INNER) / 2.0 * length;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a side of the frame, which is at most 4096"
    )]
    let pixel = |at: f32| at.round().clamp(0.0, frame as f32) as usize;
    (pixel(from + margin), pixel(from + length - margin))
}

/// Adds a patch to the mean of all patches, as powers over their mean in the band. Without that scaling
/// a patch with an eye, which has a hundred times the power of a cheek, would dominate.
fn add_periodogram(bins: &[Complex<f32>], mean: &mut [f32]) {
    let (mut power, mut n) = (0.0, 0.0);
    for at in spectrum::band() {
        power += bins[at].norm_sqr();
        n += 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "9")]
    let scale = 1.0 / ((power / n + ROUNDING) * (PATCHES * PATCHES) as f32);
    for (sum, bin) in mean.iter_mut().zip(bins) {
        *sum += bin.norm_sqr() * scale;
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;

    use proptest::prelude::*;

    use super::super::drawn;
    use super::*;

    const FACE: Bounds = Bounds {
        x: 40.0,
        y: 30.0,
        width: 200.0,
        height: 240.0,
    };

    fn measured(level: impl Fn(f32, f32) -> f32) -> f32 {
        let frame = drawn::frame(280, 300, level);
        Periodicity::new().of(&frame, FACE).unwrap()
    }

    /// Shading, and a few features.
    fn skin(x: f32, y: f32) -> f32 {
        let eye = if (x - 100.0).hypot(y - 110.0) < 12.0 {
            -60.0
        } else {
            0.0
        };
        140.0 + 40.0 * (x / 45.0).sin() * (y / 60.0).cos() + eye
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_raster_is_a_peak_whatever_its_period_and_direction(
            period in 2.5_f32..8.0, angle in 0.25_f32..PI / 2.0 - 0.25, side in prop::bool::ANY,
        ) {
            let (across, down) = (angle.cos(), if side { angle.sin() } else { -angle.sin() });
            let lines = |x: f32, y: f32| 2.0 * (TAU * (across * x + down * y) / period).sin();
            let peak = measured(|x, y| skin(x, y) + lines(x, y));
            prop_assert!(peak > 3.5, "{peak}");
        }
    }

    #[test]
    fn skin_has_no_peak() {
        let peak = measured(skin);
        assert!(peak < 2.0, "{peak}");
    }

    #[test]
    fn straight_edges_and_the_grid_of_a_codec_are_no_peaks() {
        // Each block is randomly a little lighter or darker.
        let blocks = |x: f32, y: f32| {
            let (column, row) = (x as u32 / 8, y as u32 / 8);
            let mixed = (column.wrapping_mul(0x9E37_79B1) ^ row.wrapping_mul(0x85EB_CA77)) >> 8;
            (mixed.wrapping_mul(0x2C1B_3C6D) >> 24) as f32 / 64.0
        };
        let edges = |x: f32, y: f32| {
            if (x < 120.0) == (y < 140.0) {
                30.0
            } else {
                0.0
            }
        };
        for peak in [
            measured(|x, y| skin(x, y) + blocks(x, y)),
            measured(|x, y| skin(x, y) + edges(x, y)),
        ] {
            assert!(peak < 2.0, "{peak}");
        }
    }

    #[test]
    fn a_raster_on_the_wall_behind_says_nothing() {
        let wall = |x: f32, y: f32| {
            let is_wall = x < FACE.x || y < FACE.y;
            if is_wall {
                10.0 * (x + 1.3 * y).sin()
            } else {
                0.0
            }
        };
        let peak = measured(|x, y| skin(x, y) + wall(x, y));
        assert!(peak < 2.0, "{peak}");
    }

    #[test]
    fn a_flat_face_has_no_peak() {
        let frame = RgbFrame {
            width: 280,
            height: 300,
            pixels: vec![255; 280 * 300 * 3],
        };
        assert_eq!(Periodicity::new().of(&frame, FACE), Some(0.0));
    }

    #[test]
    fn a_face_of_few_pixels_in_the_frame_says_nothing() {
        let frame = drawn::frame(280, 300, skin);
        let face = |x, width, height| Bounds {
            x,
            y: 30.0,
            width,
            height,
        };
        let measured = |face| Periodicity::new().of(&frame, face);
        assert_eq!(measured(face(40.0, 79.0, 240.0)), None);
        assert_eq!(measured(face(40.0, 90.0, 90.0)), None);
        assert_eq!(measured(face(-160.0, 200.0, 240.0)), None);
        assert!(measured(face(-40.0, 200.0, 240.0)).is_some());
    }
}
