//! Retry hints: what the person should do differently in the next try.

use livegate_liveness::retry::RetryHint as Domain;
use serde::Deserialize;

use super::public_enum::public_enum;

public_enum! {
    /// What the person should do differently in the next try.
    ///
    /// It may be shown to the person: it follows from how well the face could be seen and from actions that were missed,
    /// never from anti-spoofing or identity. More may be added: show nothing for one that you do not know.
    ///
    /// - `keep_face_in_frame`: no face was found in some frames, or none while an action was to be shown.
    /// - `one_person_only`: a second face of comparable size was in the picture.
    /// - `hold_upright`: the face was tilted, or the device lay on its side.
    /// - `come_closer`: the face was too small.
    /// - `move_back`: the face filled the picture.
    /// - `more_light`: the face was dark, or noisy as in the dark.
    /// - `less_light`: the face was too bright.
    /// - `remove_glare`: the face was overexposed: its colours were cut off at white. Reflections on glasses and glare on
    ///   a part of the face are not measured.
    /// - `hold_still`: the face was blurred.
    /// - `look_straight`: a turn did not begin at a face towards the camera, or the face was turned away while the eyes
    ///   or the mouth were to move.
    /// - `turn_further_left`: the angle of a turn to the person's own left was not reached.
    /// - `turn_further_right`: the same to the right.
    /// - `look_further_up`: the same upwards.
    /// - `look_further_down`: the same downwards.
    /// - `turn_less_far`: the face was turned so far that it could not be compared.
    /// - `move_slower`: the turn was reached, but no pose on the way was seen.
    /// - `follow_order`: an action was shown before the one that comes first.
    /// - `blink_longer`: the eyes did not close, or for too short a time.
    /// - `open_eyes`: no open eyes were seen before the blink, or none after it.
    /// - `smile_wider`: the smile was too small.
    /// - `open_mouth_wider`: the mouth did not open far enough.
    /// - `relax_face`: no face at rest was seen before the smile or the open mouth.
    #[derive(Deserialize)]
    pub enum RetryHint = Domain {
        /// Keep the whole face in the picture.
        KeepFaceInFrame = "keep_face_in_frame",
        /// Be alone in the picture.
        OnePersonOnly = "one_person_only",
        /// Hold head and device upright.
        HoldUpright = "hold_upright",
        /// Come closer.
        ComeCloser = "come_closer",
        /// Move back.
        MoveBack = "move_back",
        /// More light.
        MoreLight = "more_light",
        /// Less light.
        LessLight = "less_light",
        /// No light straight on the face.
        RemoveGlare = "remove_glare",
        /// Hold still.
        HoldStill = "hold_still",
        /// Face the camera before each movement.
        LookStraight = "look_straight",
        /// Turn further to the left.
        TurnFurtherLeft = "turn_further_left",
        /// Turn further to the right.
        TurnFurtherRight = "turn_further_right",
        /// Look further up.
        LookFurtherUp = "look_further_up",
        /// Look further down.
        LookFurtherDown = "look_further_down",
        /// Turn less far.
        TurnLessFar = "turn_less_far",
        /// Move slower.
        MoveSlower = "move_slower",
        /// Keep the order of the actions.
        FollowOrder = "follow_order",
        /// Close both eyes fully, and for longer.
        BlinkLonger = "blink_longer",
        /// Open the eyes before and after a blink.
        OpenEyes = "open_eyes",
        /// Smile wider.
        SmileWider = "smile_wider",
        /// Open the mouth wider.
        OpenMouthWider = "open_mouth_wider",
        /// Relax the face before the movement.
        RelaxFace = "relax_face",
    }
}

impl RetryHint {
    /// The public forms of these hints, in their order.
    pub fn all(hints: &[Domain]) -> Vec<Self> {
        hints.iter().copied().map(Self::from).collect()
    }
}
