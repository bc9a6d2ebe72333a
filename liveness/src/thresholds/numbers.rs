//! The numbers themselves; `shipped.toml` says what each is and where it comes from.

use serde::{Deserialize, Serialize};

use super::pad::PadThresholds;

/// The operating point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The numbers that belong to the anti-spoof models in use. A file keeps them with the set of models.
    #[serde(skip)]
    pub pad: PadThresholds,
    /// Pictures of a part that are judged together, of frames that the caller chose: the weakest.
    pub weakest_chosen: usize,
    /// The same where frames came densely.
    pub weakest_dense: usize,
    /// Pictures of a capture of chosen frames that are judged together: the weakest of all its parts.
    pub weakest_whole: usize,
    /// Likeness to the portrait from which a frontal face is the same person's, a cosine.
    pub same_person: f32,
    /// The same, each face taken as a frontal one, below which a session ends at once.
    pub other_person: f32,
    /// Likeness that is demanded of a face turned as far as can be compared, a cosine.
    pub far_likeness: f32,
    /// The same of one that looks down.
    pub far_likeness_down: f32,
    /// Turn up to which the full likeness is demanded, degrees of yaw or as much pitch.
    pub reliable_turn_deg: f32,
    /// Turn beyond which a face says nothing and supports nothing, likewise.
    pub comparable_turn_deg: f32,
    /// |yaw| and |pitch| that may not both be exceeded by a face that is compared, degrees.
    pub oblique_deg: f32,
    /// How much more a degree up weighs than one to the side.
    pub up_weight: f32,
    /// How much more a degree down weighs than one to the side.
    pub down_weight: f32,
    /// Faces unlike the portrait from which a clip or a session shows more than one person.
    pub strangers_dense: usize,
    /// Likeness of any two faces in near poses below which they are two people's, a cosine.
    pub least_likeness: f32,
    /// Turn up to which two faces are compared with one another, and how far apart their poses may be,
    /// degrees of yaw or as much pitch.
    pub pair_turn_deg: f32,
    /// Score of two pictures from which they are one.
    pub copy_likeness: f32,
    /// Copies that a clip may hold by chance.
    pub copies_dense: usize,
    /// Of turned frames that the caller chose, one in this many may hold the picture of the one before
    /// it, and one in any case.
    pub held_chosen_one_in: usize,
    /// Held frames among the latest 16 turned ones where frames came densely, each compared with the
    /// sixth before it.
    pub held_dense: usize,
    /// What a picture between two poses must leave over when a mixture of two others is taken away, as a share
    /// of its contrast, 0 to 1.
    pub left_over: f32,
    /// How far the poses of one picture may differ, degrees.
    pub copy_pose_deg: f32,
    /// How far a head must go, in yaw or pitch, to have moved away, degrees.
    pub copy_away_deg: f32,
    /// How far a raster may stand out of a face's spectrum, natural logarithm of power.
    pub raster: f32,
    /// How much of the outline of a rectangle around the face may run along straight edges, 0 to 1.
    pub border: f32,
    /// Speed above which it was no head that turned, degrees a second.
    pub head_speed: f32,
    /// How much of a difference between two poses may be error of measurement, degrees.
    pub pose_error_deg: f32,
    /// Width of a face below which it counts as not seen, pixels.
    pub face_px: f32,
    /// Effective resolution of a face below which it counts as not seen, pixels across it.
    pub face_detail_px: f32,
    /// Noise of a face's pixels beyond which it counts as not seen, grey levels.
    pub face_noise: f32,
    /// The same of its brightness at 48x48 pixels.
    pub coarse_luma_noise: f32,
    /// The same of its red difference.
    pub coarse_red_noise: f32,
    /// The same of its blue difference.
    pub coarse_blue_noise: f32,
    /// Colour noise around a face beyond which it counts as not seen, grey levels.
    pub surround_noise: f32,
    /// Colour of a face and of what is around it below which its picture is grey, and not judged: percent of the
    /// brightness.
    pub colour: f32,
    /// Change of the colours around the face that one step may bring, 0 to 1.
    pub scene_step: f32,
    /// How much more it may bring for each second between two frames.
    pub scene_rate: f32,
    /// The most that it may bring.
    pub scene_most: f32,
    /// Share of frames that must show a face.
    pub face_ratio: f32,
    /// |yaw| and |pitch| up to which a head faces the camera before it turns, degrees.
    pub neutral_deg: f32,
    /// How much of a lowered or raised head at rest counts towards looking up or down, degrees.
    pub lean_deg: f32,
    /// Least that an angle must change in a head movement, degrees.
    pub movement_deg: f32,
    /// Tilt up to which a face is upright, live, degrees.
    pub upright_deg: f32,
    /// |yaw| up to which eye aspect ratios are comparable, degrees.
    pub eyes_yaw_deg: f32,
    /// |pitch| up to which eye aspect ratios are comparable, degrees.
    pub eyes_pitch_deg: f32,
    /// Aspect ratio from which eyes may be open at rest.
    pub eyes_open_ratio: f32,
    /// Mean blink score from which they are not.
    pub eyes_shut_score: f32,
    /// Smile score up to which a face may be at rest.
    pub rest_smile: f32,
    /// Opening of the mouth, by its width, up to which it may be at rest.
    pub rest_opening: f32,
    /// Frames with eyes visible that a blink needs.
    pub blink_frames: usize,
    /// Share of the session's own open-eye level below which an eye is closed.
    pub blink_closed_share: f32,
    /// Share of the session's own open-eye level above which an eye is open.
    pub blink_open_share: f32,
    /// The same for eyes so narrow that they are never above the challenge's `blink_ear`.
    pub blink_narrow_share: f32,
    /// How much the mean blink score of both eyes must rise above that of the person's open eyes for a
    /// low aspect ratio to be a closed lid, and not a squint or the edge of glasses.
    pub blink_rise: f32,
    /// |yaw| and |pitch| up to which a frame is a portrait: best frame, embedding. Degrees.
    pub portrait_deg: f32,
    /// Width of a second face, as a share of the main one's, above which it is a second subject.
    pub second_face_share: f32,
    /// Frames with a second subject from which a capture shows more than one person.
    pub second_face_frames: usize,
    /// The same as a share, where that is more: one in this many frames.
    pub second_face_one_in: usize,
    /// Share of its peak below which a frame of a movement is on the way there, or back.
    pub way_share: f32,
    /// Share of the angle asked for from which a head is on its way to it.
    pub way_begins_share: f32,
    /// Share of the way from the camera's direction to the angle asked for that a pose in between must
    /// be away from either end of a turn.
    pub between_share: f32,
    /// The same as an angle, where it is more, degrees.
    pub between_deg: f32,
    /// Share of the way from the score at rest to 1 from which lips smile.
    pub smile_share: f32,
    /// Opening of the mouth beyond that at rest, by its width, from which it is open.
    pub mouth_opening: f32,
}
