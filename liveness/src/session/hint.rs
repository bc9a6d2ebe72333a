//! Hints for the subject: each frame gets one, naming what to change first.
//!
//! No verdict rests on hints. Their limits are the values at which measurements begin to suffer.

use serde::{Deserialize, Serialize};

use crate::evidence::clarity::{Noise, Unclear, unclear, worst_noise};
use crate::evidence::poor::{BRIGHT, DARK};
use crate::evidence::presence;
use crate::measurement::{Bounds, FrameMeasurement};
use crate::thresholds::Thresholds;

/// A change that the subject, or the person who holds the camera, should make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hint {
    /// No face is in the picture.
    NoFace,
    /// A second person is in the picture.
    MultipleFaces,
    /// The face is too small: come nearer.
    FaceTooSmall,
    /// The face reaches the edge of the picture, or fills it: move to the middle, or move back.
    FaceOutOfFrame,
    /// The face is dark or noisy: more light.
    TooDark,
    /// The face is too bright: less light.
    TooBright,
    /// The face is blurred: hold still, clean the lens.
    Blurred,
    /// Face the camera first: upright, and with a face at rest.
    LookStraight,
    /// Open the eyes, or remove what hides them.
    EyesNotVisible,
    /// The picture is good: do the task.
    KeepGoing,
}

/// Width of a face below which the hint asks for a larger one, pixels; the embedder's input is 112.
const SMALL_PX: f32 = 80.0;
/// Least distance between the face and the edge of the frame, as a share of the face's size.
///
/// The detector's box ends at the edge if a part of the face lies beyond it.
const MARGIN_SHARE: f32 = 0.01;
/// Width of a face from which it is too close, as a share of the frame's shorter side.
///
/// Measured: models whose crops are 2.7 and 4 times as large as the face score 92% of live faces wider than
/// 0.7 as attacks.
const CLOSE_SHARE: f32 = 0.7;
/// Variance of the Laplacian below which a face is blurred, grey levels squared.
///
/// Measured on ten clips: 67 while a head turns fast, 240 and more while it faces the camera.
const BLURRED: f32 = 30.0;

/// The first problem of the picture; `None` if it is good.
pub fn of_picture(frame: &FrameMeasurement, t: &Thresholds) -> Option<Hint> {
    let Some(face) = &frame.face else {
        return Some(Hint::NoFace);
    };
    let unclear = unclear(face, t);
    if presence::has_second_subject(frame, t) {
        Some(Hint::MultipleFaces)
    } else if unclear == Some(Unclear::Tilted) {
        // The head or the device lies on its side. Checked before the others, which measure upright faces.
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
            // A camera makes noise if it lacks light.
            Noise::Fine | Noise::Coarse | Noise::Colour | Noise::Around => Some(Hint::TooDark),
        }
    } else if unclear == Some(Unclear::Blurred) || face.quality.sharpness < BLURRED {
        Some(Hint::Blurred)
    } else {
        None
    }
}

/// Whether a face is so close that anti-spoof models lack the surroundings by which they judge.
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
        // Colours that are cut off at white are noise too. Their cause is too much light.
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
