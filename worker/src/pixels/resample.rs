//! Separable resampling: the source pixels of each output pixel, and their weights.

use livegate_models::Resample;

/// Sharpness of OpenCV's cubic interpolation (`A` in its `interpolateCubic`).
const CUBIC: f64 = -0.75;

/// The taps of every output pixel along one axis of a frame.
pub struct Axis {
    taps: Vec<Tap>,
    /// For each output pixel, the end of its taps in `taps`.
    ends: Vec<usize>,
}

/// A source pixel and its weight in an output pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tap {
    /// Column or row in the frame, pixels.
    pub source: usize,
    /// The weights of one output pixel sum to 1. Those of cubic interpolation may be negative.
    pub weight: f32,
}

impl Axis {
    /// Taps of `size` output pixels that cover `length` source pixels from `first` on.
    ///
    /// Pixel centres are those of OpenCV's `resize`. Positions outside `0..limit` are reflected.
    /// `length` and `limit` are at least 1.
    pub fn new(method: Resample, size: u32, first: i64, length: u32, limit: u32) -> Self {
        let scale = f64::from(length) / f64::from(size);
        let mut axis = Self {
            taps: Vec::new(),
            ends: Vec::with_capacity(size as usize),
        };
        for i in 0..size {
            let mut add = |offset: i64, weight: f64| {
                let inside = offset.clamp(0, i64::from(length) - 1);
                #[expect(clippy::cast_possible_truncation, reason = "weights are small numbers")]
                axis.taps.push(Tap {
                    source: reflect(first + inside, limit),
                    weight: weight as f32,
                });
            };
            match method {
                Resample::Area if scale >= 1.0 => covered(f64::from(i) * scale, scale, &mut add),
                Resample::Area => cubic((f64::from(i) + 0.5) * scale - 0.5, &mut add),
                Resample::Linear => linear((f64::from(i) + 0.5) * scale - 0.5, &mut add),
            }
            axis.ends.push(axis.taps.len());
        }
        axis
    }

    /// The taps of each output pixel, in order.
    pub fn outputs(&self) -> impl Iterator<Item = &[Tap]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.taps.get(*start..*end).unwrap_or_default())
    }

    /// The first and the last source pixel that any tap uses.
    pub fn span(&self) -> (usize, usize) {
        let sources = || self.taps.iter().map(|tap| tap.source);
        (sources().min().unwrap_or(0), sources().max().unwrap_or(0))
    }
}

/// Reflects a position into `0..limit`, as often as needed. The first and the last pixel are not
/// repeated (OpenCV's `BORDER_REFLECT_101`).
fn reflect(at: i64, limit: u32) -> usize {
    let last = i64::from(limit) - 1;
    if last <= 0 {
        return 0;
    }
    let around = at.rem_euclid(2 * last);
    usize::try_from(around.min(2 * last - around)).unwrap_or(0)
}

/// Calls `add` with each pixel that the stretch of `length` from `from` on covers, and its share of the
/// stretch.
fn covered(from: f64, length: f64, add: &mut impl FnMut(i64, f64)) {
    let to = from + length;
    let mut at = from.floor();
    while at < to {
        let share = ((at + 1.0).min(to) - at.max(from)) / length;
        // Smaller shares are rounding errors, and would cost a whole row.
        if share > 1e-9 {
            add(whole(at), share);
        }
        at += 1.0;
    }
}

fn linear(at: f64, add: &mut impl FnMut(i64, f64)) {
    let low = at.floor();
    let share = at - low;
    add(whole(low), 1.0 - share);
    add(whole(low) + 1, share);
}

/// Weights of cubic convolution. Keys, "Cubic convolution interpolation for digital image processing",
/// IEEE TASSP 29(6), 1981.
fn cubic(at: f64, add: &mut impl FnMut(i64, f64)) {
    let low = at.floor();
    for offset in -1..=2 {
        let distance = (at - low - f64::from(offset)).abs();
        let weight = if distance <= 1.0 {
            ((CUBIC + 2.0) * distance - (CUBIC + 3.0)) * distance * distance + 1.0
        } else {
            ((CUBIC * distance - 5.0 * CUBIC) * distance + 8.0 * CUBIC) * distance - 4.0 * CUBIC
        };
        add(whole(low) + i64::from(offset), weight);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "places in a crop, a few times the side of a frame"
)]
fn whole(at: f64) -> i64 {
    at as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const METHODS: [Resample; 2] = [Resample::Linear, Resample::Area];

    #[test]
    fn reflection_does_not_repeat_the_edge() {
        let found: Vec<_> = (-5..9).map(|at| reflect(at, 4)).collect();
        assert_eq!(found, [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!([-3, 0, 7].map(|at| reflect(at, 1)), [0, 0, 0]);
    }

    #[test]
    fn a_stretch_of_the_outputs_own_size_is_copied() {
        for method in METHODS {
            let axis = Axis::new(method, 5, 3, 5, 100);
            for (i, taps) in axis.outputs().enumerate() {
                let kept: Vec<_> = taps.iter().filter(|t| t.weight.abs() > 1e-6).collect();
                assert!(
                    matches!(kept.as_slice(), [tap] if tap.source == 3 + i),
                    "{method:?} {taps:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn reflected_places_stay_inside_and_keep_those_that_are(at in -100_000_i64..100_000, limit in 1_u32..5000) {
            let found = reflect(at, limit);
            prop_assert!(found < limit as usize);
            if (0..i64::from(limit)).contains(&at) {
                prop_assert_eq!(found, at as usize);
            }
            // Reflection keeps neighbours next to each other.
            prop_assert!(reflect(at + 1, limit).abs_diff(found) == usize::from(limit > 1));
        }

        #[test]
        fn shares_of_an_output_pixel_add_up_to_one(
            area in any::<bool>(), size in 1_u32..200, first in -900_i64..900, length in 1_u32..2000, limit in 1_u32..900,
        ) {
            let axis = Axis::new(METHODS[usize::from(area)], size, first, length, limit);
            prop_assert_eq!(axis.outputs().count(), size as usize);
            for taps in axis.outputs() {
                let sum: f32 = taps.iter().map(|t| t.weight).sum();
                prop_assert!((sum - 1.0).abs() < 1e-4, "{sum}");
                prop_assert!(taps.iter().all(|t| t.source < limit as usize));
            }
            let (low, high) = axis.span();
            prop_assert!(low <= high && high < limit as usize);
        }

        #[test]
        fn shrinking_by_area_uses_every_pixel_alike(size in 1_u32..200, more in 0_u32..1500) {
            let length = size + more;
            let axis = Axis::new(Resample::Area, size, 0, length, length);
            let mut used = vec![0.0; length as usize];
            axis.outputs().flatten().for_each(|tap| used[tap.source] += tap.weight);
            let each = size as f32 / length as f32;
            prop_assert!(used.iter().all(|sum| (sum - each).abs() < 1e-4), "{used:?}");
        }
    }
}
