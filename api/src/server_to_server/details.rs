//! What spoke against a rejected capture.

use livegate_common::liveness::decision::{Findings, Rejection, SecondSubject};
use livegate_common::liveness::evidence::FailedAction;
use poem_openapi::Object;
use serde::Serialize;

use super::vocabulary::{ActionName, FailureReason, MeasureUnit};
use crate::http::nullable::Nullable;
use crate::judge::Undecodable;

/// What was measured and what it takes. Only the fields of checks that failed are there: each begins
/// with the reason code that it belongs to.
#[derive(Clone, Debug, Default, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RejectionDetails {
    /// `spoof_detected`: the mean anti-spoof score, 0 to 1; below `threshold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub anti_spoof_avg_score: Option<f64>,
    /// `spoof_detected`: the score that it takes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub threshold: Option<f64>,
    /// `different_persons_detected`: the consistency with one person, 0 to 1; below
    /// `same_person_threshold`. Absent where only a second face, named in `evidence`, spoke against
    /// the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_score: Option<f64>,
    /// `different_persons_detected`: the consistency that it takes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub same_person_threshold: Option<f64>,
    /// `insufficient_face_detections`: share of the frames that show a face, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub face_detection_ratio: Option<f64>,
    /// `insufficient_face_detections`: the share that it takes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub required_ratio: Option<f64>,
    /// `challenge_failed`: the actions that were detected, in the order asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_actions: Option<Vec<ActionName>>,
    /// `challenge_failed`: the actions that were not detected, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_actions: Option<Vec<FailedActionDetails>>,
    /// Findings that have no field of their own, under `different_persons_detected` and
    /// `invalid_input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<Evidence>>,
}

/// An action that was not detected.
#[derive(Clone, Debug, Serialize, Object)]
pub struct FailedActionDetails {
    /// The action.
    pub action: ActionName,
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

/// A finding that has no field of its own.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Evidence {
    /// What was looked at. More may be added.
    ///
    /// - `second_face_frames`: frames that show a second face over half as wide as the main one;
    ///   `measured` counts them, `required` is how many there may be.
    /// - `undecodable_frame`: a frame that cannot be decoded; `measured` is its index.
    /// - `unplayable_clip`: the clip cannot be decoded, or is larger or longer than one may be.
    pub name: String,
    /// The number found; `name` says what it counts.
    pub measured: Nullable<f64>,
    /// What it takes, where a number says it; else null.
    pub required: Nullable<f64>,
    /// The same in a sentence for people.
    pub text: String,
}

impl RejectionDetails {
    pub(super) fn of(findings: &Findings, rejections: &[Rejection]) -> Self {
        let mut details = Self::default();
        for rejection in rejections {
            match rejection {
                Rejection::InsufficientFaceDetections { measured, required } => {
                    details.face_detection_ratio = Some(rounded(*measured));
                    details.required_ratio = Some(rounded(*required));
                }
                Rejection::DifferentPersons {
                    consistency,
                    second_subject,
                } => {
                    details.same_person_score = consistency.map(|s| rounded(s.measured));
                    details.same_person_threshold = consistency.map(|s| rounded(s.required));
                    details.evidence = second_subject.map(|s| vec![Evidence::second_subject(s)]);
                }
                Rejection::SpoofDetected(shortfall) => {
                    details.anti_spoof_avg_score = Some(rounded(shortfall.measured));
                    details.threshold = Some(rounded(shortfall.required));
                }
                Rejection::ChallengeFailed => {
                    let failed = findings.failed.iter().map(FailedActionDetails::from);
                    details.completed_actions = Some(ActionName::all(&findings.completed));
                    details.failed_actions = Some(failed.collect());
                }
            }
        }
        details
    }
}

impl Evidence {
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    pub(super) fn undecodable(medium: &Undecodable) -> Self {
        match medium {
            Undecodable::Frame { index, cause } => Self {
                name: "undecodable_frame".to_owned(),
                measured: Nullable(Some(*index as f64)),
                required: Nullable(None),
                text: format!("Frame {index} cannot be decoded: {cause}."),
            },
            Undecodable::Clip { cause } => Self {
                name: "unplayable_clip".to_owned(),
                measured: Nullable(None),
                required: Nullable(None),
                text: format!("The clip cannot be judged: {cause}."),
            },
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "there are at most a few hundred frames"
    )]
    pub(crate) fn second_subject(second: SecondSubject) -> Self {
        let allowed = second.limit.saturating_sub(1);
        Self {
            name: "second_face_frames".to_owned(),
            measured: Nullable(Some(second.frames as f64)),
            required: Nullable(Some(allowed as f64)),
            text: format!(
                "{} frames show a second face of comparable size; at most {allowed} may.",
                second.frames
            ),
        }
    }
}

impl From<&FailedAction> for FailedActionDetails {
    fn from(failed: &FailedAction) -> Self {
        Self {
            action: failed.action.into(),
            why: failed.why.into(),
            measured: Nullable(failed.measured.map(rounded)),
            required: rounded(failed.required),
            unit: failed.unit.into(),
        }
    }
}

/// Four decimals. A measured score is rounded like its threshold, so one just below it may print
/// as equal to it.
pub fn rounded(value: f32) -> f64 {
    // Plus nothing: what is a hair below zero is zero, not "-0.0".
    (f64::from(value) * 10_000.0).round() / 10_000.0 + 0.0
}
