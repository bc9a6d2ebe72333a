//! Thumbnails of a face: a few grey cells at their place in the frame, to find mixtures of two pictures.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::linear::{cholesky, solve};

/// Number of cells along a frame's longer side.
pub const LONG_SIDE: u8 = 64;
/// Side of the part around the face that is kept, as a multiple of the face's size.
pub const FACES: f32 = 1.2;

/// Least width and height, in cells, of the area that three thumbnails have in common.
const LEAST_SIDE: usize = 8;
/// Least share of the middle thumbnail's cells in the common area, 0 to 1.
const LEAST_COMMON: f32 = 0.5;
/// Least share of each of the two pictures in a mixture. A smaller one may be the other picture alone,
/// moved.
const LEAST_SHARE: f32 = 0.2;
/// Unknowns of a mixture: for each of two pictures its share, its shift sideways and down, its scale and
/// its turn.
const N: usize = 10;

/// Grey levels of the cells around a face, row by row.
///
/// A thumbnail stays at its place in the frame; a [`super::sketch::Sketch`] follows the face. In a
/// cross-fade each of the two pictures keeps its place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Cells", into = "Cells")]
pub struct Thumbnail(Cells);

/// The cells of a thumbnail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Width and height of the whole frame, cells.
    pub frame: [u8; 2],
    /// First column of the cells, from 0.
    pub left: u8,
    /// First row of the cells, from 0.
    pub top: u8,
    /// Number of columns.
    pub width: u8,
    /// Grey levels, 0 to 255, row by row.
    pub levels: Vec<u8>,
}

/// Prints the size only: a thumbnail is a small picture of a face.
impl fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbnail({})", self.0.levels.len())
    }
}

/// The cells do not form a rectangle within their frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRectangle;

impl fmt::Display for NoRectangle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cells of a thumbnail do not form a rectangle within its frame")
    }
}

impl std::error::Error for NoRectangle {}

impl TryFrom<Cells> for Thumbnail {
    type Error = NoRectangle;

    fn try_from(cells: Cells) -> Result<Self, NoRectangle> {
        let width = usize::from(cells.width);
        let rows = cells.levels.len().checked_div(width).ok_or(NoRectangle)?;
        let [frame_width, frame_height] = cells.frame.map(usize::from);
        let fits = usize::from(cells.left) + width <= frame_width
            && usize::from(cells.top) + rows <= frame_height
            && rows * width == cells.levels.len();
        fits.then_some(Self(cells)).ok_or(NoRectangle)
    }
}

impl From<Thumbnail> for Cells {
    fn from(thumbnail: Thumbnail) -> Self {
        thumbnail.0
    }
}

impl Thumbnail {
    /// Share of `middle` that a mixture of `before` and `after` does not explain, 0 (a mixture) to 1
    /// (nothing in common).
    ///
    /// It is the standard deviation of the rest divided by that of `middle`. In the mixture each of the two
    /// may be shifted by a fraction of a cell, a little larger, or turned a little. `None` if the three
    /// have too little area in common, or if one of the two has a very small share.
    pub fn left_over(before: &Self, middle: &Self, after: &Self) -> Option<f32> {
        let common = Common::of([before, middle, after])?;
        let mut rows: Vec<([f32; N], f32)> = common
            .inner()
            .map(|(x, y)| {
                let (right, low) = common.relative(x, y);
                let change = |t: &Self| {
                    let across = (t.at(x + 1, y) - t.at(x - 1, y)) / 2.0;
                    let down = (t.at(x, y + 1) - t.at(x, y - 1)) / 2.0;
                    let (larger, turned) =
                        (right * across + low * down, right * down - low * across);
                    [t.at(x, y), across, down, larger, turned]
                };
                let two = [change(before), change(after)];
                (
                    two.as_flattened().try_into().unwrap_or([0.0; N]),
                    middle.at(x, y),
                )
            })
            .collect();
        // The means are removed, so that a change of light needs no unknown.
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let n = rows.len() as f32;
        let means: [f32; N] = std::array::from_fn(|k| rows.iter().map(|r| r.0[k]).sum::<f32>() / n);
        let mean = rows.iter().map(|r| r.1).sum::<f32>() / n;
        for (row, value) in &mut rows {
            row.iter_mut().zip(means).for_each(|(v, m)| *v -= m);
            *value -= mean;
        }
        let (mut normal, mut right) = ([[0.0; N]; N], [0.0; N]);
        for (row, value) in &rows {
            for ((line, sum), one) in normal.iter_mut().zip(&mut right).zip(row) {
                *sum += one * value;
                line.iter_mut().zip(row).for_each(|(c, o)| *c += one * o);
            }
        }
        let shares = solve(&cholesky(normal)?, right);
        if shares[0] < LEAST_SHARE || shares[N / 2] < LEAST_SHARE {
            return None;
        }
        let mixed = |row: &[f32; N]| row.iter().zip(shares).map(|(v, s)| v * s).sum::<f32>();
        let left: f32 = rows.iter().map(|(r, v)| (v - mixed(r)).powi(2)).sum();
        let all: f32 = rows.iter().map(|(_, v)| v * v).sum();
        (all > 0.0).then(|| (left / all).sqrt())
    }

