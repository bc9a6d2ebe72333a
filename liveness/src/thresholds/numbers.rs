//! The thresholds. `shipped.toml` has the value, unit and source of each.

use serde::{Deserialize, Serialize};

use super::pad::PadThresholds;

/// The numbers that decide, with their units. Cosines are from -1 to 1, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Thresholds of the anti-spoof models in use. A file stores them with the set of models.
    #[serde(skip)]
    pub pad: PadThresholds,
    /// Number of weakest pictures of a part that are judged together, for frames that the caller chose.
    pub weakest_chosen: usize,
    /// The same number for dense frames.
    pub weakest_dense: usize,
    /// Number of weakest pictures of a whole capture that are judged together, for frames that the caller
    /// chose.
    pub weakest_whole: usize,
    /// Least likeness to the portrait of a frontal face of the same person, a cosine.
    pub same_person: f32,
    /// Likeness to the portrait, adjusted to that of a frontal face, below which a session ends at once, a
    /// cosine.
    pub other_person: f32,
    /// Least likeness to the portrait of a face turned as far as can be compared, a cosine.
    pub far_likeness: f32,
    /// The same for a face that looks down.
    pub far_likeness_down: f32,
    /// Turn up to which the full likeness is required, degrees of yaw, with pitch weighted.
    pub reliable_turn_deg: f32,
    /// Turn beyond which a face is not compared and supports no action, degrees of yaw, with pitch
    /// weighted.
    pub comparable_turn_deg: f32,
    /// Limit of |yaw| and |pitch|, degrees. A face that exceeds it in both is not compared.
    pub oblique_deg: f32,
    /// Weight of a degree of pitch up against a degree of yaw.
    pub up_weight: f32,
    /// Weight of a degree of pitch down against a degree of yaw.
    pub down_weight: f32,
    /// Number of faces unlike the portrait from which a clip or a session shows more than one person.
    pub strangers_dense: usize,
    /// Least likeness of any two faces in near poses of one person, a cosine.
    pub least_likeness: f32,
    /// Least likeness of a reference and the portrait of the same person, a cosine.
    pub reference_match: f32,
    /// Turn up to which two faces are compared with each other, and largest difference of their poses,
    /// degrees of yaw, with pitch weighted.
    pub pair_turn_deg: f32,
    /// Correlation of two aligned sketches from which both show the same picture, -1 to 1.
    pub copy_likeness: f32,
    /// The same where the head stayed and only the expression changed meanwhile.
    pub copy_unmoved_likeness: f32,
    /// Number of copies that a clip may contain by accident, after a movement of the head.
    pub copies_dense: usize,
    /// Of the turned frames that a caller chose, one in this many may hold the picture of the frame before,
    /// and at least one.
    pub held_chosen_one_in: usize,
    /// Most held frames among the latest 16 turned ones, for dense frames. A frame is held if it shows the
    /// picture of the sixth turned frame before it.
    pub held_dense: usize,
    /// Least share of the contrast of a picture between two poses that a mixture of two others must not
    /// explain, 0 to 1.
    pub left_over: f32,
    /// Largest difference between the measured poses of one picture, degrees.
    pub copy_pose_deg: f32,
    /// Least change of yaw or pitch of a head that has moved away, degrees.
    pub copy_away_deg: f32,
    /// Largest height of a peak in a face's spectrum, natural logarithm of power.
    pub raster: f32,
    /// Largest share of the outline of a rectangle around the face that runs along straight edges, 0 to 1.
    pub border: f32,
    /// Highest speed of a turning head, degrees a second.
    pub head_speed: f32,
    /// Largest error in the difference of two poses, degrees.
    pub pose_error_deg: f32,
    /// Least width of a clear face, pixels.
    pub face_px: f32,
    /// Least effective resolution of a clear face, pixels across it.
    pub face_detail_px: f32,
    /// Most noise in the pixels of a clear face, grey levels.
    pub face_noise: f32,
    /// Most noise in its brightness at 48x48 pixels, grey levels.
    pub coarse_luma_noise: f32,
    /// Most noise in its red difference at 48x48 pixels, grey levels.
    pub coarse_red_noise: f32,
    /// Most noise in its blue difference at 48x48 pixels, grey levels.
    pub coarse_blue_noise: f32,
    /// Most colour noise around a clear face, grey levels.
    pub surround_noise: f32,
    /// Least colour of a face and its surroundings, percent of the brightness. A picture with less is grey
    /// and is not judged.
    pub colour: f32,
    /// Largest change of the colours around the face in one step, 0 to 1, without the share for its
    /// duration.
    pub scene_step: f32,
    /// How much larger that change may be for each second between two frames.
    pub scene_rate: f32,
    /// Largest change of the colours around the face in a step of any duration, 0 to 1.
    pub scene_most: f32,
    /// Least share of frames that must show a clear face, 0 to 1.
    pub face_ratio: f32,
    /// Limit of |yaw| and |pitch| of a head that faces the camera before it turns, degrees.
    pub neutral_deg: f32,
    /// How much of a lowered or raised head at rest is credited to a look up or down, degrees.
    pub lean_deg: f32,
    /// Least change of an angle in a head movement, degrees.
    pub movement_deg: f32,
    /// Largest roll of an upright face, degrees.
    pub upright_deg: f32,
    /// Limit of |yaw| within which eye aspect ratios can be compared, degrees.
    pub eyes_yaw_deg: f32,
    /// Limit of |pitch| within which eye aspect ratios can be compared, degrees.
    pub eyes_pitch_deg: f32,
    /// Least aspect ratio of eyes that may be open at rest.
    pub eyes_open_ratio: f32,
    /// Mean blink score from which eyes are not open at rest, 0 to 1.
    pub eyes_shut_score: f32,
    /// Highest smile score of a face that may be at rest, 0 to 1.
    pub rest_smile: f32,
    /// Largest opening of a mouth that may be at rest, as a share of its width.
    pub rest_opening: f32,
    /// Least number of frames with visible eyes in a blink.
    pub blink_frames: usize,
    /// Share of the person's own open-eye level below which an eye is closed.
    pub blink_closed_share: f32,
    /// Share of the person's own open-eye level above which an eye is open.
    pub blink_open_share: f32,
    /// The same share for eyes so narrow that they are never above the challenge's `blink_ear`.
    pub blink_narrow_share: f32,
    /// Least rise of the mean blink score of both eyes above that of the person's open eyes, 0 to 1. With a
    /// smaller rise, a low aspect ratio is not a closed lid but a squint or the edge of glasses.
    pub blink_rise: f32,
    /// Limit of |yaw| and |pitch| of a portrait (best frame, embedding), degrees.
    pub portrait_deg: f32,
    /// Width of a second face, as a share of the main face's width, above which it is a second subject.
    pub second_face_share: f32,
    /// Number of frames with a second subject from which a capture shows more than one person.
    pub second_face_frames: usize,
    /// The same limit as one frame in this many, where that is more frames.
    pub second_face_one_in: usize,
    /// Least distance of a pose in between from either end of a turn, as a share of the way from the start
    /// to the peak or to the required angle, whichever is further.
    pub between_share: f32,
    /// The same distance as an angle, where that is more, degrees.
    pub between_deg: f32,
    /// Share of the way from the score at rest to 1 from which lips smile.
    pub smile_share: f32,
    /// Opening of the mouth beyond that at rest, as a share of its width, from which the mouth is open.
    pub mouth_opening: f32,
}
