//! Colourfulness of the area that anti-spoof models see.

use livegate_liveness::measurement::Bounds;

use crate::pixels::area::{Part, Small};
use crate::pixels::chroma::ycrcb;
use livegate_media::RgbFrame;

/// Side of the shrunk picture, pixels. A pixel is an eighth of a face, so that noise and chroma
/// subsampling average out.
const SIDE: usize = 16;
/// Side of the measured area, in faces: about the crop of the anti-spoof models.
const AROUND: f32 = 2.0;
/// Share of neighbours with the largest differences that is left out: a time stamp in the picture, or a
/// light.
const LEFT_OUT: f32 = 0.1;

/// Spread of the colours around a face that brightness does not explain, percent of the brightness, not
/// negative.
///
/// 0 where the face lies outside the frame.
///
/// The pixels are sorted by brightness, and each is compared with the next one in its colour differences
/// (Cr and Cb). Half of the mean square is the variance about any smooth function of brightness (von
/// Neumann, "Distribution of the ratio of the mean square successive difference to the variance", Annals
/// of Mathematical Statistics 12(4), 1941). The result is its root over the mean brightness, so that the
/// amount of light makes no difference. Shades of one colour thus have 0; tints of real pictures had 0.6
/// to 3.3 (see the threshold `colour`).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "there are 256 pixels"
)]
pub fn of(frame: &RgbFrame, face: Bounds) -> f32 {
    let Some(small) = Small::of(frame, within(frame, face), SIDE, SIDE) else {
        return 0.0;
    };
    let mut pixels: Vec<[f32; 3]> = small.pixels().iter().map(ycrcb).collect();
    pixels.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    let mut squares: Vec<f32> = pixels
        .windows(2)
        .map(|pair| (1..3).map(|k| (pair[1][k] - pair[0][k]).powi(2)).sum())
        .collect();
    squares.sort_unstable_by(f32::total_cmp);
    let counted = (squares.len() as f32 * (1.0 - LEFT_OUT)) as usize;
    let sum: f32 = squares.iter().take(counted).sum();
    let mean = sum / counted.max(1) as f32;
    let light: f32 = pixels.iter().map(|p| p[0]).sum::<f32>() / pixels.len().max(1) as f32;
    // A mean brightness below one grey level carries no colour.
    100.0 * (mean / 2.0).sqrt() / light.max(1.0)
}

/// The part of the frame around a face that is measured.
#[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
fn within(frame: &RgbFrame, face: Bounds) -> Part {
    let part = Part::from(face).scaled(AROUND);
    let (width, height) = (frame.width as f32, frame.height as f32);
    Part {
        left: part.left.clamp(0.0, width),
        top: part.top.clamp(0.0, height),
        right: part.right.clamp(0.0, width),
        bottom: part.bottom.clamp(0.0, height),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FACE: Bounds = Bounds {
        x: 60.0,
        y: 50.0,
        width: 80.0,
        height: 100.0,
    };

    fn drawn(colour: impl Fn(f32, f32) -> [f32; 3]) -> RgbFrame {
        let (width, height) = (240_u16, 200_u16);
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let of = colour(f32::from(x), f32::from(y));
                pixels.extend(of.map(|v| v.round().clamp(0.0, 255.0) as u8));
            }
        }
        RgbFrame {
            width: width.into(),
            height: height.into(),
            pixels,
        }
    }

    /// Brightness of a picture with shapes in it, 0 to 1.
    fn shade(x: f32, y: f32) -> f32 {
        0.5 + 0.2 * (x / 11.0).sin() + 0.2 * (y / 7.0).cos()
    }

    /// Upper limit of a grey picture, by the shipped threshold.
    const GREY: f32 = 0.7;

    #[test]
    fn grey_has_none() {
        let grey = drawn(|x, y| [255.0 * shade(x, y); 3]);
        assert!(of(&grey, FACE) < 1e-3);
        // A grey picture with rounding errors.
        let rounded = drawn(|x, y| {
            let light = (255.0 * shade(x, y)).round();
            [light + (x + y) % 2.0, light, light - y % 2.0]
        });
        assert!(of(&rounded, FACE) < 0.3, "{}", of(&rounded, FACE));
    }

    proptest! {
        #[test]
        fn shades_of_one_colour_have_hardly_any(red in 60.0_f32..255.0, green in 60.0_f32..255.0, blue in 60.0_f32..255.0) {
            let tinted = drawn(|x, y| [red, green, blue].map(|v| v * shade(x, y)));
            prop_assert!(of(&tinted, FACE) < GREY, "{}", of(&tinted, FACE));
        }

        #[test]
        fn skin_before_a_grey_wall_has_colour_in_any_light(light in 0.1_f32..1.0) {
            let skin = drawn(|x, y| {
                let grey = 255.0 * light * shade(x, y);
                if (x - 100.0).hypot(y - 100.0) < 45.0 { [grey * 1.12, grey * 0.95, grey * 0.86] } else { [grey; 3] }
            });
            prop_assert!(of(&skin, FACE) > 3.0 * GREY, "{}", of(&skin, FACE));
        }
    }

    #[test]
    fn a_coloured_time_stamp_makes_no_colour_picture() {
        let stamped = drawn(|x, y| {
            if y > 190.0 && x > 140.0 {
                [255.0, 200.0, 0.0]
            } else {
                [255.0 * shade(x, y); 3]
            }
        });
        assert!(of(&stamped, FACE) < GREY, "{}", of(&stamped, FACE));
    }

    #[test]
    fn no_face_in_the_frame_has_no_colour() {
        let frame = drawn(|x, y| [x, y, 90.0]);
        for (x, width) in [(900.0, 50.0), (20.0, 0.0), (20.0, f32::NAN)] {
            assert!(of(&frame, Bounds { x, width, ..FACE }) < 0.01);
        }
    }
}
