//! Noise of a face at a scale of 48x48 pixels.

use livegate_liveness::measurement::{Bounds, CoarseNoise};

use crate::pixels::area::{Part, Small};
use crate::pixels::chroma::{LAPLACIAN_GAIN, NORMAL_MEDIAN, laplacians, median};
use livegate_media::RgbFrame;

/// Side of the shrunk face, pixels: the scale at which anti-spoof models see a face.
const SIDE: usize = 48;

/// Noise of the face shrunk to 48x48 pixels, by channel, grey levels; 0 where the face lies outside the
/// frame.
///
/// The estimate is the median of the absolute Laplacian, because edges are few: Donoho and Johnstone,
/// "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 1994. Detail of the face itself
/// counts too, in brightness more than in colour.
pub fn of(frame: &RgbFrame, face: Bounds) -> CoarseNoise {
    let Some(small) = Small::of(frame, Part::from(face), SIDE, SIDE) else {
        return CoarseNoise::default();
    };
    let seen = laplacians(&small, SIDE);
    let [luma, red, blue] = [0, 1, 2].map(|k| {
        let channel = seen.iter().map(|l| l[k].abs()).collect();
        median(channel) / (NORMAL_MEDIAN * LAPLACIAN_GAIN)
    });
    CoarseNoise { luma, red, blue }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::chroma::{BLUE, RED};
    use crate::quality::noise::drawn;

    /// The face has the size of the shrunk face, so that each pixel keeps its noise.
    const FACE: Bounds = Bounds {
        x: 20.0,
        y: 30.0,
        width: 48.0,
        height: 48.0,
    };

    #[test]
    fn it_is_the_deviation_of_what_is_added_by_channel() {
        for sigma in [3.0, 6.0, 12.0] {
            let grey = of(&drawn::grey(sigma, |x, y| 80.0 + 0.3 * (x + y)), FACE);
            assert!((grey.luma / sigma - 1.0).abs() < 0.1, "{grey:?}");
            assert!(grey.red < 0.01 && grey.blue < 0.01, "{grey:?}");
            // Independent noise of R, G and B: the variances of R - Y and B - Y add up.
            let colour = of(&drawn::colour(sigma, |_, _| 128.0), FACE);
            let red = RED * (0.701_f32.powi(2) + 0.587_f32.powi(2) + 0.114_f32.powi(2)).sqrt();
            let blue = BLUE * (0.299_f32.powi(2) + 0.587_f32.powi(2) + 0.886_f32.powi(2)).sqrt();
            assert!((colour.red / (red * sigma) - 1.0).abs() < 0.1, "{colour:?}");
            assert!(
                (colour.blue / (blue * sigma) - 1.0).abs() < 0.1,
                "{colour:?}"
            );
        }
    }

    #[test]
    fn a_larger_face_averages_its_noise() {
        let large = Bounds {
            width: 144.0,
            height: 144.0,
            ..FACE
        };
        let seen = of(&drawn::grey(9.0, |_, _| 128.0), large);
        assert!((seen.luma / 3.0 - 1.0).abs() < 0.12, "{seen:?}");
    }

    #[test]
    fn a_face_outside_the_frame_or_of_no_size_has_none() {
        let frame = drawn::colour(9.0, |_, _| 128.0);
        for (x, width) in [(900.0, 50.0), (20.0, 0.0), (20.0, f32::NAN)] {
            let seen = of(&frame, Bounds { x, width, ..FACE });
            assert!([seen.luma, seen.red, seen.blue].iter().all(|v| *v < 30.0));
        }
    }
}
