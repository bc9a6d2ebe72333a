//! From measurements to a verdict.

mod portrait;
mod verdict;

#[cfg(test)]
mod tests;

pub use self::portrait::{best_frame, confidence};
pub use self::verdict::{Conclusion, Findings, Proof, Rejection, Shortfall, Verdict};
use super::challenge::{Angles, Challenge};
use super::evidence::{
    self, Kind, Statement, TaggedFrame, blink, copies, head, identity, presence, presentation,
    speed,
};
use super::thresholds::Thresholds;

/// Decides a capture. Directions in `frames` are the subject's own (see
/// [`FrameMeasurement::unmirrored`](super::measurement::FrameMeasurement::unmirrored)).
pub fn decide(challenge: &Challenge, frames: &[TaggedFrame], thresholds: &Thresholds) -> Verdict {
    let clear = frames.iter().cloned().map(|frame| TaggedFrame {
        measurement: presence::without_unclear_face(frame.measurement, thresholds),
        ..frame
    });
    let frames = &clear.collect::<Vec<_>>()[..];
    let findings = find(challenge, frames, thresholds);
    let rejections = reject(&findings, frames, &challenge.angles, thresholds);
    let proof = prove(&findings, frames, thresholds).filter(|_| rejections.is_empty());
    let conclusion = match proof {
        Some(proof) => Conclusion::Verified(proof),
        None => Conclusion::Rejected(rejections),
    };
    Verdict {
        findings,
        conclusion,
    }
}

fn find(challenge: &Challenge, frames: &[TaggedFrame], thresholds: &Thresholds) -> Findings {
    let angles = &challenge.angles;
    let heads = head::find(&challenge.actions, frames, angles, thresholds);
    let (mut completed, mut failed) = (Vec::new(), Vec::new());
    for action in &challenge.actions {
        let found = match heads.iter().find(|(a, _)| a == action) {
            Some((_, found)) => *found,
            None => blink::find(frames, angles.blink_ear, thresholds),
        };
        match found {
            Ok(_) => completed.push(*action),
            Err(why) => failed.push(why),
        }
    }
    Findings {
        frames: frames.len(),
        frames_with_face: presence::frames_with_face(frames),
        anti_spoof: presentation::anti_spoof(frames, thresholds),
        same_person: identity::consistency(frames, thresholds),
        completed,
        failed,
        evidence: state(frames, thresholds),
    }
}

/// What the evidence says that is neither a score nor an action.
fn state(frames: &[TaggedFrame], t: &Thresholds) -> Vec<Statement> {
    let likeness = identity::least(frames, t).map(|(measured, frame)| Statement {
        kind: Kind::LeastLikeness,
        measured,
        required: t.least_likeness,
        frame: Some(frame),
    });
    let mut said = vec![
        presence::second_subjects(frames, t),
        copies::find(frames, t),
    ];
    said.extend(likeness);
    said.extend(speed::find(frames, t));
    said.extend(presentation::find(frames, t));
    said
}

/// A score that is below what it takes.
pub(crate) fn shortfall(score: Option<f32>, required: f32) -> Option<Shortfall> {
    score
        .filter(|s| *s < required)
        .map(|measured| Shortfall { measured, required })
}

fn reject(
    findings: &Findings,
    frames: &[TaggedFrame],
    angles: &Angles,
    t: &Thresholds,
) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    let ratio = presence::face_ratio(frames);
    if ratio < t.face_ratio {
        rejections.push(Rejection::InsufficientFaceDetections {
            measured: ratio,
            required: t.face_ratio,
        });
    }
    if findings.frames_with_face == 0 {
        // Nothing else was measured, so nothing else can have failed.
        return rejections;
    }
    rejections.extend(different_persons(
        shortfall(findings.same_person, t.same_person),
        &findings.evidence,
    ));
    rejections.extend(spoof_detected(
        shortfall(findings.anti_spoof, t.anti_spoof),
        &findings.evidence,
    ));
    if !findings.challenge_passed() {
        rejections.push(Rejection::ChallengeFailed);
    }
    if rejections.is_empty() {
        // Faces, but too few of them seen well enough to say whose they are.
        let unseen = too_little_seen(findings, frames, angles, t);
        rejections.extend(
            unseen.map(|measured| Rejection::InsufficientFaceDetections {
                measured,
                required: t.face_ratio,
            }),
        );
    }
    rejections
}

/// The rejection for more than one person, where consistency or other evidence speaks for it.
pub(crate) fn different_persons(
    consistency: Option<Shortfall>,
    said: &[Statement],
) -> Option<Rejection> {
    let evidence = evidence::against(said, true);
    let speaks = consistency.is_some() || !evidence.is_empty();
    speaks.then_some(Rejection::DifferentPersons {
        consistency,
        evidence,
    })
}

/// The rejection for an attack presentation, where the score or other evidence speaks for one.
pub(crate) fn spoof_detected(score: Option<Shortfall>, said: &[Statement]) -> Option<Rejection> {
    let evidence = evidence::against(said, false);
    let speaks = score.is_some() || !evidence.is_empty();
    speaks.then_some(Rejection::SpoofDetected { score, evidence })
}

/// Where not enough was seen to say that one person did all of it, the share of frames that say
/// anything: of all frames when fewer than two faces can be compared, of the turned ones when
/// the head had to turn and none of them can.
fn too_little_seen(
    findings: &Findings,
    frames: &[TaggedFrame],
    angles: &Angles,
    t: &Thresholds,
) -> Option<f32> {
    if findings.same_person.is_none() || findings.anti_spoof.is_none() {
        let usable = identity::usable_frames(frames, t);
        return Some(presence::share(usable, frames.len()));
    }
    let mut turns = findings.completed.iter().filter_map(|a| a.head_move());
    let covered = identity::covers_turns(frames, turns.clone(), angles, t);
    (turns.next().is_some() && !covered).then_some(0.0)
}

/// `None` unless everything that a verified capture must hold was measured.
fn prove(findings: &Findings, frames: &[TaggedFrame], t: &Thresholds) -> Option<Proof> {
    let best_frame = best_frame(frames, t)?;
    let best = frames.get(best_frame)?.face()?;
    Some(Proof {
        confidence: confidence(findings.anti_spoof?, findings.same_person?, best),
        embedding: identity::template(frames, t.portrait_deg)?,
        best_frame,
    })
}
