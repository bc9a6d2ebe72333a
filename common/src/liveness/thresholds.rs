//! Every number that a decision depends on, and where it comes from.

use serde::{Deserialize, Serialize};

/// The operating point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Mean anti-spoof score over the frames below which a capture is an attack presentation.
    pub anti_spoof: f32,
    /// Identity consistency below which a capture shows more than one person.
    pub same_person: f32,
    /// Share of frames that must show a face. From the public document: 70%.
    pub face_ratio: f32,
    /// |yaw| and |pitch| up to which a head faces the camera before it turns, degrees.
    pub neutral_deg: f32,
    /// Least that an angle must change in a head movement, degrees: half of the smallest angle that
    /// a session may ask for, so that a pose which is within `neutral_deg` and reaches it is none.
    pub movement_deg: f32,
    /// |yaw| up to which eye aspect ratios are comparable, degrees: beyond it foreshortening
    /// changes them more than a half-closed lid does.
    pub eyes_yaw_deg: f32,
    /// |pitch| up to which eye aspect ratios are comparable, degrees: the upper lid follows the
    /// head down.
    pub eyes_pitch_deg: f32,
    /// Frames with eyes visible that a blink needs. From the public document: 3.
    pub blink_frames: usize,
    /// Share of the session's own open-eye level below which an eye is closed. Measured open levels
    /// are 0.17-0.35 and closed ones 0.02-0.08; narrow eyes vary by a quarter without closing.
    pub blink_closed_share: f32,
    /// Share of the session's own open-eye level above which an eye is open.
    pub blink_open_share: f32,
    /// |yaw| and |pitch| up to which a frame is a portrait: best frame, embedding. Degrees.
    pub portrait_deg: f32,
    /// Width of a second face, as a share of the main one's, above which it is a second subject.
    pub second_face_share: f32,
    /// Frames with a second subject from which a capture shows more than one person.
    pub second_face_frames: usize,
    /// The same as a share, where it is more: one in so many frames.
    pub second_face_one_in: usize,
    /// Share of its peak below which a frame of a movement is on the way there, or back. Stills that
    /// follow one another have none; live turns, 15 frames a second, went at most 9 degrees from one
    /// frame to the next, and hasty ones 13.
    pub way_share: f32,
    /// Share of the angle asked for from which a head is on its way to it.
    pub way_begins_share: f32,
    /// Share of the way from the camera's direction to the angle asked for that a pose in between must
    /// be away from either end of a turn. A still that is sent again with other noise and compression
    /// moves by less than a degree.
    pub between_share: f32,
    /// The same as an angle, where it is more, degrees.
    pub between_deg: f32,
    /// Share of the way from the score at rest to 1 from which lips smile. Measured: 0-0.4 at rest and
    /// in speech mostly, 0.7-0.9 smiling.
    pub smile_share: f32,
    /// Opening of the mouth beyond that at rest, by its width, from which it is open. Measured: up to
    /// 0.34 in speech, 0.41-0.54 open wide.
    pub mouth_opening: f32,
    /// Identity consistency of faces in reliable poses below which a session ends at once. The highest
    /// of other people measured 0.33-0.41 by pose, the least of one person 0.42 over whole clips with
    /// far turns: this is far enough from the latter to be asked again after every frame.
    pub other_person: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            anti_spoof: 0.5,
            same_person: 0.40,
            face_ratio: 0.7,
            neutral_deg: 12.0,
            movement_deg: 5.0,
            eyes_yaw_deg: 20.0,
            eyes_pitch_deg: 15.0,
            blink_frames: 3,
            blink_closed_share: 0.6,
            blink_open_share: 0.7,
            portrait_deg: 15.0,
            second_face_share: 0.5,
            second_face_frames: 2,
            second_face_one_in: 10,
            way_share: 0.85,
            way_begins_share: 1.0 / 3.0,
            between_share: 0.15,
            between_deg: 2.0,
            smile_share: 0.5,
            mouth_opening: 0.4,
            other_person: 0.25,
        }
    }
}
