//! Why an action was not detected, and the units of what was measured.

use livegate_liveness::movement::{Unit, Why};

use super::public_enum::public_enum;

public_enum! {
    /// Why an action does not count. More may be added.
    ///
    /// - `no_frames`: no frame could show it, or too few: none are tagged for it, or they show no face.
    /// - `not_reached`: the angle was not reached, or the eyes did not close.
    /// - `not_reopened`: the eyes closed and were not seen open again.
    /// - `no_neutral_before`: the turn was reached, but no frame before it faces the camera or points
    ///   the other way.
    /// - `out_of_order`: it was shown, but not after the action that comes before it.
    /// - `no_movement`: it is a state, not a movement: the eyes are always like that, or a clip shows
    ///   no pose on the way there.
    /// - `not_comparable`: its frames show a face, but not one that can be compared with the portrait:
    ///   it is turned too far, or is another person's. Send the frame at which the angle is reached,
    ///   and one on the way.
    pub enum FailureReason = Why {
        /// No frame could show it, or too few.
        NoFrames = "no_frames",
        /// The angle was not reached, or the eyes did not close.
        NotReached = "not_reached",
        /// The eyes closed and were not seen open again.
        NotReopened = "not_reopened",
        /// No neutral face came before it.
        NoNeutralBefore = "no_neutral_before",
        /// It was shown before the action that comes first in the challenge.
        OutOfOrder = "out_of_order",
        /// It is a state, not a movement.
        NoMovement = "no_movement",
        /// None of its faces can be compared with the portrait.
        NotComparable = "not_comparable",
    }
}

public_enum! {
    /// The unit of a measured number.
    ///
    /// - `degrees`: an angle, with the sign of the action: negative for `turn_left` and `turn_up`.
    /// - `eye_aspect_ratio`: height of the eye's opening divided by its width, of the wider eye; about
    ///   0.17 to 0.4 when open.
    /// - `smile_score`: 0 to 1, from the expression model; 0 to 0.4 at rest.
    /// - `mouth_opening`: gap between the inner lips divided by the mouth's width; below 0.1 at rest.
    /// - `frames`: a number of frames.
    /// - `frame_index`: a position in the capture, counted from 0.
    pub enum MeasureUnit = Unit {
        /// Angle.
        Degrees = "degrees",
        /// Eye aspect ratio.
        EyeAspectRatio = "eye_aspect_ratio",
        /// Smile score.
        SmileScore = "smile_score",
        /// Opening of the mouth.
        MouthOpening = "mouth_opening",
        /// A number of frames.
        Frames = "frames",
        /// A position in the capture, from 0.
        FrameIndex = "frame_index",
    }
}
