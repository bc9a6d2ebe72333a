//! The answer of presentation attack detection, and of verify, for one capture.

use livegate_liveness::challenge::Action;
use livegate_liveness::decision::{Findings, Rejection};
use livegate_liveness::evidence::{Kind, Statement};
use livegate_liveness::thresholds::PadThresholds;
use serde::{Deserialize, Serialize};

use crate::evaluate::action;
use crate::evaluate::manifest::Truth;
use crate::evaluate::statistics::rounded;
use livegate_api::contract::reason::ReasonCode;
use livegate_liveness::judge::{Judgement, Undecodable};

/// Reason for a non-response when faces were found that cannot be judged: they fill the frame, or are
/// turned too far.
const NO_FACE: &str = "no face that can be judged: none, or too small, unsharp, noisy or close";

/// The answer of presentation attack detection to one presentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// A non-response, with its reason.
    None(String),
    /// A classification.
    Classified {
        /// Mean anti-spoof score, 0 (attack) to 1 (bona fide).
        score: f64,
        /// The largest threshold of a whole capture at which its weakest part still passes, 0 to 1. The
        /// thresholds of parts keep their distance from it.
        deciding: f64,
        /// Whether the presentation is classified as an attack: by its score, or by other evidence.
        as_attack: bool,
        /// Names of the evidence of an attack besides the score.
        evidence: Vec<String>,
    },
}

/// The answer of verify to a challenge of the actions that the manifest lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the capture is verified.
    pub accepted: bool,
    /// Reasons for the rejection; empty when accepted.
    pub reasons: Vec<ReasonCode>,
    /// Actions that were not detected, by verify's names, in the order of the challenge.
    pub failed_actions: Vec<String>,
}

/// The challenge that the capture answers: the actions of the manifest that verify knows, each once, in
/// the order of their first showing.
pub fn challenge(truth: &Truth) -> Vec<Action> {
    let mut asked = Vec::new();
    for shown in &truth.actions {
        if let Some(action) = action::of_verify(shown.task)
            && !asked.contains(&action)
        {
            asked.push(action);
        }
    }
    asked
}

impl Response {
    /// The answer of presentation attack detection in a judgement. It does not depend on the challenge.
    pub fn of(judgement: &Judgement, pad: &PadThresholds) -> Self {
        let (findings, reasons): (&Findings, &[Rejection]) = match judgement {
            Judgement::Undecodable(causes) => {
                return Self::None(causes.first().map_or_else(String::new, cause));
            }
            Judgement::Rejected(findings, reasons) => (findings, reasons),
            Judgement::Verified(findings, _) => (findings, &[]),
        };
        let against = reasons.iter().find_map(|reason| match reason {
            Rejection::SpoofDetected { evidence, .. } => Some(evidence),
            Rejection::InsufficientFaceDetections { .. }
            | Rejection::DifferentPersons { .. }
            | Rejection::ChallengeFailed => None,
        });
        let names = |said: &Statement| said.kind.name().to_owned();
        let weakest = |said: &&Statement| said.kind == Kind::WeakestPart;
        let weakest = findings.evidence.iter().find(weakest);
        match findings.anti_spoof.zip(weakest) {
            None => Self::None(NO_FACE.to_owned()),
            Some((score, weakest)) => Self::Classified {
                score: rounded(f64::from(score)),
                deciding: rounded(f64::from(deciding(weakest, pad))),
                as_attack: against.is_some(),
                evidence: against.into_iter().flatten().map(names).collect(),
            },
        }
    }

    /// The mean anti-spoof score; `None` for a non-response.
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::None(_) => None,
            Self::Classified { score, .. } => Some(*score),
        }
    }

    /// The deciding score; `None` for a non-response.
    pub fn deciding(&self) -> Option<f64> {
        match self {
            Self::None(_) => None,
            Self::Classified { deciding, .. } => Some(*deciding),
        }
    }

    /// Names of the evidence of an attack besides the score; empty for a non-response.
    pub fn evidence(&self) -> &[String] {
        match self {
            Self::None(_) => &[],
            Self::Classified { evidence, .. } => evidence,
        }
    }

    /// Whether it was classified as an attack; `None` for a non-response.
    pub fn as_attack(&self) -> Option<bool> {
        match self {
            Self::None(_) => None,
            Self::Classified { as_attack, .. } => Some(*as_attack),
        }
    }
}

impl Decision {
    /// The answer of verify in a judgement.
    pub fn of(judgement: &Judgement) -> Self {
        match judgement {
            Judgement::Verified(..) => Self {
                accepted: true,
                reasons: Vec::new(),
                failed_actions: Vec::new(),
            },
            Judgement::Rejected(findings, reasons) => Self {
                accepted: false,
                reasons: reasons.iter().map(ReasonCode::from).collect(),
                failed_actions: findings
                    .failed
                    .iter()
                    .map(|failed| failed.action.name().to_owned())
                    .collect(),
            },
            Judgement::Undecodable(_) => Self {
                accepted: false,
                reasons: vec![ReasonCode::InvalidInput],
                failed_actions: Vec::new(),
            },
        }
    }
}

fn deciding(weakest: &Statement, pad: &PadThresholds) -> f32 {
    let margin = |score| pad.scale.margin(score);
    let spare = margin(weakest.measured) - margin(weakest.required);
    pad.scale.score(pad.whole + spare)
}

fn cause(undecodable: &Undecodable) -> String {
    match undecodable {
        Undecodable::Frame { index, cause } => format!("frame {index} {cause}"),
        Undecodable::NoColour { frame: None, .. } => "the clip is grey".to_owned(),
        Undecodable::NoColour {
            frame: Some(index), ..
        } => format!("frame {index} is grey"),
        Undecodable::Clip { cause } => format!("the clip cannot be used: {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use livegate_liveness::session::Task;

    use super::*;
    use crate::evaluate::manifest::Shown;

    #[test]
    fn the_deciding_score_is_the_threshold_at_which_the_weakest_part_passes() {
        let pad = |whole| PadThresholds {
            whole,
            chosen: whole - 2.0,
            ..PadThresholds::default()
        };
        let weakest = |margin, pad: &PadThresholds| {
            let score = |margin| pad.scale.score(margin);
            Statement::new(Kind::WeakestPart, score(margin), score(pad.chosen))
        };
        for margin in [-4.0, 0.5, 3.0] {
            let now = pad(1.0);
            let found = deciding(&weakest(margin, &now), &now);
            let there = pad(now.scale.margin(found));
            let said = weakest(margin, &there);
            assert!((said.measured - said.required).abs() < 1e-5, "{said:?}");
        }
    }

    #[test]
    fn verify_is_asked_for_each_action_once_in_the_order_of_their_first_showing() {
        let show = |task| Shown { task, span: None };
        let actions = [
            Task::Smile,
            Task::TurnRight,
            Task::Blink,
            Task::TurnRight,
            Task::LookUp,
            Task::Blink,
        ];
        let truth = Truth {
            actions: actions.map(show).to_vec(),
            ..Truth::default()
        };
        let asked = [Action::TurnRight, Action::Blink, Action::TurnUp];
        assert_eq!(challenge(&truth), asked);
    }
}
