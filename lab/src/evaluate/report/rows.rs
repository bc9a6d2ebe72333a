//! The results of single captures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Case;
use crate::evaluate::action;
use crate::evaluate::capture::{Decision, PoseError, Response};

/// The results of one capture.
#[derive(Clone, Debug, Serialize)]
pub struct CaptureRow {
    /// Name of the medium in the manifest.
    pub media: String,
    /// Species of the attack instrument; null for a bona fide presentation.
    pub instrument: Option<String>,
    /// The subject; null where unknown.
    pub subject: Option<String>,
    /// Further properties, value by name.
    pub group: BTreeMap<String, String>,
    /// Number of frames that could be decoded.
    pub frames: usize,
    /// Number of frames that show a face.
    pub frames_with_face: usize,
    /// Mean anti-spoof score, 0 to 1; null for a non-response.
    pub score: Option<f64>,
    /// The largest threshold of a whole capture at which it passes, 0 to 1; null for a non-response.
    pub deciding_score: Option<f64>,
    /// Whether it was classified as an attack; null for a non-response.
    pub classified_as_attack: Option<bool>,
    /// Names of the evidence of an attack besides the score, as in `rejection_details`.
    pub evidence: Vec<String>,
    /// The reason of a non-response; null for a response.
    pub no_response: Option<String>,
    /// The answer of verify; null where the manifest lists no action that verify knows.
    pub decision: Option<Decision>,
    /// The listed actions.
    pub actions: Vec<ActionRow>,
    /// Detections of actions that are not shown.
    pub false_hits: Vec<FalseHit>,
    /// The listed poses.
    pub poses: Vec<PoseError>,
}

/// A listed action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionRow {
    /// The action.
    pub action: String,
    /// Begin of the listed showing, milliseconds from the clip's start.
    pub from_ms: u64,
    /// Time of the detection, milliseconds from the clip's start; null if missed.
    pub seen_ms: Option<u64>,
}

/// A detection of an action that is not shown.
#[derive(Clone, Debug, Serialize)]
pub struct FalseHit {
    /// The action.
    pub action: String,
    /// Time of the detection, milliseconds from the clip's start.
    pub at_ms: u64,
}

impl CaptureRow {
    /// The row of one capture.
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
