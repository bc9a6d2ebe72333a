//! Straight upright or horizontal lines of a picture, and how far each runs along edges.
//!
//! A Hough transform (Duda and Hart, "Use of the Hough transformation to detect lines and curves in
//! pictures", Comm. ACM 15(1), 1972). An edge votes only for lines of its own direction (O'Gorman and
//! Clowes, "Finding picture edges through collinearity of feature points", IEEE Trans. Comput. C-25(4),
//! 1976). Votes are counted cumulatively along each line, so that any section of it can be evaluated.

use std::ops::RangeInclusive;

use super::edges::{self, hundredths};
use super::grey::Grey;
use crate::pixels::widest::widest;

/// Slopes of the lines, from -16 to 16 degrees in steps of 2.
const SLOPES: usize = 17;
/// Largest difference between an edge's slope and its line's, hundredths: 8 degrees, the error that
/// noise causes at a low step.
const TOLERANCE: i8 = 14;
/// A share is taken of at least this many pixels.
const LEAST_LENGTH: f32 = 3.0;

/// A line: `across = offset + slope * (along - middle)`, in pixels. For upright lines, `along` is y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    direction: usize,
    slope: f32,
    offset: usize,
    middle: f32,
}

impl Line {
    /// Whether the same edge may support both lines.
    fn is_close_to(self, other: Self) -> bool {
        self.direction.abs_diff(other.direction) <= 1 && self.offset.abs_diff(other.offset) <= 2
    }

    /// Pixels across for each pixel along.
    pub fn slope(self) -> f32 {
        self.slope
    }

    /// Position across the line's direction at `along`, pixels.
    pub fn across(self, along: f32) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "less than 160")]
        let offset = self.offset as f32;
        offset + self.slope() * (along - self.middle)
    }
}

#[expect(clippy::cast_precision_loss, reason = "less than 17")]
fn slope(direction: usize) -> f32 {
    (2.0 * (direction as f32 - (SLOPES / 2) as f32))
        .to_radians()
        .tan()
}

/// All lines within 16 degrees of upright.
pub struct Lines {
    width: usize,
    height: usize,
    /// Cumulative counts: for each direction, for each y from 0 to `height`, for each offset, the number
    /// of pixels above y that lie on edges.
    counts: Vec<u8>,
}

impl Lines {
    /// Finds the lines of a picture at most 255 pixels high. Horizontal lines are upright in the
    /// transposed picture.
    pub fn of(grey: &Grey) -> Self {
        let (width, height) = (grey.width, grey.height);
        let edges = edges::upright(grey);
        let mut counts = Vec::with_capacity(SLOPES * (height + 1) * width);
        let (mut hits, mut marks) = (vec![0; width], vec![0; width]);
        widest(
            #[inline(always)]
            || {
                for direction in 0..SLOPES {
                    let slope = slope(direction);
                    counts.resize(counts.len() + width, 0);
                    for (y, row) in edges.chunks_exact(width).enumerate() {
                        mark(row, hundredths(slope), &mut hits, &mut marks);
                        counts.extend_from_within(counts.len() - width..);
                        let start = counts.len() - width;
                        add_shifted(&mut counts[start..], &marks, shift(slope, y, height));
                    }
                }
            },
        );
        Self {
            width,
            height,
            counts,
        }
    }

    /// Share of the pixels of a line between `from` and `to` that lie on edges, 0 to 1. Pixels beyond
    /// the picture do not count.
    pub fn share(&self, line: Line, from: f32, to: f32) -> f32 {
        let (from, to) = (self.row(from), self.row(to));
        if from >= to {
            return 0.0;
        }
        let on_edge = self.count(line, to).saturating_sub(self.count(line, from));
        #[expect(clippy::cast_precision_loss, reason = "less than 160")]
        let length = (to - from) as f32;
        f32::from(on_edge) / length.max(LEAST_LENGTH)
    }

    /// The best lines, at most `most`, with the largest share first and one for each edge.
    ///
    /// A line needs a share of at least `least` along `span`, and must lie `within` across at both ends
    /// of it.
    pub fn best(
        &self,
        span: (f32, f32),
        within: RangeInclusive<f32>,
        most: usize,
        least: f32,
    ) -> Vec<Line> {
        #[expect(clippy::cast_precision_loss, reason = "at most 160")]
        let span = (span.0.max(0.0), span.1.min(self.height as f32 - 1.0));
        let mut candidates: Vec<(f32, Line)> = self
            .all()
            .filter(|line| {
                within.contains(&line.across(span.0)) && within.contains(&line.across(span.1))
            })
            .map(|line| (self.share(line, span.0, span.1), line))
            .filter(|(share, _)| *share >= least)
            .collect();
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut best: Vec<Line> = Vec::with_capacity(most);
        for (_, line) in candidates {
            if best.len() == most {
                break;
            }
            if !best.iter().any(|other| other.is_close_to(line)) {
                best.push(line);
            }
        }
        best
    }

