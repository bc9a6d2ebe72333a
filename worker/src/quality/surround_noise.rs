//! Colour noise around a face.

use livegate_liveness::measurement::Bounds;

use crate::pixels::area::{Part, Small};
use crate::pixels::chroma::{LAPLACIAN_GAIN, laplacians, median};
use crate::pixels::crop::context;
use livegate_media::RgbFrame;

/// Size of the crop, in faces: that of common anti-spoof models.
const CROP: f32 = 2.7;
/// Side of the shrunk crop, pixels.
const SIDE: usize = 128;
/// Side of the blocks that are fitted one by one, pixels.
const BLOCK: usize = 4;
/// Size of the area that is left out, in faces.
const FACE: f32 = 1.1;
/// Least share of the crop that must lie outside that area.
const LEAST_OUTSIDE: f32 = 0.2;

/// Colour noise around a face that brightness does not explain, grey levels, not negative.
///
/// It is measured on 2.7 faces shrunk to 128 pixels. 0 where too little lies outside the face.
///
/// Where the colour of a scene changes, its brightness changes along the same edges. Noise is
/// independent in each channel. So in each block the Laplacian of a colour difference is fitted by that
/// of brightness; the residual is noise. The result is the median over all blocks, for the noisier of
/// the two colour differences.
pub fn of(frame: &RgbFrame, face: Bounds) -> f32 {
    if frame.width == 0 || frame.height == 0 {
        return 0.0;
    }
    let (first, last) = context(face, CROP, frame.width, frame.height);
    let crop = Part {
        left: first[0],
        top: first[1],
        right: last[0] + 1.0,
        bottom: last[1] + 1.0,
    };
    let Some(small) = Small::of(frame, crop, SIDE, SIDE) else {
        return 0.0;
    };
    let seen = laplacians(&small, SIDE);
    let face = Part::from(face).scaled(FACE);
    // Blocks of the Laplacian, which lacks the outermost pixels.
    let blocks = (SIDE - 2) / BLOCK;
    let (mut reds, mut blues) = (Vec::new(), Vec::new());
    for row in 0..blocks {
        for column in 0..blocks {
            if !face.contains(place(crop, column), place_down(crop, row)) {
                let [red, blue] = unexplained(&seen, column * BLOCK, row * BLOCK);
                reds.push(red);
                blues.push(blue);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a thousand blocks")]
    let outside = reds.len() as f32 / (blocks * blocks) as f32;
    if outside < LEAST_OUTSIDE {
        return 0.0;
    }
    median(reds).max(median(blues)) / LAPLACIAN_GAIN
}

/// x of the middle of a column of blocks, frame pixels.
fn place(crop: Part, column: usize) -> f32 {
    crop.left + middle(column) * (crop.right - crop.left)
}

/// y of the middle of a row of blocks, frame pixels.
fn place_down(crop: Part, row: usize) -> f32 {
    crop.top + middle(row) * (crop.bottom - crop.top)
}

/// Position of the middle of a block along a side of the crop, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "at most the side")]
fn middle(block: usize) -> f32 {
    (1.0 + (block * BLOCK) as f32 + BLOCK as f32 / 2.0) / SIDE as f32
}

/// Root mean square of the Laplacians of the red and blue difference that the Laplacian of brightness
/// does not explain, in the block whose first pixel is (x, y).
fn unexplained(seen: &[[f32; 3]], x: usize, y: usize) -> [f32; 2] {
    let (mut luma, mut squares, mut shared) = (0.0, [0.0; 2], [0.0; 2]);
    for row in y..y + BLOCK {
        let from = row * (SIDE - 2) + x;
        for l in seen.get(from..from + BLOCK).unwrap_or_default() {
            luma += l[0] * l[0];
            for k in 0..2 {
                squares[k] += l[k + 1] * l[k + 1];
                shared[k] += l[0] * l[k + 1];
            }
        }
    }
    // The fit uses one degree of freedom.
    #[expect(clippy::cast_precision_loss, reason = "16")]
    let n = (BLOCK * BLOCK - 1) as f32;
    [0, 1].map(|k| {
        let explained = if luma > 0.0 {
            shared[k] * shared[k] / luma
        } else {
            0.0
        };
        ((squares[k] - explained).max(0.0) / n).sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::noise::drawn;

    const FACE: Bounds = Bounds {
        x: 75.0,
        y: 70.0,
        width: 47.0,
        height: 47.0,
    };

    #[test]
    fn noise_of_colour_is_seen_and_edges_are_not() {
        let stripes =
            |x: f32, y: f32| 60.0 + 120.0 * (((x / 9.0).floor() + (y / 7.0).floor()) % 2.0);
        let calm = of(&drawn::grey(6.0, stripes), FACE);
        assert!(calm < 0.1, "{calm}");
        for sigma in [4.0, 8.0, 12.0] {
            // Cr of independent noise of R, G and B has 0.66 of its deviation. A crop of 127 pixels
            // resampled to 128 loses some of that.
            let noisy = of(&drawn::colour(sigma, stripes), FACE);
            assert!(
                noisy > 0.25 * sigma && noisy < 0.66 * sigma,
                "{sigma}: {noisy}"
            );
        }
    }

    #[test]
    fn noise_of_the_face_alone_is_not_of_its_surroundings() {
        let frame = drawn::colour_within(20.0, |_, _| 128.0, FACE);
        assert!(of(&frame, FACE) < 0.1);
    }

    #[test]
    fn a_face_that_fills_the_frame_has_no_surroundings() {
        let frame = drawn::colour(9.0, |_, _| 128.0);
        let all = Bounds {
            x: 0.0,
            y: 0.0,
            width: 195.0,
            height: 195.0,
        };
        assert!(of(&frame, all).abs() < f32::EPSILON);
        assert!(
            of(
                &frame,
                Bounds {
                    x: f32::NAN,
                    ..FACE
                }
            )
            .is_finite()
        );
    }
}
