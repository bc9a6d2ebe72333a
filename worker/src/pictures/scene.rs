//! Histogram of the colours around a face.

use livegate_liveness::measurement::Bounds;
use livegate_liveness::scene::{BINS, RANGE, Scene, WIDTH};

use crate::pixels::area::{Part, Small};
use crate::pixels::chroma::ycrcb;
use livegate_media::RgbFrame;

/// Longer side of the shrunk frame, pixels.
const LONG_SIDE: f32 = 128.0;
/// Size of the area that is left out, in faces: it includes hair and chin.
const FACE: f32 = 1.3;
/// Least share of the frame that must lie outside that area.
const LEAST_OUTSIDE: f32 = 0.12;

/// Histogram of the colours outside the face; `None` where less than 12% of the frame lies outside.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides are at most 4096, and bins are clamped"
)]
pub fn of(frame: &RgbFrame, face: Bounds) -> Option<Scene> {
    let whole = Part {
        left: 0.0,
        top: 0.0,
        right: frame.width as f32,
        bottom: frame.height as f32,
    };
    let scale = LONG_SIDE / whole.right.max(whole.bottom);
    let shrunk = |side: f32| ((side * scale).round() as usize).max(1);
    let (width, height) = (shrunk(whole.right), shrunk(whole.bottom));
    let small = Small::of(frame, whole, width, height)?;
    let face = Part::from(face).scaled(FACE);
    let at = |place: usize, n: usize, side: f32| (place as f32 + 0.5) * side / n as f32;
    let mut weights = vec![0.0; BINS * BINS];
    let mut outside = 0;
    for (y, row) in small.pixels().chunks_exact(width).enumerate() {
        let down = at(y, height, whole.bottom);
        for (x, pixel) in row.iter().enumerate() {
            if !face.contains(at(x, width, whole.right), down) {
                outside += 1;
                let [_, red, blue] = ycrcb(pixel);
                add(&mut weights, blue, red);
            }
        }
    }
    if (outside as f32) < LEAST_OUTSIDE * (width * height) as f32 {
        return None;
    }
    Scene::new(weights)
}

/// Adds a colour, shared among the four bins around it.
fn add(weights: &mut [f32], blue: f32, red: f32) {
    let ((row, down), (column, across)) = (bin(blue), bin(red));
    for (row, share) in [(row, 1.0 - down), (row + 1, down)] {
        for (column, part) in [(column, 1.0 - across), (column + 1, across)] {
            if let Some(weight) = weights.get_mut(row * BINS + column) {
                *weight += share * part;
            }
        }
    }
}

/// The bin whose centre lies before a colour difference, and the way from there to the next centre, 0 to
/// 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the bins"
)]
fn bin(difference: f32) -> (usize, f32) {
    // Centres lie half a bin from the bins' edges. Colours beyond the outermost centres count there.
    let at = ((difference + RANGE) / WIDTH - 0.5).clamp(0.0, (BINS - 1) as f32);
    let below = (at as usize).min(BINS - 2);
    (below, at - below as f32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A frame of two colours, left and right of a column.
    fn frame(left: [u8; 3], right: [u8; 3], column: u32) -> RgbFrame {
        let row = (0..320).flat_map(|x| if x < column { left } else { right });
        RgbFrame {
            width: 320,
            height: 240,
            pixels: (0..240).flat_map(|_| row.clone()).collect(),
        }
    }

    fn face(x: f32, side: f32) -> Bounds {
        Bounds {
            x,
            y: 60.0,
            width: side,
            height: side,
        }
    }

    #[test]
    fn it_holds_nothing_of_the_face() {
        let green = [90, 140, 80];
        let without = of(&frame(green, green, 0), face(20.0, 100.0)).unwrap();
        // The two frames differ only within 1.3 faces.
        let with = of(&frame([200, 90, 60], green, 5), face(-90.0, 100.0)).unwrap();
        assert!(
            without.distance(&with) < 0.01,
            "{}",
            without.distance(&with)
        );
        let elsewhere = of(&frame([200, 90, 60], green, 160), face(200.0, 80.0)).unwrap();
        assert!(without.distance(&elsewhere) > 0.2);
    }

    #[test]
    fn brightness_makes_no_difference() {
        let dark = of(&frame([40, 40, 40], [90, 90, 90], 100), face(20.0, 50.0)).unwrap();
        let light = of(
            &frame([140, 140, 140], [250, 250, 250], 60),
            face(20.0, 50.0),
        )
        .unwrap();
        assert!(dark.distance(&light) < 1e-3);
    }

    #[test]
    fn a_face_that_fills_the_frame_leaves_nothing_to_measure() {
        let grey = frame([90; 3], [90; 3], 0);
        let filling = Bounds {
            x: 10.0,
            y: 10.0,
            width: 300.0,
            height: 220.0,
        };
        assert!(of(&grey, filling).is_none());
        assert!(of(&grey, face(20.0, 60.0)).is_some());
        let nowhere = RgbFrame {
            width: 0,
            height: 0,
            pixels: Vec::new(),
        };
        assert!(of(&nowhere, face(0.0, 9.0)).is_none());
    }

    proptest! {
        #[test]
        fn a_colour_falls_between_two_bins(difference in -200.0_f32..200.0) {
            let (below, share) = bin(difference);
            prop_assert!(below + 1 < BINS && (0.0..=1.0).contains(&share));
            let centre = (below as f32 + share + 0.5) * WIDTH - RANGE;
            prop_assert!((centre - difference.clamp(-33.0, 33.0)).abs() < 1e-3);
        }
    }
}
