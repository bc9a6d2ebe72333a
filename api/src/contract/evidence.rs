//! Evidence: findings that have no field of their own, each with a sentence for people.

use livegate_liveness::evidence::{Kind, Part, Statement};
use livegate_liveness::judge::Undecodable;
use poem_openapi::Object;
use serde::Serialize;

use super::nullable::Nullable;
use super::numbers::rounded;

/// A finding that has no field of its own.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Evidence {
    /// The kind of evidence. More may be added.
    ///
    /// - `second_face_frames`: frames show a second face over half as wide as the main one. `measured`
    ///   is the number of such frames, `required` is how many are allowed.
    /// - `least_likeness`: two faces in near poses are not one person's. `measured` is the cosine of
    ///   their embeddings, -1 to 1, `required` is the minimum.
    /// - `weakest_part`: the part of the capture (facing the camera, turned one way, or all of it)
    ///   whose anti-spoof score is furthest below its threshold. `measured` is the score of its weakest
    ///   pictures, 0 to 1, `required` is the minimum.
    /// - `repeated_pictures`: frames hold the same picture as an earlier one although the head moved, the
    ///   eyes closed or the mouth moved in between. `measured` is the number of such frames, `required` is how many are allowed.
    /// - `held_pictures`: frames of a turned head hold the picture of another frame; a turned head does
    ///   not hold that still. `measured` is the number of such frames, `required` is how many are
    ///   allowed.
    /// - `cross_fade`: pictures between two poses are mixtures of two others. `measured` is the share
    ///   of their contrast that a mixture does not explain, 0 to 1, `required` is the minimum.
    /// - `screen_raster`: a regular pattern covers the face. `measured` is the height of its peak in
    ///   the picture's spectrum, natural logarithm of power, `required` is the maximum.
    /// - `screen_border`: a rectangle surrounds the face. `measured` is the share of its outline that
    ///   is visible, 0 to 1, `required` is the maximum.
    /// - `head_speed`: the head turns faster than a head can, in clips and live sessions. `measured` is
    ///   the speed in degrees a second, `required` is the maximum.
    /// - `scene_change`: the surroundings change abruptly, in clips and live sessions. `measured` is
    ///   the change divided by what the time between two frames allows, `required` is 1.
    /// - `captured_before_session`: the capture lasts longer by its own times than its session has
    ///   existed, where the server drew the challenge. `measured` is how long the capture lasts, in
    ///   seconds, `required` is the maximum.
    /// - `mirrored`: a hint that goes with `challenge_failed`. Every turn to a side was made to the
    ///   other side, as in mirror images. `measured` is the number of such turns, `required` is how
    ///   many are allowed.
    /// - `undecodable_frame`: a frame cannot be decoded. `measured` is its index.
    /// - `no_colour`: a frame, which `text` names, shows a face in a grey picture, or the clip is grey.
    ///   `measured` is the spread of colours that brightness does not explain, percent of the
    ///   brightness, `required` is the minimum.
    /// - `unplayable_clip`: the clip cannot be decoded, is larger or longer than allowed, or is longer
    ///   than this server can measure in time.
    pub name: String,
    /// The number found, with the meaning given under `name`; null where nothing is counted.
    pub measured: Nullable<f64>,
    /// The limit for `measured`: a minimum or a maximum, as given under `name`; null where there is
    /// none.
    pub required: Nullable<f64>,
    /// The same finding in a sentence for people.
    pub text: String,
}

impl Evidence {
    /// The hint that all turns to a side, `turns` of them, were made to the other side.
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    pub fn other_side(turns: usize) -> Self {
        Self {
            name: "mirrored".to_owned(),
            measured: Nullable(Some(turns as f64)),
            required: Nullable(Some(0.0)),
            text: "Every turn to a side was made to the other side. If the frames are mirror images, create the session with `mirrored` set to true; if it was set already, leave it out. If they are not mirror images, the person turned the wrong way.".to_owned(),
        }
    }

