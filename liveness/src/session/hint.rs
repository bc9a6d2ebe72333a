//! One hint a frame: what to change first.
//!
//! Hints guide; no verdict rests on them. Their numbers are where the measurements that verdicts do
//! rest on begin to suffer.

use serde::{Deserialize, Serialize};

use crate::evidence::clarity::{Noise, Unclear, unclear, worst_noise};
use crate::evidence::poor::{BRIGHT, DARK};
use crate::evidence::presence;
use crate::measurement::{Bounds, FrameMeasurement};
use crate::thresholds::Thresholds;

/// What the subject, or the camera, should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hint {
    /// Nobody is there.
    NoFace,
    /// Somebody else is there.
    MultipleFaces,
    /// Come nearer.
    FaceTooSmall,
    /// The face reaches the edge of the picture, or fills it: move it to the middle, or move back.
    FaceOutOfFrame,
    /// More light: the face is dark, or noisy.
    TooDark,
    /// Less light.
    TooBright,
    /// Hold still, clean the lens.
    Blurred,
    /// Face the camera first, upright, with a face at rest.
    LookStraight,
    /// Open the eyes, take off what hides them.
    EyesNotVisible,
    /// All is well; do what is asked.
    KeepGoing,
}

/// Width of a face below which little is seen of it, pixels: the embedder looks at 112 of them.
const SMALL_PX: f32 = 80.0;
/// Share of the face's size that must lie between it and the edge of the frame: the detector's box
/// ends at the edge where part of the face is beyond it.
const MARGIN_SHARE: f32 = 0.01;
/// Width of a face, as a share of the frame's shorter side, from which it is too close. Measured: models
/// that look at 2.7 and 4 times the face call 92% of live faces beyond 0.7 an attack.
const CLOSE_SHARE: f32 = 0.7;
/// Variance of the Laplacian below which a face is blurred. Measured on ten clips: 67 where a head
/// turns fast, 240 and more where it faces the camera.
const BLURRED: f32 = 30.0;

/// What is wrong with the picture, if anything.
pub fn of_picture(frame: &FrameMeasurement, t: &Thresholds) -> Option<Hint> {
    let Some(face) = &frame.face else {
        return Some(Hint::NoFace);
    };
    let unclear = unclear(face, t);
    if presence::has_second_subject(frame, t) {
        Some(Hint::MultipleFaces)
    } else if unclear == Some(Unclear::Tilted) {
        // Head or device lies on its side. Before the others: what they measure is for upright faces.
        Some(Hint::LookStraight)
    } else if is_cut_off(face.bounds, frame)
        || is_too_close(face.bounds, frame)
        || unclear == Some(Unclear::Close)
    {
        Some(Hint::FaceOutOfFrame)
    } else if face.bounds.width < SMALL_PX {
        Some(Hint::FaceTooSmall)
    } else if face.quality.brightness < DARK {
        Some(Hint::TooDark)
    } else if face.quality.brightness > BRIGHT {
        Some(Hint::TooBright)
    } else if unclear == Some(Unclear::Noisy) {
        match worst_noise(&face.quality, t).0 {
            Noise::Glare => Some(Hint::TooBright),
            // A camera makes noise where it lacks light.
            Noise::Fine | Noise::Coarse | Noise::Colour | Noise::Around => Some(Hint::TooDark),
        }
    } else if unclear == Some(Unclear::Blurred) || face.quality.sharpness < BLURRED {
        Some(Hint::Blurred)
    } else {
        None
    }
}

/// Whether a face leaves so little room around it that anti-spoof models cannot see what they judge by.
fn is_too_close(face: Bounds, frame: &FrameMeasurement) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
    let shorter = frame.width.min(frame.height) as f32;
    face.width > CLOSE_SHARE * shorter
}

fn is_cut_off(face: Bounds, frame: &FrameMeasurement) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
    let (width, height) = (frame.width as f32, frame.height as f32);
    let touches =
        |from: f32, size: f32, side: f32| from.min(side - (from + size)) < MARGIN_SHARE * size;
    touches(face.x, face.width, width) || touches(face.y, face.height, height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Phase;
    use crate::measurement::Face;
    use crate::testing::{detected, frame, no_face};

    #[test]
    fn a_hint_names_what_is_wrong_with_the_picture() {
        let t = Thresholds::default();
        let hint =
            |change: fn(&mut Face)| of_picture(&frame(Phase::Center, change).measurement, &t);
        assert_eq!(hint(|_| {}), None);
        assert_eq!(hint(|f| f.bounds.width = 60.0), Some(Hint::FaceTooSmall));
        assert_eq!(hint(|f| f.bounds.width = 20.0), Some(Hint::FaceTooSmall));
        assert_eq!(hint(|f| f.bounds.x = -40.0), Some(Hint::FaceOutOfFrame));
        assert_eq!(hint(|f| f.bounds.y = 600.0), Some(Hint::FaceOutOfFrame));
        assert_eq!(hint(|f| f.bounds.x = 0.5), Some(Hint::FaceOutOfFrame));
        assert_eq!(hint(|f| f.quality.brightness = 20.0), Some(Hint::TooDark));
        assert_eq!(hint(|f| f.quality.noise = 20.0), Some(Hint::TooDark));
        // Colours that are cut off at white are noise too, and come of too much light.
        assert_eq!(
            hint(|f| (f.quality.brightness, f.quality.coarse_noise.red) = (200.0, 3.0)),
            Some(Hint::TooBright)
        );
        assert_eq!(hint(|f| f.margins = vec![None]), Some(Hint::FaceOutOfFrame));
        for roll in [-90.0, 50.0, 180.0] {
            let mut tilted = frame(Phase::Center, |_| {}).measurement;
            tilted.face.as_mut().unwrap().pose.roll = roll;
            assert_eq!(of_picture(&tilted, &t), Some(Hint::LookStraight), "{roll}");
        }
        assert_eq!(
            hint(|f| f.quality.brightness = 240.0),
            Some(Hint::TooBright)
        );
        assert_eq!(hint(|f| f.quality.sharpness = 5.0), Some(Hint::Blurred));
        assert_eq!(
            of_picture(&no_face(Phase::Center).measurement, &t),
            Some(Hint::NoFace)
        );
        let mut two = frame(Phase::Center, |_| {}).measurement;
        two.faces.push(detected(190.0));
        assert_eq!(of_picture(&two, &t), Some(Hint::MultipleFaces));
    }
}
