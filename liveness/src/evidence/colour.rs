//! Faces shown without colour, as by an infrared camera.
//!
//! Anti-spoof models were trained on colour pictures and score a living person in grey as an attack. So a
//! grey picture is not judged, and the answer names that reason.

use crate::measurement::FrameMeasurement;
use crate::thresholds::Thresholds;

/// Colour of a frame that shows a face with too little of it, percent of the brightness; `None` for any
/// other frame.
///
/// A frame without a face may be grey: the lens may be covered, or the camera just starting.
pub fn lacking(frame: &FrameMeasurement, t: &Thresholds) -> Option<f32> {
    let colour = frame.face.as_ref()?.quality.colour;
    (colour < t.colour).then_some(colour)
}

/// Median colour of a clip's faces, percent of the brightness, if it is too little; otherwise `None`.
pub fn lacking_throughout<'a>(
    frames: impl IntoIterator<Item = &'a FrameMeasurement>,
    t: &Thresholds,
) -> Option<f32> {
    let faces = frames.into_iter().filter_map(|f| f.face.as_ref());
    let mut colours: Vec<f32> = faces.map(|f| f.quality.colour).collect();
    colours.sort_unstable_by(f32::total_cmp);
    let median = *colours.get(colours.len() / 2)?;
    (median < t.colour).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Phase;
    use crate::testing::{frame, no_face};

    fn coloured(colour: f32) -> FrameMeasurement {
        frame(Phase::Center, |f| f.quality.colour = colour).measurement
    }

    #[test]
    fn a_face_in_grey_lacks_colour_and_a_frame_without_a_face_does_not() {
        let t = Thresholds::default();
        assert_eq!(lacking(&coloured(0.0), &t), Some(0.0));
        assert_eq!(lacking(&coloured(t.colour), &t), None);
        assert_eq!(lacking(&no_face(Phase::Center).measurement, &t), None);
    }

    #[test]
    fn a_clip_lacks_colour_where_most_of_its_faces_do() {
        let t = Thresholds::default();
        let of = |colours: &[f32]| {
            let frames: Vec<FrameMeasurement> = colours.iter().map(|c| coloured(*c)).collect();
            lacking_throughout(&frames, &t)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[0.0, 0.1, 9.0]), Some(0.1));
        assert_eq!(of(&[0.0, 8.0, 9.0]), None);
        let none = no_face(Phase::Center).measurement;
        assert_eq!(lacking_throughout([&none, &none, &coloured(9.0)], &t), None);
    }
}
