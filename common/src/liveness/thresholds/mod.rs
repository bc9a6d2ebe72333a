//! Every number that a decision depends on.
//!
//! What each is held against is said here; its value, and the measurement behind it, in
//! `shipped.toml` and in files like it ([`OperatingPoint`]).

mod file;

use serde::{Deserialize, Serialize};

pub use self::file::{Models, OperatingPoint, OperatingPointError, Provenance};

/// The operating point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Combined anti-spoof score below which a capture is an attack presentation, 0 to 1.
    pub anti_spoof: f32,
    /// What makes the models' mean score that combined score.
    pub anti_spoof_scale: Scale,
    /// Identity consistency below which a capture shows more than one person.
    pub same_person: f32,
    /// Identity consistency of faces in reliable poses below which a session ends at once.
    pub other_person: f32,
    /// Likeness of any two faces that can be compared directly below which they are two people's.
    pub least_likeness: f32,
    /// |yaw| up to which embeddings of one person and of two do not overlap, degrees.
    pub reliable_yaw_deg: f32,
    /// |pitch| up to which they do not, degrees.
    pub reliable_pitch_deg: f32,
    /// |yaw| beyond which an embedding, or a pose, says nothing, degrees.
    pub usable_yaw_deg: f32,
    /// |pitch| beyond which they say nothing, degrees.
    pub usable_pitch_deg: f32,
    /// What a likeness may lack where a face is in a usable pose, but not a reliable one.
    pub likeness_allowance: f32,
    /// Difference in yaw and pitch up to which two faces can be compared directly, degrees.
    pub comparable_deg: f32,
    /// Correlation from which two pictures of one pose are the same, though the head moved between.
    pub copy_likeness: f32,
    /// One in so many frames may hold such a picture by chance, rounded down after the first so many.
    pub copy_one_in: usize,
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
    /// Noise of a face's pixels beyond which it counts as not seen, grey levels.
    pub face_noise: f32,
    /// Share of frames that must show a face.
    pub face_ratio: f32,
    /// |yaw| and |pitch| up to which a head faces the camera before it turns, degrees.
    pub neutral_deg: f32,
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
    /// Mean blink score of both eyes from which, live, a low aspect ratio is a closed lid, and not a
    /// squint or a look down.
    pub blink_score: f32,
    /// How much that score must rise above the session's own for open eyes, in a capture.
    pub blink_rise: f32,
    /// |yaw| and |pitch| up to which a frame is a portrait: best frame, embedding. Degrees.
    pub portrait_deg: f32,
    /// Width of a second face, as a share of the main one's, above which it is a second subject.
    pub second_face_share: f32,
    /// Frames with a second subject from which a capture shows more than one person.
    pub second_face_frames: usize,
    /// The same as a share, where it is more: one in so many frames.
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

/// A straight line through the log-odds of a score: what a fit on labelled captures gives, so that a
/// score is the share of captures like it that are bona fide.
///
/// Platt, "Probabilistic outputs for support vector machines", 1999.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// What log-odds are multiplied with, above 0.
    pub slope: f32,
    /// What is added to them.
    pub offset: f32,
}

/// Leaves scores as they are.
impl Default for Scale {
    fn default() -> Self {
        Self {
            slope: 1.0,
            offset: 0.0,
        }
    }
}

impl Scale {
    /// Scores nearer to 0 or 1 than this have no more to say.
    const LEAST_ODDS: f32 = 1e-4;

    /// The score on this scale, 0 to 1.
    pub fn apply(self, score: f32) -> f32 {
        if self == Self::default() {
            return score;
        }
        let odds = Self::log_odds(score) * self.slope + self.offset;
        1.0 / (1.0 + (-odds).exp())
    }

    /// Natural logarithm of the odds of a score, those of scores near 0 and 1 limited to about 9.2.
    pub fn log_odds(score: f32) -> f32 {
        let score = score.clamp(Self::LEAST_ODDS, 1.0 - Self::LEAST_ODDS);
        (score / (1.0 - score)).ln()
    }
}

/// As shipped.
impl Default for Thresholds {
    fn default() -> Self {
        OperatingPoint::shipped().thresholds.clone()
    }
}