    /// The level of a cell of the frame, 0 to 255; 0 outside the thumbnail.
    fn at(&self, x: usize, y: usize) -> f32 {
        let cells = &self.0;
        let inside = x
            .checked_sub(usize::from(cells.left))
            .zip(y.checked_sub(usize::from(cells.top)));
        let level = inside.and_then(|(x, y)| cells.levels.get(y * usize::from(cells.width) + x));
        level.map_or(0.0, |v| f32::from(*v))
    }

    fn columns(&self) -> (usize, usize) {
        let left = usize::from(self.0.left);
        (left, left + usize::from(self.0.width))
    }

    fn rows(&self) -> (usize, usize) {
        let top = usize::from(self.0.top);
        (
            top,
            top + self.0.levels.len() / usize::from(self.0.width).max(1),
        )
    }
}

/// The area that three thumbnails have in common.
struct Common {
    columns: (usize, usize),
    rows: (usize, usize),
}

impl Common {
    /// `None` if the frames have different proportions, or if the common area is small.
    fn of(three: [&Thumbnail; 3]) -> Option<Self> {
        let [_, middle, _] = three;
        let is_alike = three.iter().all(|t| t.0.frame == middle.0.frame);
        let within = |a: (usize, usize), b: (usize, usize)| (a.0.max(b.0), a.1.min(b.1));
        let columns = three.map(Thumbnail::columns).into_iter().reduce(within)?;
        let rows = three.map(Thumbnail::rows).into_iter().reduce(within)?;
        let (width, height) = (
            columns.1.checked_sub(columns.0)?,
            rows.1.checked_sub(rows.0)?,
        );
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let share = (width * height) as f32 / middle.0.levels.len() as f32;
        let is_enough = width.min(height) >= LEAST_SIDE && share >= LEAST_COMMON;
        (is_alike && is_enough).then_some(Self { columns, rows })
    }

    /// Place of a cell relative to the middle, to the right and down, in halves of the common area's width.
    #[expect(clippy::cast_precision_loss, reason = "64 at most")]
    fn relative(&self, x: usize, y: usize) -> (f32, f32) {
        let from = |at: usize, (low, end): (usize, usize)| at as f32 - (low + end - 1) as f32 / 2.0;
        let half = (self.columns.1 - self.columns.0) as f32 / 2.0;
        (from(x, self.columns) / half, from(y, self.rows) / half)
    }

