//! From what became of the frames to a verdict.

use livegate_common::job::FrameOutcome;
use livegate_common::liveness::challenge::{Challenge, Phase};
use livegate_common::liveness::decision::{Conclusion, Findings, Proof, Rejection, decide};
use livegate_common::liveness::evidence::TaggedFrame;
use livegate_common::liveness::thresholds::Thresholds;

/// A frame whose pixels could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecodableFrame {
    /// Its position, from 0.
    pub index: usize,
    /// Why; holds nothing of the picture.
    pub cause: String,
}

/// What a capture amounts to.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Some frames could not be decoded, so nothing else counts. Never empty.
    Undecodable(Vec<UndecodableFrame>),
    /// It was rejected for these reasons. Never empty.
    Rejected(Findings, Vec<Rejection>),
    /// It was verified.
    Verified(Findings, Proof),
}

/// Judges a capture; `phases` and `outcomes` are those of its frames, in their order.
pub fn judge(
    challenge: &Challenge,
    phases: &[Phase],
    outcomes: &[FrameOutcome],
    thresholds: &Thresholds,
) -> Judgement {
    let (mut frames, mut undecodable) = (Vec::with_capacity(phases.len()), Vec::new());
    for (index, (phase, outcome)) in phases.iter().zip(outcomes).enumerate() {
        match outcome {
            FrameOutcome::Measured(measured) => {
                let measurement = measured.as_ref().clone();
                let measurement = if challenge.mirrored {
                    measurement.unmirrored()
                } else {
                    measurement
                };
                frames.push(TaggedFrame {
                    phase: *phase,
                    measurement,
                });
            }
            FrameOutcome::Undecodable(cause) => {
                undecodable.push(UndecodableFrame {
                    index,
                    cause: cause.clone(),
                });
            }
        }
    }
    if !undecodable.is_empty() {
        return Judgement::Undecodable(undecodable);
    }
    let verdict = decide(challenge, &frames, thresholds);
    match verdict.conclusion {
        Conclusion::Verified(proof) => Judgement::Verified(verdict.findings, proof),
        Conclusion::Rejected(reasons) => Judgement::Rejected(verdict.findings, reasons),
    }
}
