//! The receipt of a verdict, and what was established beyond its pixels.

use livegate_common::id::RequestId;
use livegate_common::records::Stored;
use livegate_liveness::thresholds::ModelSetId;

use super::record::VerifySession;
use super::response::VerdictBody;
use super::vocabulary::Mode;
use crate::contract::attestation::AttestationHash;
use crate::contract::established::Established;
use crate::receipts::claims::{Api, ChallengeStatement, Statement, attestation, embedding_sha256};

/// What a receipt says beyond the answer itself.
pub(super) struct Grounds<'a> {
    pub session: &'a Stored<VerifySession>,
    pub request_id: &'a RequestId,
    pub mode: Mode,
    pub attestation: Option<AttestationHash>,
    /// The models that measured; `None` where nothing was measured.
    pub models: Option<ModelSetId>,
    /// What was established beyond the pixels.
    pub established: Vec<Established>,
}

impl Grounds<'_> {
    /// The verdict as its receipt states it.
    pub fn statement(self, body: &VerdictBody) -> Statement {
        let record = &self.session.record;
        let challenge = &record.challenge;
        let (details, verified) = match body {
            VerdictBody::Verified(verified) => (&verified.challenge_details, Some(verified)),
            VerdictBody::Rejected(rejected) => (&rejected.challenge_details, None),
        };
        let reference = match body {
            VerdictBody::Verified(verified) => verified.reference_match,
            VerdictBody::Rejected(rejected) => rejected.reference_match.and_then(|field| field.0),
        };
        let (anti_spoof, same_person) = match body {
            VerdictBody::Verified(v) => (Some(v.anti_spoof_avg_score), Some(v.same_person_score)),
            VerdictBody::Rejected(r) => (r.anti_spoof_avg_score.0, r.same_person_score.0),
        };
        Statement {
            session_id: self.session.id.clone(),
            request_id: self.request_id.to_string(),
            key_id: record.key.clone(),
            api: Api::ServerToServer,
            mode: self.mode.name(),
            test: record.test.is_some(),
            verified: verified.is_some(),
            reason_codes: body.reason_codes().to_vec(),
            confidence: verified.map(|v| v.confidence),
            anti_spoof_avg_score: anti_spoof,
            same_person_score: same_person,
            reference_match: reference,
            challenge: ChallengeStatement::new(
                challenge.actions.iter().map(|a| a.name()).collect(),
                details.completed_actions.iter().map(|a| a.name()).collect(),
                &challenge.angles,
                challenge.mirrored,
            ),
            evidence_level: self.established,
            best_frame_sha256: verified.map(|v| v.best_frame_sha256.clone()),
            embedding_sha256: verified.map(|v| embedding_sha256(&v.embedding)),
            attestation_sha256: attestation(self.attestation),
            models: self.models,
        }
    }
}

/// What was established beyond the pixels of a capture. `claimed_s` is its duration by its own times, `None` where
/// it could not be read; `available_s` the time in which it can have been made.
pub(super) fn established(
    session: &VerifySession,
    claimed_s: Option<f32>,
    available_s: f32,
) -> Vec<Established> {
    let mut established = Vec::new();
    if session.test.is_some() {
        return established;
    }
    if session.is_drawn {
        established.push(Established::ServerDrawnChallenge);
    }
    if claimed_s.is_some_and(|claimed_s| claimed_s <= available_s) {
        established.push(Established::CapturedInSession);
    }
    established
}
