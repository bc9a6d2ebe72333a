//! What spoke against a session, for the key's owner.

use livegate_liveness::decision::Rejection;
use livegate_liveness::evidence::Statement;
use livegate_liveness::session::{End, Ending, Missed, Task};
use poem_openapi::Object;
use serde::Serialize;

use super::vocabulary::ChallengeType;
use crate::http::nullable::Nullable;
use crate::server_to_server::details::{Evidence, rounded};
use crate::server_to_server::poor_frames::PoorFrames;
use crate::server_to_server::vocabulary::{FailureReason, MeasureUnit};

/// What was measured and what it takes. Only the fields of checks that failed are there: each begins
/// with the reason code that it belongs to.
#[derive(Clone, Debug, Default, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SessionRejectionDetails {
    /// `spoof_detected`: the average anti-spoof score over all pictures, 0 to 1. It is reported, and
    /// decides nothing: a part of the session that is below `threshold` is named in `evidence`. Absent where
    /// no model could score.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Option<f64>,
    /// `spoof_detected`: the score that the weakest part takes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub threshold: Option<f64>,
    /// `different_persons_detected`: the consistency with one person, 0 to 1; below
    /// `same_person_threshold`. Absent where only other evidence, named in `evidence`, spoke against
    /// the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Option<f64>,
    /// `different_persons_detected`: the consistency that it takes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_threshold: Option<f64>,
    /// `insufficient_face_detections`: share of the frames whose face could be compared with
    /// others, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub face_detection_ratio: Option<f64>,
    /// `insufficient_face_detections`: the share that is usual, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub required_ratio: Option<f64>,
    /// `challenge_failed`: the challenges that were passed, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_actions: Option<Vec<ChallengeType>>,
    /// `challenge_failed`: the challenge that was not passed in time, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_actions: Option<Vec<FailedChallenge>>,
    /// Any reason: the frames whose face did not count as seen, and those in light so hard that scores suffer,
    /// by reason, most frames first; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poor_frames: Option<Vec<PoorFrames>>,
    /// What else spoke against the session, under `different_persons_detected` and `spoof_detected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<Evidence>>,
}

/// A challenge that was not passed in time.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FailedChallenge {
    /// The challenge.
    pub action: ChallengeType,
    /// What is missing.
    pub why: FailureReason,
    /// The nearest to `required` that was measured, in `unit`; null where there was nothing to
    /// measure.
    pub measured: Nullable<f64>,
    /// What it takes, in `unit`.
    pub required: f64,
    /// The unit of both numbers.
    pub unit: MeasureUnit,
}

impl SessionRejectionDetails {
    /// The details of an end, where there are any; `passed` are the tasks passed.
    pub fn of(end: &End, passed: &[Task]) -> Option<Self> {
        let rejections = end.rejections();
        let missed = match &end.ending {
            Ending::Failed { missing, .. } => *missing,
            Ending::Expired | Ending::Completed(_) => None,
        };
        let mut details = Self {
            poor_frames: PoorFrames::of(&end.poor),
            ..Self::default()
        };
        for rejection in rejections {
            details.add(rejection, missed, passed);
        }
        (!rejections.is_empty()).then_some(details)
    }

    fn add(&mut self, rejection: &Rejection, missed: Option<Missed>, passed: &[Task]) {
        match rejection {
            Rejection::InsufficientFaceDetections { measured, required } => {
                self.face_detection_ratio = Some(rounded(*measured));
                self.required_ratio = Some(rounded(*required));
            }
            Rejection::DifferentPersons {
                consistency,
                evidence,
            } => {
                self.same_person_score = consistency.map(|s| rounded(s.measured));
                self.same_person_threshold = consistency.map(|s| rounded(s.required));
                self.say(evidence);
            }
            Rejection::SpoofDetected { score, evidence } => {
                self.anti_spoof_avg_score = score.map(|s| rounded(s.measured));
                self.threshold = score.map(|s| rounded(s.required));
                self.say(evidence);
            }
            Rejection::ChallengeFailed => {
                self.completed_actions = Some(ChallengeType::all(passed));
                self.failed_actions = Some(missed.iter().map(FailedChallenge::from).collect());
            }
        }
    }
}

impl SessionRejectionDetails {
    fn say(&mut self, said: &[Statement]) {
        if !said.is_empty() {
            let all = self.evidence.get_or_insert_default();
            all.extend(said.iter().map(Evidence::from));
        }
    }
}

impl From<&Missed> for FailedChallenge {
    fn from(missed: &Missed) -> Self {
        let missing = missed.missing;
        Self {
            action: missed.task.into(),
            why: missing.why.into(),
            measured: Nullable(missing.measured.map(rounded)),
            required: rounded(missing.required),
            unit: missing.unit.into(),
        }
    }
}
