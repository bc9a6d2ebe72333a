//! The shift by whole pixels at which two sketches agree best.

use std::ops::Range;

use super::SIDE;

/// Largest shift tried, pixels.
///
/// The landmarks of a copy that was moved, turned or scaled a little lie within this distance.
const MOST: isize = 5;
/// Correlation at the best shift below which two sketches show different pictures.
///
/// Copies have 0.75 or more here, however they were turned and scaled; see `same_picture`.
pub const LEAST: f32 = 0.6;
/// Radius of the compared disc, as a share of half a side. Beyond it there is background.
pub const REGION: f32 = 0.85;

/// A shift, and the correlation at it.
#[derive(Clone, Copy, Debug)]
pub struct Shift {
    /// Columns to the right in the second sketch, pixels.
    pub x: isize,
    /// Rows down in the second sketch, pixels.
    pub y: isize,
    /// Correlation of the two sketches at this shift, -1 to 1.
    pub correlation: f32,
}

/// The best shift of `b` against the middle of `a`; `None` if one of them is flat.
///
/// Every second shift is tried, then those around the best of them. Sketches are smooth enough for this.
pub fn best(a: &[i8], b: &[i8]) -> Option<Shift> {
    let (a, b) = (wide(a), wide(b));
    let coarse = (-MOST..=MOST).skip(1).step_by(2);
    let grid = coarse
        .clone()
        .flat_map(|y| coarse.clone().map(move |x| (x, y)));
    let near = highest(&a, &b, grid)?;
    let around = (-1..=1).flat_map(|y| (-1..=1).map(move |x| (x, y)));
    highest(&a, &b, around.map(|(x, y)| (near.x + x, near.y + y)))
}

fn highest(a: &[i16], b: &[i16], shifts: impl Iterator<Item = (isize, isize)>) -> Option<Shift> {
    shifts
        .filter_map(|(x, y)| correlation(a, b, x, y).map(|correlation| Shift { x, y, correlation }))
        .max_by(|one, other| one.correlation.total_cmp(&other.correlation))
}

/// The values as 16-bit numbers, which the processor multiplies fastest.
fn wide(values: &[i8]) -> Vec<i16> {
    values.iter().copied().map(i16::from).collect()
}

/// Columns of the compared disc in a row, both from 0.
pub fn columns(row: usize) -> Range<usize> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the side"
    )]
    {
        let middle = (SIDE as f32 - 1.0) / 2.0;
        let radius = REGION * SIDE as f32 / 2.0;
        let half = (radius * radius - (row as f32 - middle).powi(2))
            .max(0.0)
            .sqrt();
        if half > 0.0 {
            (middle - half).ceil() as usize..(middle + half).floor() as usize + 1
        } else {
            0..0
        }
    }
}

/// Correlation of the disc of `a` with the part of `b` that lies `x` to the right and `y` down, as far as
/// it is within `b`.
///
/// Source: Lewis, "Fast Normalized Cross-Correlation", 1995, equation 2.
fn correlation(a: &[i16], b: &[i16], x: isize, y: isize) -> Option<f32> {
    let mut sums = Sums::default();
    for row in 0..SIDE {
        let (span, Some(other)) = (columns(row), row.checked_add_signed(y)) else {
            continue;
        };
        let from = span.start.max(usize::try_from(-x).unwrap_or(0));
        let to = span.end.min(SIDE.saturating_add_signed(-x));
        if from >= to || other >= SIDE {
            continue;
        }
        let shifted = (other * SIDE + from).saturating_add_signed(x);
        let (Some(a), Some(b)) = (
            a.get(row * SIDE + from..row * SIDE + to),
            b.get(shifted..shifted + to - from),
        ) else {
            continue;
        };
        sums.add(a, b);
    }
    sums.correlation()
}

/// Sums over pairs of values, as integers.
#[derive(Default)]
struct Sums {
    n: i32,
    a: i32,
    b: i32,
    aa: i32,
    bb: i32,
    ab: i32,
}

impl Sums {
    fn add(&mut self, a: &[i16], b: &[i16]) {
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (i32::from(*a), i32::from(*b));
            self.n += 1;
            self.a += a;
            self.b += b;
            self.aa += a * a;
            self.bb += b * b;
            self.ab += a * b;
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "sums of 1,600 products of bytes, exact in an f64"
    )]
    fn correlation(&self) -> Option<f32> {
        let (n, a, b) = (f64::from(self.n), f64::from(self.a), f64::from(self.b));
        let spread = |squares: i32, sum: f64| n * f64::from(squares) - sum * sum;
        let norm = (spread(self.aa, a) * spread(self.bb, b)).sqrt();
        (norm > 0.0).then(|| ((n * f64::from(self.ab) - a * b) / norm) as f32)
    }
}
