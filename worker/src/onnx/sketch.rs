//! The sketch of a face.

use livegate_common::liveness::sketch::{SIDE, Sketch};

use super::crop::Crop;
use crate::decode::RgbFrame;
use crate::geometry::{Point, Similarity};

/// Samples a cell, along each side: without it a face of several hundred pixels comes out as noise.
const SAMPLES: u32 = 2;
/// Side of the crop in root mean square distances of the rigid points from their centre: the face,
/// hair line to chin.
const CONTEXT: f32 = 4.4;

/// The sketch of a face whose rigid points are these, tilted by `tilt` radians, clockwise.
pub fn of(frame: &RgbFrame, rigid: &[Point], tilt: f32) -> Option<Sketch> {
    let (centre, spread) = spread(rigid);
    #[expect(clippy::cast_possible_truncation, reason = "48")]
    let side = SIDE as u32 * SAMPLES;
    let to_frame = Similarity::from_crop(side, centre, CONTEXT * spread, tilt);
    shrink(&Crop::by_similarity(frame, side, to_frame))
}

/// Centre of points, and their root mean square distance from it.
fn spread(points: &[Point]) -> (Point, f32) {
    #[expect(clippy::cast_precision_loss, reason = "a few points")]
    let n = points.len() as f32;
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f32>() / n;
    let centre = [mean(0), mean(1)];
    let square = |p: &Point| (p[0] - centre[0]).powi(2) + (p[1] - centre[1]).powi(2);
    (centre, (points.iter().map(square).sum::<f32>() / n).sqrt())
}

/// Means of blocks of grey levels.
fn shrink(face: &Crop) -> Option<Sketch> {
    let size = face.size as usize;
    let block = size / SIDE;
    let levels = face.grey();
    let mean = |row: usize, column: usize| {
        let lines = (0..block).filter_map(|y| {
            let from = (row * block + y) * size + column * block;
            levels.get(from..from + block)
        });
        let sum: f32 = lines.flatten().sum();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of 8-bit levels, rounded"
        )]
        let level = (sum / (block * block) as f32).round().clamp(0.0, 255.0) as u8;
        level
    };
    let cells = (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column)));
    Sketch::new(cells.map(|(row, column)| mean(row, column)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_the_mean_of_its_block() {
        // Black on the left of the middle, white on the right.
        let half = shrink(&Crop::drawn(96, |x, _| {
            if x < 48.0 { [0.0; 3] } else { [255.0; 3] }
        }));
        let wanted = (0..48 * 48).map(|i| if i % 48 < 24 { 0 } else { 255 });
        assert_eq!(half, Sketch::new(wanted.collect()));
    }

    #[test]
    fn the_spread_is_that_of_the_points() {
        let corners = [[1.0, 2.0], [7.0, 2.0], [7.0, 10.0], [1.0, 10.0]];
        assert_eq!(spread(&corners), ([4.0, 6.0], 5.0));
    }
}
