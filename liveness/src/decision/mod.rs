//! The decision: turns measurements of a capture into a verdict.

mod best_frame;
mod other_side;
mod verdict;

#[cfg(test)]
mod tests;

pub use self::best_frame::{best_frame, confidence};
pub use self::verdict::{Conclusion, Findings, Proof, Rejection, Shortfall, Verdict};
use super::challenge::{Action, Challenge};
use super::evidence::identity::{Identity, Likeness};
use super::evidence::{Evidence, Plan, Sighting, Timing, clarity, presence};
use super::measurement::Face;
use super::movement::FailedAction;
use super::movement::{self, Standing};
use super::retry::{self, RetryHint};
use super::sampling::Sampling;
use super::tagged::TaggedFrame;
use super::thresholds::Thresholds;

/// Most pictures of a capture that later pictures are compared with.
///
/// It covers all frames that a caller may choose, and enough of a clip.
const MOST_PICTURES: usize = 64;

/// A capture to be decided.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// The frames, in their order. Directions are the subject's own (see
    /// [`FrameMeasurement::unmirrored`](super::measurement::FrameMeasurement::unmirrored)).
    pub frames: &'a [TaggedFrame],
    /// How the frames were chosen.
    pub sampling: Sampling,
    /// The capture's time and the server's; `None` if the challenge could be known before the session was
    /// made.
    pub timing: Option<Timing>,
}

/// Decides a capture: checks movements and evidence against the challenge and the thresholds.
pub fn decide(challenge: &Challenge, capture: &Capture<'_>, t: &Thresholds) -> Verdict {
    let best = best_frame(capture.frames, t);
    let identity = portrait(capture, best, t);
    let standing = |frame: &TaggedFrame| standing(frame, &identity, t);
    let standings: Vec<Standing> = capture.frames.iter().map(standing).collect();
    let (evidence, still) = gather(capture, identity, t);
    let movements = movement::find(
        &challenge.actions,
        capture.frames,
        &standings,
        &still,
        &challenge.angles,
        capture.sampling,
        t,
    );
    let mut findings = find(movements, capture, &evidence, t);
    findings.other_side =
        other_side::turns(&findings.failed, challenge, capture, &standings, &still, t);
    let rejections = reject(&findings, capture, &evidence, t);
    let proof = prove(&findings, capture, &evidence, best).filter(|_| rejections.is_empty());
    let conclusion = match proof {
        Some(proof) => Conclusion::Verified(proof),
        None => {
            findings.retry_hints = retry_hints(challenge, capture, &findings, &evidence, t);
            Conclusion::Rejected(rejections)
        }
    };
    Verdict {
        findings,
        conclusion,
    }
}

fn retry_hints(
    challenge: &Challenge,
    capture: &Capture<'_>,
    findings: &Findings,
    evidence: &Evidence,
    t: &Thresholds,
) -> Vec<RetryHint> {
    let missed = retry::missed(challenge, capture.frames, capture.sampling, t);
    retry::hints(&evidence.visibility(&findings.poor, t), &missed, t)
}

/// Whether actions may rest on a frame: its face must be clear, in a pose that can be compared, and like
/// the portrait.
fn standing(frame: &TaggedFrame, identity: &Identity, t: &Thresholds) -> Standing {
    let Some(face) = frame.face() else {
        return Standing::NotSeen;
    };
    if clarity::unclear(face, t).is_some() {
        Standing::NotSeen
    } else if identity.likeness(face, t) == Likeness::Same {
        Standing::Counts
    } else {
        Standing::NotComparable
    }
}

/// The identity evidence with its portrait: the mean of the best frame's face and the faces like it.
fn portrait(capture: &Capture<'_>, best: Option<usize>, t: &Thresholds) -> Identity {
    let face = |index: usize| capture.frames.get(index)?.face()?.embedding.as_ref();
    let judged = capture
        .frames
        .iter()
        .filter_map(|f| Evidence::judged(&f.measurement, t));
    match best.and_then(face) {
        Some(best) => Identity::with_portrait(capture.sampling, best, judged, t),
        None => Identity::new(capture.sampling, t),
    }
}

/// The evidence of all frames, and for each frame whether the head stands still while turned.
fn gather(capture: &Capture<'_>, identity: Identity, t: &Thresholds) -> (Evidence, Vec<bool>) {
    let plan = Plan {
        sampling: capture.sampling,
        most_pictures: MOST_PICTURES,
        away_frames: 1,
        copies: match capture.sampling {
            Sampling::Chosen => 0,
            Sampling::Dense => t.copies_dense,
        },
        // A clip's own clock is exact enough at the rate of the samples.
        jitter_s: 0.0,
        second_subjects: None,
    };
    let mut evidence = Evidence::new(plan, identity, t);
    let mut still = Vec::with_capacity(capture.frames.len());
    for (position, frame) in (0..).zip(capture.frames) {
        let seen = Sighting {
            frame: &frame.measurement,
            position,
            seconds: frame.seconds,
            // Frames that support an action were compared with the portrait before.
            supports: false,
            keep: true,
        };
        let judged = Evidence::judged(&frame.measurement, t);
        still.push(judged.is_some_and(|f| evidence.stands_still(f, t)));
        evidence.add(seen, t);
    }
    (evidence, still)
}

fn find(
    movements: Vec<(Action, Result<usize, FailedAction>)>,
    capture: &Capture<'_>,
    evidence: &Evidence,
    t: &Thresholds,
) -> Findings {
    let (mut completed, mut failed) = (Vec::new(), Vec::new());
    for (action, found) in movements {
        match found {
            Ok(_) => completed.push(action),
            Err(why) => failed.push(why),
        }
    }
    let mut statements = evidence.statements(t);
    statements.extend(capture.timing.map(Timing::state));
    Findings {
        frames: capture.frames.len(),
        frames_with_face: evidence.frames_with_face,
        anti_spoof: evidence.anti_spoof(t),
        same_person: evidence.same_person(),
        completed,
        failed,
        other_side: 0,
        evidence: statements,
        poor: evidence.poor(),
        retry_hints: Vec::new(),
        portrait: evidence
            .identity()
            .portrait()
            .map(|portrait| portrait.embedding().clone()),
    }
}

fn reject(
    findings: &Findings,
    capture: &Capture<'_>,
    evidence: &Evidence,
    t: &Thresholds,
) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    let ratio = presence::share(findings.frames_with_face, findings.frames);
    if ratio < t.face_ratio {
        rejections.push(Rejection::InsufficientFaceDetections {
            measured: ratio,
            required: t.face_ratio,
        });
    }
    if findings.frames_with_face == 0 {
        // Nothing else was measured, so nothing else can fail.
        return rejections;
    }
    let timing: Vec<_> = capture.timing.map(Timing::state).into_iter().collect();
    rejections.extend(evidence.rejections(&timing, t));
    if !findings.challenge_passed() {
        rejections.push(Rejection::ChallengeFailed);
    }
    if rejections.is_empty() && !evidence.suffices() {
        rejections.push(evidence.too_little(t));
    }
    rejections
}

/// The proof; `None` unless everything that a verified capture needs was measured.
fn prove(
    findings: &Findings,
    capture: &Capture<'_>,
    evidence: &Evidence,
    best: Option<usize>,
) -> Option<Proof> {
    let best_frame = best?;
    let best: &Face = capture.frames.get(best_frame)?.face()?;
    let confidence = confidence(findings.anti_spoof?, findings.same_person?, best);
    Some(Proof {
        confidence: confidence * evidence.scene_weight(),
        embedding: evidence.identity().portrait()?.embedding().clone(),
        best_frame,
    })
}
