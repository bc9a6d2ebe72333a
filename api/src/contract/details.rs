//! Details of a rejection: which checks failed, with what was measured.
//!
//! `A` is the type that names actions. Both APIs share these details, each with its own names.

use livegate_liveness::decision::Rejection;
use livegate_liveness::evidence::Statement;
use livegate_liveness::evidence::poor;
use livegate_liveness::movement::Missing;
use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use serde::Serialize;

use super::evidence::Evidence;
use super::failure::{FailureReason, MeasureUnit};
use super::nullable::Nullable;
use super::numbers::rounded;
use super::poor_frames::PoorFrames;

/// What was measured and what is required, for each check that failed. Only the fields of failed checks
/// are present. Each description begins with the reason code that its field belongs to.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RejectionDetails<A: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// `spoof_detected`, always, whichever evidence decided: the average anti-spoof score over all
    /// pictures, 0 to 1; null where no model could score a picture. It is reported and decides nothing.
    /// `evidence` names what decided: the part of the capture that is below `threshold`, or another
    /// finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Option<Nullable<f64>>,
    /// `spoof_detected`, always: the score that the weakest part must reach, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub threshold: Option<f64>,
    /// `different_persons_detected`: the consistency of all frames with one person, 0 to 1; below
    /// `same_person_threshold`. Absent where the capture failed only by other evidence, named in
    /// `evidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Option<f64>,
    /// `different_persons_detected`: the consistency that is required, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_threshold: Option<f64>,
    /// `insufficient_face_detections`: share of the frames that show a face that can be judged, 0 to 1.
    /// Such a face is 40 pixels wide or more, upright to within 45 degrees, sharp, not lost in noise,
    /// and not so close that it fills the picture. `poor_frames` names the other frames, and why they
    /// do not count. In images mode with fewer than six different pictures that could be compared and scored: the
    /// share of those; a picture that comes again counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub face_detection_ratio: Option<f64>,
    /// `insufficient_face_detections`: the share that is required, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub required_ratio: Option<f64>,
    /// `challenge_failed`: the actions that were detected, in the order of the challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_actions: Option<Vec<A>>,
    /// `challenge_failed`: the actions that were not detected, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_actions: Option<Vec<FailedAction<A>>>,
    /// Any reason: the frames whose face could not be judged, and those in light so hard that scores
    /// suffer. Grouped by reason, the reason with most frames first. Absent where there are no such
    /// frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poor_frames: Option<Vec<PoorFrames>>,
    /// Other evidence by which the capture failed, under `different_persons_detected`, `spoof_detected`
    /// and `invalid_input`. Under `challenge_failed` it holds a hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<Evidence>>,
}

/// An action that was not detected.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FailedAction<A: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// The action that was not detected.
    pub action: A,
    /// Why it does not count.
    pub why: FailureReason,
    /// The measured value nearest to `required`, in `unit`; null where nothing could be measured.
    pub measured: Nullable<f64>,
    /// The value that is required, in `unit`.
    pub required: f64,
    /// The unit of `measured` and `required`.
    pub unit: MeasureUnit,
}

/// Which actions of a challenge were detected and which were not.
pub struct Actions<A> {
    /// Actions that were detected, in the order of the challenge.
    pub completed: Vec<A>,
    /// Actions that were not detected, each with what is missing.
    pub failed: Vec<(A, Missing)>,
    /// Number of turns to a side, if every one of them went to the other side; else 0.
    pub other_side: usize,
}

impl<A: Type + ParseFromJSON + ToJSON + Send + Sync> RejectionDetails<A> {
    /// Details in which no check failed.
    pub fn none() -> Self {
        Self {
            anti_spoof_avg_score: None,
            threshold: None,
            same_person_score: None,
            same_person_threshold: None,
            face_detection_ratio: None,
            required_ratio: None,
            completed_actions: None,
            failed_actions: None,
            poor_frames: None,
            evidence: None,
        }
    }

