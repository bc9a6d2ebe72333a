//! Signs of a screen or a sheet of paper: a periodic raster and a straight border.
//!
//! Both follow from the way in which a picture of a picture is made, not from examples: a raster repeats
//! itself, and the object that carries the picture ends at straight borders.

mod border;
mod periodicity;
mod spectrum;

use livegate_liveness::measurement::{Bounds, Cues};

use livegate_media::RgbFrame;
use periodicity::Periodicity;

/// Finds the signs of a screen or a sheet.
pub struct CueFinder {
    periodicity: Periodicity,
}

impl CueFinder {
    /// Plans the transforms, which later calls reuse.
    pub fn new() -> Self {
        Self {
            periodicity: Periodicity::new(),
        }
    }

    /// The signs around the face at `face`, in frame pixels.
    pub fn find(&self, frame: &RgbFrame, face: Bounds) -> Cues {
        Cues {
            periodicity: self.periodicity.of(frame, face),
            border: border::of(frame, face),
        }
    }
}

#[cfg(test)]
mod drawn {
    use super::*;

    /// A grey frame of these levels, with grain on it.
    pub fn frame(width: u32, height: u32, level: impl Fn(f32, f32) -> f32) -> RgbFrame {
        let mut state = 1_u32;
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32)));
        let pixels = places.flat_map(|(x, y)| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (state >> 24) as f32 / 128.0 - 1.0;
            [(level(x, y) + 2.0 * grain).round() as u8; 3]
        });
        RgbFrame {
            width,
            height,
            pixels: pixels.collect(),
        }
    }
}
