//! Clarity: which faces can be judged.
//!
//! Scores are unreliable on small, noisy or blurred faces. At a width of 16 pixels, or with strong noise,
//! every face scores as bona fide; with enough blur, all people have the same embedding. A face that is not
//! clear counts as not seen: neither for the capture nor against it.

use serde::{Deserialize, Serialize};

use crate::measurement::{Face, Quality};
use crate::thresholds::Thresholds;

/// Why a face cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Too few pixels.
    Narrow,
    /// Tilted too far in the image plane: the models were trained on upright faces.
    Tilted,
    /// Too much noise for the models.
    Noisy,
    /// Too little detail for its size.
    Blurred,
    /// Too close: the surroundings by which anti-spoof models judge are missing, and they abstain. Known
    /// only of faces that were measured in full.
    Close,
}

/// Why a face cannot be judged; `None` if it can.
pub fn unclear(face: &Face, t: &Thresholds) -> Option<Unclear> {
    if face.bounds.width < t.face_px {
        Some(Unclear::Narrow)
    } else if face.pose.roll.abs() > t.upright_deg {
        Some(Unclear::Tilted)
    } else if is_noisy(&face.quality, t) {
        Some(Unclear::Noisy)
    } else if face.quality.detail_px < t.face_detail_px {
        Some(Unclear::Blurred)
    } else if face.is_whole() && face.margin().is_none() {
        Some(Unclear::Close)
    } else {
        None
    }
}

/// Kinds of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Noise {
    /// Noise of the face's pixels before any scaling.
    Fine,
    /// Noise of the face's brightness at 48x48 pixels.
    Coarse,
    /// Noise of the face's colours at 48x48 pixels.
    Colour,
    /// Noise of the colours of a face so bright that they are cut off at white.
    Glare,
    /// Noise of the colours around the face.
    Around,
}

/// Mean grey level from which colours that are cut off at white explain noise in a face's colours.
///
/// Measured: faces of 108 to 148 grey levels, made brighter until their colours failed, had 196 and more.
const GLARE: f32 = 180.0;

/// Each noise that disturbs the models, and the largest that is accepted, grey levels.
fn noises(quality: &Quality, t: &Thresholds) -> [(Noise, f32, f32); 5] {
    let coarse = quality.coarse_noise;
    let colour = if quality.brightness > GLARE {
        Noise::Glare
    } else {
        Noise::Colour
    };
    [
        (Noise::Fine, quality.noise, t.face_noise),
        (Noise::Coarse, coarse.luma, t.coarse_luma_noise),
        (colour, coarse.red, t.coarse_red_noise),
        (colour, coarse.blue, t.coarse_blue_noise),
        (Noise::Around, quality.surround_noise, t.surround_noise),
    ]
}

/// Whether some noise is larger than accepted.
fn is_noisy(quality: &Quality, t: &Thresholds) -> bool {
    noises(quality, t).iter().any(|(_, is, most)| is > most)
}

/// The noise that is largest relative to its limit: kind, measured value and largest accepted value, grey
/// levels.
pub fn worst_noise(quality: &Quality, t: &Thresholds) -> (Noise, f32, f32) {
    let share = |(_, is, most): &(Noise, f32, f32)| is / most.max(f32::MIN_POSITIVE);
    let [first, rest @ ..] = noises(quality, t);
    let further = |a, b| if share(&b) > share(&a) { b } else { a };
    rest.into_iter().fold(first, further)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face;

    #[test]
    fn a_face_that_is_too_narrow_too_noisy_or_too_soft_counts_as_not_seen() {
        let t = Thresholds::default();
        let why = |change: fn(&mut Face)| {
            let mut face = face();
            change(&mut face);
            unclear(&face, &t)
        };
        assert_eq!(why(|_| {}), None);
        assert_eq!(why(|f| f.bounds.width = 35.0), Some(Unclear::Narrow));
        for (roll, tilted) in [(40.0, None), (-40.0, None), (50.0, Some(Unclear::Tilted))] {
            let mut face = face();
            face.pose.roll = roll;
            assert_eq!(unclear(&face, &t), tilted, "{roll}");
        }
        assert_eq!(why(|f| f.quality.noise = 4.0), None);
        assert_eq!(why(|f| f.quality.detail_px = 5.0), Some(Unclear::Blurred));
        assert_eq!(why(|f| f.margins = vec![None]), Some(Unclear::Close));
        assert_eq!(
            why(|f| f.margins = vec![Some(5.0), None]),
            Some(Unclear::Close)
        );
        assert_eq!(why(|f| (f.margins, f.embedding) = (Vec::new(), None)), None);
        for noisy in [
            (|f| f.quality.noise = 12.0) as fn(&mut Face),
            |f| f.quality.coarse_noise.luma = 9.0,
            |f| f.quality.coarse_noise.red = 3.0,
            |f| f.quality.coarse_noise.blue = 3.0,
            |f| f.quality.surround_noise = 9.0,
        ] {
            assert_eq!(why(noisy), Some(Unclear::Noisy));
        }
    }
}
