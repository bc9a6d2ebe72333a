//! Bilinear interpolation between the pixels of a frame.
//!
//! Most samples have four neighbours in the frame. They are taken many at a time, in loops that compile to vector
//! instructions where [`widest`](super::widest) is around them: first where each sample lies, then the bytes that it needs,
//! then what lies between them. A crop of 256x256 samples takes a third of the time that one sample after another takes,
//! and its values are the same.

use std::ops::Range;

use livegate_media::RgbFrame;

use crate::geometry::Point;

/// Most samples taken at a time.
pub const AT_ONCE: usize = 32;

/// The same channels of a few pixels: red, green, blue.
pub type Planes<'a> = [&'a mut [f32]; 3];

/// Where samples lie.
pub struct Places {
    /// The first byte of each sample's upper left neighbour.
    at: [u32; AT_ONCE],
    /// The way from there to the right neighbour, 0 to 1.
    across: [f32; AT_ONCE],
    /// The way from there to the lower neighbour, 0 to 1.
    down: [f32; AT_ONCE],
}

impl Places {
    pub const fn new() -> Self {
        Self {
            at: [0; AT_ONCE],
            across: [0.0; AT_ONCE],
            down: [0.0; AT_ONCE],
        }
    }

    /// Samples on a straight line: `from` and `step` times each of the numbers. All of them have four neighbours in
    /// the frame.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "places in a frame. A cast rounds down, and goes to `i32` first, which is one instruction"
    )]
    #[inline(always)]
    pub fn on_line(&mut self, frame: &RgbFrame, from: Point, step: Point, numbers: Range<usize>) {
        let places = self.at.iter_mut().zip(&mut self.across).zip(&mut self.down);
        for (i, ((at, across), down)) in (numbers.start as i32..numbers.end as i32).zip(places) {
            let (x, y) = (from[0] + i as f32 * step[0], from[1] + i as f32 * step[1]);
            let (left, top) = (x as i32, y as i32);
            *across = x - left as f32;
            *down = y - top as f32;
            *at = (top as u32 * frame.width + left as u32) * 3;
        }
    }

    /// Samples of one row, each given by the first byte of its left neighbour and the way from there to the right one.
    #[inline(always)]
    pub fn on_row(&mut self, columns: &[(u32, f32)], row: u32, share: f32) {
        let places = self.at.iter_mut().zip(&mut self.across);
        for ((at, across), (column, way)) in places.zip(columns) {
            (*at, *across) = (row + column, *way);
        }
        self.down.fill(share);
    }

    /// The frame's colours at the first of the places, as many as the planes hold.
    #[inline(always)]
    pub fn read(&self, frame: &RgbFrame, [red, green, blue]: Planes<'_>) {
        let below = frame.width as usize * 3;
        let [mut upper_left, mut upper_right] = [[0_u32; AT_ONCE]; 2];
        let [mut lower_left, mut lower_right] = [[0_u32; AT_ONCE]; 2];
        let upper = upper_left.iter_mut().zip(&mut upper_right);
        let lower = lower_left.iter_mut().zip(&mut lower_right);
        for ((at, upper), lower) in self.at.iter().take(red.len()).zip(upper).zip(lower) {
            let at = *at as usize;
            (*upper.0, *upper.1) = two(&frame.pixels, at);
            (*lower.0, *lower.1) = two(&frame.pixels, at + below);
        }
        let planes = red.iter_mut().zip(green).zip(blue);
        for (i, ((red, green), blue)) in planes.enumerate().take(AT_ONCE) {
            let (across, down) = (self.across[i], self.down[i]);
            let between = |channel: u32| {
                let value =
                    |words: &[u32; AT_ONCE]| ((words[i] >> (8 * channel)) & 0xff) as i32 as f32;
                let (left, right) = (value(&upper_left), value(&upper_right));
                let upper = left + across * (right - left);
                let (left, right) = (value(&lower_left), value(&lower_right));
                let lower = left + across * (right - left);
                upper + down * (lower - upper)
            };
            (*red, *green, *blue) = (between(0), between(1), between(2));
        }
    }
}

/// A pixel and the next one, each with the byte after it. 0 beyond the frame's last byte.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn two(pixels: &[u8], at: usize) -> (u32, u32) {
    let eight = match pixels.get(at..).and_then(<[u8]>::first_chunk) {
        Some(eight) => *eight,
        None => ends(pixels.get(at..).unwrap_or_default()),
    };
    let eight = u64::from_le_bytes(eight);
    (eight as u32, (eight >> 24) as u32)
}

#[cold]
fn ends(last: &[u8]) -> [u8; 8] {
    let mut padded = [0; 8];
    padded
        .iter_mut()
        .zip(last)
        .for_each(|(to, from)| *to = *from);
    padded
}