    /// Evidence for a medium that could not be judged.
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    pub fn undecodable(medium: &Undecodable) -> Self {
        match medium {
            Undecodable::Frame { index, cause } => Self {
                name: "undecodable_frame".to_owned(),
                measured: Nullable(Some(*index as f64)),
                required: Nullable(None),
                text: format!("Frame {index} cannot be decoded: {cause}."),
            },
            Undecodable::NoColour {
                frame,
                measured,
                required,
            } => Self {
                name: "no_colour".to_owned(),
                measured: Nullable(Some(rounded(*measured))),
                required: Nullable(Some(rounded(*required))),
                text: format!(
                    "{} (colour of {measured:.1}% of the brightness; at least {required:.1}% is required): use a colour camera in light, not an infrared one. The anti-spoof models know colour only.",
                    frame.map_or_else(
                        || "The clip is grey".to_owned(),
                        |f| format!("Frame {f} is grey")
                    ),
                ),
            },
            Undecodable::Clip { cause } => Self {
                name: "unplayable_clip".to_owned(),
                measured: Nullable(None),
                required: Nullable(None),
                text: format!("The clip cannot be judged: {cause}."),
            },
        }
    }
}

impl From<&Statement> for Evidence {
    fn from(said: &Statement) -> Self {
        Self {
            name: said.kind.name().to_owned(),
            measured: Nullable(Some(rounded(said.measured))),
            required: Nullable(Some(rounded(said.required))),
            text: sentence(said),
        }
    }
}

/// The finding in a sentence, for people who have to act on it.
fn sentence(said: &Statement) -> String {
    let (measured, required) = (said.measured, said.required);
    let at = said
        .frame
        .map(|f| format!(" (frame {f})"))
        .unwrap_or_default();
    let part = said.part.map_or("of the capture as a whole", Part::words);
    match said.kind {
        Kind::SecondFace => format!(
            "{} a second face of comparable size; at most {required} may. Only one person should be in front of the camera.",
            frames_that(measured, "shows", "show")
        ),
        Kind::LeastLikeness => format!(
            "Two frames show faces that are not one person's{at}: their likeness is {measured:.2}, and that of one person is {required:.2} or more."
        ),
        Kind::WeakestPart => format!(
            "The frames {part} look like an attack presentation: their anti-spoof score is {measured:.2}, and at least {required:.2} is required. Other frames cannot make up for them."
        ),
        Kind::HeldPictures => format!(
            "{} the same picture of a turned head as another frame; at most {required} may. A turned head does not hold that still. Capture every frame anew.",
            frames_that(measured, "holds", "hold")
        ),
        Kind::CrossFade => format!(
            "Pictures between two poses are mixtures of two others: a mixture explains all but {measured:.2} of their contrast; for a head that turns, {required:.2} or more is left over. Send frames as the camera takes them."
        ),
        Kind::SceneChange => format!(
            "The surroundings of the face change abruptly{at}, {measured:.1} times as fast as in one recording: record in one go, in one place."
        ),
        Kind::CapturedBeforeSession => format!(
            "The capture lasts {measured:.1} seconds, but its session was created only {required:.1} seconds before the capture arrived: capture after the session is created."
        ),
        Kind::RepeatedPictures => format!(
            "{} the same picture as an earlier one, although the head or the expression changed in between{at}: capture every frame anew; a camera never takes the same picture twice.",
            frames_that(measured, "holds", "hold")
        ),
        Kind::Raster => format!(
            "The face is covered by a regular pattern ({measured:.1}, where skin has up to {required:.1}), as of a screen's pixels or a print's dots."
        ),
        Kind::Border => format!(
            "The face is framed by a rectangle, as of a screen or a sheet ({measured:.2} of its outline; up to {required:.2} may be by chance)."
        ),
        Kind::HeadSpeed => format!(
            "The head turned at {measured:.0} degrees a second{at}; a head does not turn faster than {required:.0}: frames are missing, or the clip is put together from several."
        ),
    }
}

/// The subject and the verb of a sentence about a number of frames.
fn frames_that(number: f32, one: &str, more: &str) -> String {
    if (number - 1.0).abs() < f32::EPSILON {
        format!("1 frame {one}")
    } else {
        format!("{number} frames {more}")
    }
}
