//! Which faces can be judged at all.
//!
//! Models that see too little of a face say what they like: at 16 pixels, or behind noise, every face
//! is bona fide, and blurred far enough everybody is one person. A face that is not clear counts as not
//! seen: neither for the capture nor against it.

use crate::liveness::measurement::{Face, FrameMeasurement, Quality};
use crate::liveness::thresholds::Thresholds;

/// Why a face cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Too few pixels.
    Narrow,
    /// Noise hides what the models measure.
    Noisy,
    /// Too little detail for its size.
    Blurred,
    /// Too close: it leaves no room for what anti-spoof models judge by, and they abstain. Known only of
    /// faces that were measured as a whole.
    Close,
}

/// Why a face cannot be judged; `None` where it can.
pub fn unclear(face: &Face, t: &Thresholds) -> Option<Unclear> {
    if face.bounds.width < t.face_px {
        Some(Unclear::Narrow)
    } else if is_noisy(&face.quality, t) {
        Some(Unclear::Noisy)
    } else if face.quality.detail_px < t.face_detail_px {
        Some(Unclear::Blurred)
    } else if face.is_looked_at() && face.margin().is_none() {
        Some(Unclear::Close)
    } else {
        None
    }
}

/// Whether there is more noise than models bear: in brightness at the finest scale, in brightness or
/// colour at a coarse one, or in the colours around the face.
fn is_noisy(quality: &Quality, t: &Thresholds) -> bool {
    let coarse = quality.coarse_noise;
    quality.noise > t.face_noise
        || coarse.luma > t.coarse_luma_noise
        || coarse.red > t.coarse_red_noise
        || coarse.blue > t.coarse_blue_noise
        || quality.surround_noise > t.surround_noise
}

/// A frame without its main face where that is not clear.
#[must_use]
pub fn without_unclear_face(mut frame: FrameMeasurement, t: &Thresholds) -> FrameMeasurement {
    frame.face = frame.face.filter(|f| unclear(f, t).is_none());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::evidence::testing::face;

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
