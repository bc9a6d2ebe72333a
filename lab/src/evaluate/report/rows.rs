//! What was found of each capture.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Case;
use crate::evaluate::action;
use crate::evaluate::capture::{Decision, PoseError, Response};

/// A capture and what was found of it.
#[derive(Clone, Debug, Serialize)]
pub struct CaptureRow {
    /// Its medium, as the manifest names it.
    pub media: String,
    /// The species of the attack's instrument; null for a bona fide presentation.
    pub instrument: Option<String>,
    /// Who it shows.
    pub subject: Option<String>,
    /// What else is known of it.
    pub group: BTreeMap<String, String>,
    /// Frames that could be decoded.
    pub frames: usize,
    /// Frames that show a face.
    pub frames_with_face: usize,
    /// Mean anti-spoof score, 0 to 1; null where there was no response.
    pub score: Option<f64>,
    /// The largest threshold of a whole capture at which it passes; null where there was no response.
    pub deciding_score: Option<f64>,
    /// Whether it was classified as an attack; null where there was no response.
    pub classified_as_attack: Option<bool>,
    /// Names of the evidence of an attack beside the score, as in `rejection_details`.
    pub evidence: Vec<String>,
    /// Why there was no response.
    pub no_response: Option<String>,
    /// What verify says; null where no action is listed that it could ask for.
    pub decision: Option<Decision>,
    /// The listed actions.
    pub actions: Vec<ActionRow>,
    /// Where actions were seen that are not shown.
    pub false_hits: Vec<FalseHit>,
    /// The listed poses.
    pub poses: Vec<PoseError>,
}

/// A listed action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionRow {
    /// The action.
    pub action: String,
    /// When it begins, milliseconds from the clip's start.
    pub from_ms: u64,
    /// When it was seen; null where it was missed.
    pub seen_ms: Option<u64>,
}

/// An action that was seen and is not shown.
#[derive(Clone, Debug, Serialize)]
pub struct FalseHit {
    /// The action.
    pub action: String,
    /// When, milliseconds from the clip's start.
    pub at_ms: u64,
}

impl CaptureRow {
    pub(super) fn of(case: &Case) -> Self {
        let (capture, measured) = (case.capture, case.measured);
        let false_hits = measured.watched.iter().flat_map(|watched| {
            let action = action::name(watched.task);
            let hit = move |at_ms: &u64| FalseHit {
                action: action.clone(),
                at_ms: *at_ms,
            };
            watched.false_hits_ms.iter().map(hit)
        });
        let actions = measured.actions.iter().map(|found| ActionRow {
            action: action::name(found.task),
            from_ms: found.from_ms,
            seen_ms: found.seen_ms,
        });
        Self {
            media: capture.name.clone(),
            instrument: capture.instrument().map(str::to_owned),
            subject: capture.subject.clone(),
            group: capture.groups.clone(),
            frames: measured.frames,
            frames_with_face: measured.frames_with_face,
            score: measured.response.score(),
            deciding_score: measured.response.deciding(),
            classified_as_attack: measured.response.as_attack(),
            evidence: measured.response.evidence().to_vec(),
            no_response: match &measured.response {
                Response::None(why) => Some(why.clone()),
                Response::Classified { .. } => None,
            },
            decision: measured.decision.clone(),
            actions: actions.collect(),
            false_hits: false_hits.collect(),
            poses: measured.poses.clone(),
        }
    }
}