    /// The line near this one with the largest share between `from` and `to`.
    pub fn refined(&self, line: Line, from: f32, to: f32) -> Line {
        let directions = line.direction.saturating_sub(2)..=(line.direction + 2).min(SLOPES - 1);
        let offsets = line.offset.saturating_sub(2)..=(line.offset + 2).min(self.width - 1);
        let close = directions.flat_map(|direction| {
            let slope = slope(direction);
            offsets.clone().map(move |offset| Line {
                direction,
                slope,
                offset,
                ..line
            })
        });
        let shares = close.map(|close| (self.share(close, from, to), close));
        let best = shares.max_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or(line, |(_, best)| best)
    }

    fn all(&self) -> impl Iterator<Item = Line> {
        #[expect(clippy::cast_precision_loss, reason = "at most 160")]
        let middle = (self.height as f32 - 1.0) / 2.0;
        (0..SLOPES).flat_map(move |direction| {
            let slope = slope(direction);
            (0..self.width).map(move |offset| Line {
                direction,
                slope,
                offset,
                middle,
            })
        })
    }

    fn row(&self, along: f32) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the height, at most 160"
        )]
        let row = (along + 0.5).clamp(0.0, self.height as f32) as usize;
        row
    }

    fn count(&self, line: Line, row: usize) -> u8 {
        self.counts[(line.direction * (self.height + 1) + row) * self.width + line.offset]
    }
}

/// Marks with 1 the pixels of a row that lie within one pixel of an edge of about this slope, others
/// with 0.
///
/// The first and the last pixel are never marked. Written so that it compiles to vector instructions.
#[inline(always)]
fn mark(row: &[i8], slope: i8, hits: &mut [u8], marks: &mut [u8]) {
    let wanted = slope - TOLERANCE..slope + TOLERANCE + 1;
    for (hit, edge) in hits.iter_mut().zip(row) {
        *hit = u8::from(wanted.contains(edge));
    }
    let near = hits.iter().zip(&hits[1..]).zip(&hits[2..]);
    for (mark, ((left, here), right)) in marks[1..].iter_mut().zip(near) {
        *mark = left | here | right;
    }
}

/// How far right of its offset a line runs in row `y`, whole pixels.
fn shift(slope: f32, y: usize, height: usize) -> isize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "less than 160"
    )]
    let shift = (slope * (y as f32 - (height as f32 - 1.0) / 2.0)).round() as isize;
    shift
}

/// Adds to the count of each offset the mark `shift` pixels to its right.
#[inline(always)]
fn add_shifted(counts: &mut [u8], marks: &[u8], shift: isize) {
    let skip = shift.unsigned_abs();
    let (counts, marks) = if shift < 0 {
        (counts.get_mut(skip..).unwrap_or_default(), marks)
    } else {
        (counts, marks.get(skip..).unwrap_or_default())
    };
    for (count, mark) in counts.iter_mut().zip(marks) {
        *count += mark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYWHERE: RangeInclusive<f32> = 0.0..=200.0;

    /// A picture that is darker left of the line through x = 60 in the middle row, in rows 20 to 79 of
    /// 100.
    fn step(slope: f32) -> Grey {
        let places = (0..100).flat_map(|y| (0..120).map(move |x| (x as f32, y as f32)));
        let level = |(x, y): (f32, f32)| {
            let beyond = x + 0.5 - (60.0 + slope * (y - 49.5));
            let is_within = (20.0..80.0).contains(&y);
            if is_within {
                70.0 + 20.0 * beyond.clamp(-1.0, 1.0)
            } else {
                90.0
            }
        };
        Grey {
            width: 120,
            height: 100,
            levels: places.map(level).collect(),
        }
    }

    #[test]
    fn the_line_of_an_edge_is_found_with_its_slope_and_where_it_ends() {
        for degrees in [-15.0_f32, -7.0, 0.0, 3.0, 14.0] {
            let slope = degrees.to_radians().tan();
            let lines = Lines::of(&step(slope));
            let rough = lines.best((30.0, 70.0), EVERYWHERE, 1, 0.9)[0];
            let best = lines.refined(rough, 20.0, 80.0);
            assert!((best.slope() - slope).abs() < 0.06, "{degrees}: {best:?}");
            assert!(
                (best.across(49.5) - 59.5).abs() < 2.5,
                "{degrees}: {best:?}"
            );
            assert!(lines.share(best, 22.0, 78.0) > 0.95, "{degrees}");
            assert_eq!(lines.share(best, 84.0, 96.0), 0.0, "{degrees}");
            assert_eq!(lines.share(best, 110.0, 130.0), 0.0, "{degrees}");
        }
    }

    #[test]
    fn lines_are_found_only_where_they_are_looked_for() {
        let lines = Lines::of(&step(0.0));
        assert!(lines.best((30.0, 70.0), 70.0..=200.0, 8, 0.5).is_empty());
        assert!(lines.best((85.0, 95.0), EVERYWHERE, 8, 0.5).is_empty());
    }

    #[test]
    fn an_edge_across_is_no_upright_line() {
        let lines = Lines::of(&step(0.0).transposed());
        assert!(lines.best((30.0, 70.0), 30.0..=70.0, 8, 0.3).is_empty());
    }
}
