//! What a verification leaves behind: its receipt, its audit record, and how its session ends.

use livegate_common::job::{Cost, now_ms};
use livegate_liveness::thresholds::ModelSetId;

use super::receipt::{Grounds, established};
use super::record::{Ending, Reasons, State};
use super::response::VerdictBody;
use super::run::Verification;
use crate::audit::{AuditRecord, milliseconds};
use crate::clock::rfc3339;
use crate::contract::established::Established;
use crate::contract::reason::ReasonCode;
use crate::error::ApiError;

/// What was measured, for the audit record and the receipt.
#[derive(Default)]
pub(super) struct Seen {
    pub frames: usize,
    pub cost: Cost,
    /// Duration of the capture by its own times, seconds; `None` where it could not be read.
    pub claimed_s: Option<f32>,
    /// The models that measured; `None` where nothing was measured.
    pub models: Option<ModelSetId>,
}

impl Verification {
    fn established(&self, seen: &Seen) -> Vec<Established> {
        established(
            &self.session.record,
            seen.claimed_s,
            self.since_creation_s(),
        )
    }

    pub(super) fn with_receipt(&self, body: VerdictBody, seen: &Seen) -> VerdictBody {
        let grounds = Grounds {
            session: &self.session,
            request_id: &self.request_id,
            mode: self.capture.mode(),
            attestation: self.attestation,
            models: seen.models.clone(),
            established: self.established(seen),
        };
        let receipt = self.state.receipts.issue(&grounds.statement(&body));
        body.with_receipt(receipt)
    }

    pub(super) fn audit_record(
        &self,
        verdict: &Result<VerdictBody, ApiError>,
        seen: &Seen,
    ) -> AuditRecord {
        let mut record = AuditRecord {
            time: rfc3339(now_ms()),
            request_id: self.request_id.to_string(),
            caller_request_id: self.request_id.callers().map(ToString::to_string),
            key_id: self.session.record.key.clone(),
            session_id: self.session.id.clone(),
            test: self.session.record.test.is_some(),
            mode: self.capture.mode().name(),
            verdict: "failed",
            reason_codes: vec![ReasonCode::InternalError],
            confidence: None,
            anti_spoof_avg_score: None,
            same_person_score: None,
            evidence_level: self.established(seen),
            frames: seen.frames,
            processing_time_ms: self.elapsed_ms(),
            worker_cpu_ms: milliseconds(seen.cost.cpu_us),
            inference_cpu_ms: milliseconds(seen.cost.inference_us),
        };
        match verdict {
            Ok(VerdictBody::Verified(verified)) => {
                record.verdict = "verified";
                record.reason_codes = verified.reason_codes.clone();
                record.confidence = Some(verified.confidence);
                record.anti_spoof_avg_score = Some(verified.anti_spoof_avg_score);
                record.same_person_score = Some(verified.same_person_score);
            }
            Ok(VerdictBody::Rejected(rejected)) => {
                record.verdict = "rejected";
                record.reason_codes = rejected.reason_codes.clone();
                record.anti_spoof_avg_score = rejected.anti_spoof_avg_score.0;
                record.same_person_score = rejected.same_person_score.0;
            }
            Err(_) => {}
        }
        record
    }
}

/// How the session ends with this verdict.
pub(super) fn ending(verdict: &Result<VerdictBody, ApiError>) -> Ending {
    let is_other_face = match verdict {
        Ok(VerdictBody::Verified(verified)) => verified.reference_match.is_some_and(|m| !m.matched),
        Ok(VerdictBody::Rejected(_)) | Err(_) => false,
    };
    Ending {
        state: last_state(verdict),
        stays_counted: is_other_face,
    }
}

fn last_state(verdict: &Result<VerdictBody, ApiError>) -> State {
    match verdict {
        Ok(VerdictBody::Verified(_)) => State::Verified,
        Ok(VerdictBody::Rejected(rejected)) => State::Rejected(Reasons {
            reason_codes: rejected.reason_codes.clone(),
            retry_hints: rejected.retry_hints.clone(),
        }),
        Err(_) => State::Failed,
    }
}