    /// The details of `rejections`. `actions` is used where the challenge is one of them.
    pub fn of(rejections: &[Rejection], poor: &[poor::PoorFrames], actions: Actions<A>) -> Self {
        let mut details = Self {
            poor_frames: PoorFrames::of(poor),
            ..Self::none()
        };
        let mut actions = Some(actions);
        for rejection in rejections {
            match rejection {
                Rejection::InsufficientFaceDetections { measured, required } => {
                    details.face_detection_ratio = Some(rounded(*measured));
                    details.required_ratio = Some(rounded(*required));
                }
                Rejection::DifferentPersons {
                    consistency,
                    evidence,
                } => {
                    details.same_person_score = consistency.map(|s| rounded(s.measured));
                    details.same_person_threshold = consistency.map(|s| rounded(s.required));
                    details.add(evidence);
                }
                Rejection::SpoofDetected {
                    average,
                    required,
                    evidence,
                } => {
                    details.anti_spoof_avg_score = Some(Nullable(average.map(rounded)));
                    details.threshold = Some(rounded(*required));
                    details.add(evidence);
                }
                Rejection::ChallengeFailed => {
                    if let Some(actions) = actions.take() {
                        details.add_actions(actions);
                    }
                }
            }
        }
        details
    }

    fn add(&mut self, statements: &[Statement]) {
        if !statements.is_empty() {
            let all = self.evidence.get_or_insert_default();
            all.extend(statements.iter().map(Evidence::from));
        }
    }

    fn add_actions(&mut self, actions: Actions<A>) {
        let failed = actions.failed.into_iter();
        self.completed_actions = Some(actions.completed);
        self.failed_actions = Some(failed.map(FailedAction::from).collect());
        if actions.other_side > 0 {
            let all = self.evidence.get_or_insert_default();
            all.push(Evidence::other_side(actions.other_side));
        }
    }
}

impl<A: Type + ParseFromJSON + ToJSON + Send + Sync> From<(A, Missing)> for FailedAction<A> {
    fn from((action, missing): (A, Missing)) -> Self {
        Self {
            action,
            why: missing.why.into(),
            measured: Nullable(missing.measured.map(rounded)),
            required: rounded(missing.required),
            unit: missing.unit.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use livegate_liveness::evidence::Kind;
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::actions::{ActionName, ChallengeType};

    fn details<A: Type + ParseFromJSON + ToJSON + Send + Sync + Serialize>(
        rejection: &Rejection,
    ) -> Value {
        let nobody = Actions {
            completed: Vec::<A>::new(),
            failed: Vec::new(),
            other_side: 0,
        };
        let all = [rejection.clone(), Rejection::ChallengeFailed];
        serde_json::to_value(RejectionDetails::of(&all, &[], nobody)).unwrap()
    }

    #[test]
    fn spoof_details_have_score_and_threshold_whichever_evidence_decided() {
        for kind in Kind::ALL.into_iter().filter(|k| !k.is_about_persons()) {
            for (average, shown) in [(Some(0.95), json!(0.95)), (None, Value::Null)] {
                let spoof = Rejection::SpoofDetected {
                    average,
                    required: 0.5,
                    evidence: vec![Statement::new(kind, 2.0, 1.0)],
                };
                for details in [
                    details::<ActionName>(&spoof),
                    details::<ChallengeType>(&spoof),
                ] {
                    assert_eq!(details["threshold"], json!(0.5), "{kind:?}");
                    assert_eq!(
                        details.get("anti_spoof_avg_score"),
                        Some(&shown),
                        "{kind:?}"
                    );
                    assert_eq!(details["evidence"][0]["name"], kind.name());
                }
            }
        }
        let other = details::<ActionName>(&Rejection::ChallengeFailed);
        assert!(other.get("threshold").is_none() && other.get("anti_spoof_avg_score").is_none());
    }
}
