//! Lays two sketches over each other, to a fraction of a pixel.
//!
//! Method: Gauss-Newton steps of an affine transform by inverse composition. Gradients and normal matrix
//! are those of the first sketch and are computed once. Source: Baker and Matthews, "Lucas-Kanade 20 Years
//! On: A Unifying Framework", IJCV 56(3), 2004, sections 3.2 and, for gain and bias, 5.

use super::SIDE;
use super::shift::{self, Shift};
use crate::linear::{cholesky, solve};

/// Largest number of steps.
const STEPS: usize = 8;
/// Iteration ends with a step that moves every point by less than this, pixels.
const SMALL: f32 = 1e-3;
/// Least share of the compared points that must lie within the second sketch, 0 to 1.
const LEAST_INSIDE: f32 = 0.7;
/// Padding of a sketch for the interpolation, pixels.
const PAD: usize = 2;
const PADDED: usize = SIDE + 2 * PAD;
/// Number of parameters of an affine transform.
const N: usize = 6;

/// Correlation of two sketches at the affine transform that fits best, -1 to 1.
///
/// It is the highest correlation found in the steps that begin at the shift `from`.
pub fn correlation(a: &[i8], b: &[i8], from: Shift) -> f32 {
    let mut best = from.correlation;
    let Some(template) = Template::new(a) else {
        return best;
    };
    let picture = Padded::new(b);
    let mut warp = Warp::shift(from);
    for step in 0..=STEPS {
        let Some(seen) = template.compare(&picture, warp) else {
            break;
        };
        best = best.max(seen.correlation);
        let Some(next) = warp.after(seen.step).filter(|_| step < STEPS) else {
            break;
        };
        if next.moves(warp) < SMALL {
            break;
        }
        warp = next;
    }
    best
}

/// An affine transform of places relative to the middle, pixels.
///
/// (x, y) goes to (p0 + p1 x + p2 y, p3 + p4 x + p5 y).
#[derive(Clone, Copy)]
struct Warp([f32; N]);

impl Warp {
    #[expect(clippy::cast_precision_loss, reason = "a few pixels")]
    fn shift(by: Shift) -> Self {
        Self([by.x as f32, 1.0, 0.0, by.y as f32, 0.0, 1.0])
    }

    /// This transform after the inverse of the small transform (1 + step). `None` if that has no inverse.
    fn after(self, step: [f32; N]) -> Option<Self> {
        let [s0, s1, s2, s3, s4, s5] = step;
        let (a, b, c, d) = (1.0 + s1, s2, s4, 1.0 + s5);
        let det = a * d - b * c;
        if !(det > 0.5 && det < 2.0) {
            return None;
        }
        // The inverse: (i1 i2, i4 i5), and the shift that undoes (s0, s3).
        let (i1, i2, i4, i5) = (d / det, -b / det, -c / det, a / det);
        let (i0, i3) = (-(i1 * s0 + i2 * s3), -(i4 * s0 + i5 * s3));
        let [p0, p1, p2, p3, p4, p5] = self.0;
        let next = [
            p0 + p1 * i0 + p2 * i3,
            p1 * i1 + p2 * i4,
            p1 * i2 + p2 * i5,
            p3 + p4 * i0 + p5 * i3,
            p4 * i1 + p5 * i4,
            p4 * i2 + p5 * i5,
        ];
        next.iter().all(|p| p.is_finite()).then_some(Self(next))
    }

    /// Largest distance between the images of a point at the rim under two transforms, pixels.
    fn moves(self, other: Self) -> f32 {
        let by = |k: usize| (self.0[k] - other.0[k]).abs();
        let rim = SIDE as f32 / 2.0;
        (by(0) + rim * (by(1) + by(2))).max(by(3) + rim * (by(4) + by(5)))
    }
}

/// A compared place of the first sketch.
struct Place {
    x: f32,
    y: f32,
    /// The value minus the mean of all values.
    value: f32,
    /// Change of the value with each parameter, minus the part that a change of gain and bias explains.
    change: [f32; N],
}

/// The first sketch, prepared for comparison.
struct Template {
    places: Vec<Place>,
    /// Cholesky factor of the normal matrix.
    factor: [[f32; N]; N],
}

/// Result of a comparison.
struct Comparison {
    correlation: f32,
    step: [f32; N],
}