    /// All cells except the outermost, which lack a neighbour on one side.
    fn inner(&self) -> impl Iterator<Item = (usize, usize)> {
        let (columns, rows) = (self.columns, self.rows);
        (rows.0 + 1..rows.1 - 1)
            .flat_map(move |y| (columns.0 + 1..columns.1 - 1).map(move |x| (x, y)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A different picture for each number: random levels three cells apart, and smooth between them.
    fn level(number: u32, x: f32, y: f32) -> f32 {
        let (x, y) = (x / 3.0 + 50.0, y / 3.0 + 50.0);
        let (column, row) = (x.floor(), y.floor());
        let at = |across: f32, down: f32| {
            let place = (column + across) as u64 * 1000 + (row + down) as u64;
            let mixed = (place + (u64::from(number) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as f32
        };
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        let (across, down) = (smooth(x - column), smooth(y - row));
        let line = |down| (1.0 - across) * at(0.0, down) + across * at(1.0, down);
        (1.0 - down) * line(0.0) + down * line(1.0)
    }

    fn thumbnail(level: impl Fn(f32, f32) -> f32) -> Thumbnail {
        let cells = (5..35).flat_map(|y| (10..32).map(move |x| (x as f32, y as f32)));
        Thumbnail::try_from(Cells {
            frame: [48, 64],
            left: 10,
            top: 5,
            width: 22,
            levels: cells
                .map(|(x, y)| level(x, y).round().clamp(0.0, 255.0) as u8)
                .collect(),
        })
        .unwrap()
    }

    fn of(number: u32) -> Thumbnail {
        thumbnail(|x, y| level(number, x, y))
    }

    proptest! {
        #[test]
        fn a_mixture_leaves_next_to_nothing_also_when_it_is_lighter_or_lies_a_little_elsewhere(
            share in 0.3_f32..0.7, lighter in -20.0_f32..20.0, off in prop::array::uniform4(-0.25_f32..0.25),
        ) {
            let mixed = |x: f32, y: f32| {
                let (a, b) = (level(1, x + off[0], y + off[1]), level(2, x + off[2], y + off[3]));
                lighter + share * a + (1.0 - share) * b
            };
            let left = Thumbnail::left_over(&of(1), &thumbnail(mixed), &of(2)).unwrap();
            prop_assert!(left < 0.08, "{left}");
        }

        #[test]
        fn what_is_no_mixture_leaves_most(numbers in prop::array::uniform3(1_u32..500)) {
            let [a, b, c] = numbers;
            prop_assume!(a != b && b != c && a != c);
            let left = Thumbnail::left_over(&of(a), &of(b), &of(c));
            prop_assert!(left.is_none_or(|l| l > 0.3), "{left:?}");
        }
    }

    #[test]
    fn one_of_the_two_is_no_mixture() {
        assert_eq!(Thumbnail::left_over(&of(1), &of(1), &of(2)), None);
        assert_eq!(Thumbnail::left_over(&of(1), &of(2), &of(2)), None);
    }

    #[test]
    fn too_little_in_common_says_nothing() {
        let cells = |left, width: u8, frame| Cells {
            frame,
            left,
            top: 0,
            width,
            levels: (0..u16::from(width) * 20)
                .map(|v| (v * 31 % 251) as u8)
                .collect(),
        };
        let at = |left, frame| Thumbnail::try_from(cells(left, 20, frame)).unwrap();
        let wide = [60, 40];
        let (a, b) = (at(0, wide), at(15, wide));
        assert_eq!(Thumbnail::left_over(&a, &b, &a), None);
        assert_eq!(Thumbnail::left_over(&a, &at(0, [40, 60]), &a), None);
        let flat = thumbnail(|_, _| 7.0);
        assert_eq!(Thumbnail::left_over(&flat, &flat, &flat), None);
    }

    #[test]
    fn cells_that_are_no_rectangle_are_refused() {
        let cells = |width, number| Cells {
            frame: [20, 20],
            left: 5,
            top: 5,
            width,
            levels: vec![0; number],
        };
        assert!(Thumbnail::try_from(cells(10, 100)).is_ok());
        for (width, number) in [(0, 0), (10, 95), (16, 160), (10, 160)] {
            assert!(
                Thumbnail::try_from(cells(width, number)).is_err(),
                "{width} {number}"
            );
        }
    }
}
