//! The receipt of a live session's verdict, and what was established beyond its pixels.

use livegate_common::id::RequestId;
use livegate_liveness::session::{End, Ending};

use super::record::{LiveSession, Opening};
use super::response::reasons;
use crate::contract::actions::name;
use crate::contract::established::Established;
use crate::contract::numbers::rounded;
use crate::contract::reference::field_of;
use crate::receipts::Receipts;
use crate::receipts::claims::{Api, ChallengeStatement, Statement, attestation};

/// What was established beyond the pixels of a session that took `frames` frames.
pub fn established(opening: &Opening, frames: usize) -> Vec<Established> {
    let mut established = Vec::new();
    if opening.test.is_some() {
        return established;
    }
    if opening.is_drawn {
        established.push(Established::ServerDrawnChallenge);
    }
    // Each frame came after the session's creation, by the server's clock.
    if frames > 0 {
        established.extend([Established::CapturedInSession, Established::LiveGuided]);
    }
    established
}

/// The receipt of a session that ended so; `None` if it ended without a verdict, or if there is no key to sign with.
pub fn issue(
    receipts: &Receipts,
    id: &str,
    record: &LiveSession,
    end: &End,
    request_id: &RequestId,
) -> Option<String> {
    match end.ending {
        Ending::Expired | Ending::Cancelled => return None,
        Ending::Completed(_) | Ending::Failed { .. } => {}
    }
    let LiveSession {
        opening, session, ..
    } = record;
    let names = |tasks: &[_]| tasks.iter().copied().map(name).collect();
    receipts.issue(&Statement {
        session_id: id.to_owned(),
        request_id: request_id.to_string(),
        key_id: opening.key.clone(),
        api: Api::Interactive,
        mode: "interactive",
        test: opening.test.is_some(),
        verified: end.is_live(),
        reason_codes: reasons(end).unwrap_or_default(),
        confidence: None,
        anti_spoof_avg_score: end.anti_spoof.map(rounded),
        same_person_score: end.same_person.map(rounded),
        reference_match: field_of(end.reference).and_then(|field| field.0),
        challenge: ChallengeStatement::new(
            names(session.tasks()),
            names(session.passed()),
            session.angles(),
            opening.mirrored,
        ),
        evidence_level: established(opening, end.frames),
        best_frame_sha256: None,
        embedding_sha256: None,
        attestation_sha256: attestation(opening.attestation),
        models: (!record.models.is_unnamed()).then(|| record.models.clone()),
    })
}