impl Template {
    /// `None` if the sketch is flat, or changes in one direction only.
    #[expect(clippy::cast_precision_loss, reason = "at most the number of places")]
    fn new(a: &[i8]) -> Option<Self> {
        let middle = (SIDE as f32 - 1.0) / 2.0;
        let at = |x: usize, y: usize| a.get(y * SIDE + x).map_or(0.0, |v| f32::from(*v));
        let all = (1..SIDE - 1).flat_map(|y| shift::columns(y).map(move |x| (x, y)));
        let mut places: Vec<Place> = all
            .map(|(column, row)| {
                let gx = (at(column + 1, row) - at(column - 1, row)) / 2.0;
                let gy = (at(column, row + 1) - at(column, row - 1)) / 2.0;
                let (x, y) = (column as f32 - middle, row as f32 - middle);
                Place {
                    x,
                    y,
                    value: at(column, row),
                    change: [gx, gx * x, gx * y, gy, gy * x, gy * y],
                }
            })
            .collect();
        let n = places.len() as f32;
        let mean = |of: &dyn Fn(&Place) -> f32| places.iter().map(of).sum::<f32>() / n;
        let level = mean(&|p| p.value);
        let changes: [f32; N] = std::array::from_fn(|k| mean(&|p| p.change[k]));
        for p in &mut places {
            p.value -= level;
            for (change, mean) in p.change.iter_mut().zip(changes) {
                *change -= mean;
            }
        }
        let energy: f32 = places.iter().map(|p| p.value * p.value).sum();
        if energy <= 0.0 {
            return None;
        }
        let gains: [f32; N] = std::array::from_fn(|k| {
            places.iter().map(|p| p.value * p.change[k]).sum::<f32>() / energy
        });
        let mut normal = [[0.0; N]; N];
        for p in &mut places {
            for (change, gain) in p.change.iter_mut().zip(gains) {
                *change -= gain * p.value;
            }
            for (row, one) in normal.iter_mut().zip(p.change) {
                for (cell, other) in row.iter_mut().zip(p.change) {
                    *cell += one * other;
                }
            }
        }
        Some(Self {
            places,
            factor: cholesky(normal)?,
        })
    }

    /// Compares the sketch with the picture under a transform. `None` if too little of it lies inside the
    /// picture, or if nothing agrees.
    #[expect(clippy::cast_precision_loss, reason = "at most the number of places")]
    fn compare(&self, picture: &Padded, warp: Warp) -> Option<Comparison> {
        let [p0, p1, p2, p3, p4, p5] = warp.0;
        let mut seen = Vec::with_capacity(self.places.len());
        let (mut n, mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for p in &self.places {
            let value = picture.at(p0 + p1 * p.x + p2 * p.y, p3 + p4 * p.x + p5 * p.y);
            if let Some(v) = value {
                n += 1.0;
                a += p.value;
                b += v;
                aa += p.value * p.value;
                bb += v * v;
                ab += p.value * v;
            }
            seen.push(value);
        }
        if n < LEAST_INSIDE * self.places.len() as f32 {
            return None;
        }
        let (mean_a, mean_b) = (a / n, b / n);
        let (aa, bb, ab) = (aa - a * mean_a, bb - b * mean_b, ab - a * mean_b);
        let norm = (aa * bb).sqrt();
        let gain = ab / aa;
        if !(norm > 0.0 && gain > 0.0) {
            return None;
        }
        // Places outside the picture add nothing: there the second sketch is assumed to be as the first
        // predicts.
        let bias = mean_b - gain * mean_a;
        let mut right = [0.0; N];
        for (p, value) in self.places.iter().zip(seen) {
            if let Some(v) = value {
                let residual = v - bias - gain * p.value;
                for (sum, change) in right.iter_mut().zip(p.change) {
                    *sum += change * residual;
                }
            }
        }
        let step = solve(&self.factor, right).map(|s| s / gain);
        Some(Comparison {
            correlation: ab / norm,
            step,
        })
    }
}

/// The second sketch, with its edges repeated outwards.
struct Padded(Vec<f32>);

impl Padded {
    fn new(b: &[i8]) -> Self {
        let inner = |i: usize| i.saturating_sub(PAD).min(SIDE - 1);
        let all = (0..PADDED).flat_map(|y| (0..PADDED).map(move |x| inner(y) * SIDE + inner(x)));
        Self(
            all.map(|i| b.get(i).map_or(0.0, |v| f32::from(*v)))
                .collect(),
        )
    }

    /// The value at a place relative to the middle, by cubic convolution; `None` outside.
    ///
    /// Linear interpolation would blur, and lower the correlation of copies that were moved by half a
    /// pixel. Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP
    /// 29(6), 1981.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "compared with the sides before it is cast"
    )]
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        let middle = (SIDE as f32 - 1.0) / 2.0;
        if !(x.abs() <= middle && y.abs() <= middle) {
            return None;
        }
        let (x, y) = (x + middle, y + middle);
        let (column, row) = (x as u32 as usize, y as u32 as usize);
        let (across, down) = (cubic(x - column as f32), cubic(y - row as f32));
        // The cell to the left of and above the place, in the padded picture.
        let first = (row + PAD - 1) * PADDED + column + PAD - 1;
        let block = self.0.get(first..first + 3 * PADDED + 4)?;
        let mut value = 0.0;
        for (k, weight) in down.into_iter().enumerate() {
            let line = &block[k * PADDED..k * PADDED + 4];
            let sum: f32 = line.iter().zip(across).map(|(v, w)| v * w).sum();
            value += weight * sum;
        }
        Some(value)
    }
}

/// Weights of the four neighbours of a place that lies `t` beyond the second of them, 0 to 1.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (2.0 * t2 - t - t3),
        1.0 - 2.5 * t2 + 1.5 * t3,
        0.5 * (t + 4.0 * t2 - 3.0 * t3),
        0.5 * (t3 - t2),
    ]
}
