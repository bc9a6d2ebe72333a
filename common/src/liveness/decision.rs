//! From measurements to a verdict.

use serde::{Deserialize, Serialize};

use super::challenge::{Action, Angles, Challenge};
use super::embedding::Embedding;
use super::evidence::{FailedAction, TaggedFrame, blink, head, identity, presence};
use super::measurement::Face;
use super::thresholds::Thresholds;

/// What a capture amounts to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Everything that was measured on the way.
    pub findings: Findings,
    /// What follows from it.
    pub conclusion: Conclusion,
}

impl Verdict {
    /// Whether the capture is verified.
    pub fn is_verified(&self) -> bool {
        matches!(self.conclusion, Conclusion::Verified(_))
    }
}

/// The numbers of a verdict, reported whatever the conclusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Frames in the capture.
    pub frames: usize,
    /// Frames that show a face.
    pub frames_with_face: usize,
    /// Mean anti-spoof score over the frames with a face, 0 (attack) to 1 (bona fide).
    pub anti_spoof: Option<f32>,
    /// Identity consistency, 0 to 1.
    pub same_person: Option<f32>,
    /// Actions that were shown, in the order asked.
    pub completed: Vec<Action>,
    /// Actions that were not, in the order asked.
    pub failed: Vec<FailedAction>,
}

impl Findings {
    /// Where not enough was seen to say that one person did all of it, the share of frames that say
    /// anything: of all frames when fewer than two faces can be compared, of the turned ones when
    /// the head had to turn and none of them can.
    fn too_little_seen(
        &self,
        frames: &[TaggedFrame],
        angles: &Angles,
        t: &Thresholds,
    ) -> Option<f32> {
        if self.same_person.is_none() || self.anti_spoof.is_none() {
            let usable = identity::usable_frames(frames);
            return Some(presence::share(usable, frames.len()));
        }
        let mut turns = self.completed.iter().filter_map(|a| a.head_move());
        let covered = identity::covers_turns(frames, turns.clone(), angles, t.neutral_deg);
        (turns.next().is_some() && !covered).then_some(0.0)
    }

    /// Whether every action was shown.
    pub fn challenge_passed(&self) -> bool {
        self.failed.is_empty() && !self.completed.is_empty()
    }
}

/// The two ways a capture can end.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// Every check passed.
    Verified(Proof),
    /// At least one did not; in the order of the documentation, never empty.
    Rejected(Vec<Rejection>),
}

/// What a verified capture yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Combined confidence, 0 to 1; see [`confidence`].
    pub confidence: f32,
    /// The face of the capture.
    pub embedding: Embedding,
    /// Position of the best frame in the capture.
    pub best_frame: usize,
}

/// A check that failed, with what was measured and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rejection {
    /// Too few frames show a face.
    InsufficientFaceDetections {
        /// Share of frames with a face.
        measured: f32,
        /// Share that it takes.
        required: f32,
    },
    /// The frames don't show one person.
    DifferentPersons {
        /// Identity consistency, where it was what failed.
        consistency: Option<Shortfall>,
        /// Frames with a second subject, where they were what failed.
        second_subject: Option<SecondSubject>,
    },
    /// An attack presentation.
    SpoofDetected(Shortfall),
    /// At least one action was not shown; [`Findings::failed`] says which and why.
    ChallengeFailed,
}

/// A score below its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The score.
    pub measured: f32,
    /// The threshold.
    pub required: f32,
}

/// Somebody else in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondSubject {
    /// Frames that show a second face of comparable size.
    pub frames: usize,
    /// Number of such frames from which it counts.
    pub limit: usize,
}

/// Decides a capture. Directions in `frames` are the subject's own (see
/// [`FrameMeasurement::unmirrored`](super::measurement::FrameMeasurement::unmirrored)).
pub fn decide(challenge: &Challenge, frames: &[TaggedFrame], thresholds: &Thresholds) -> Verdict {
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
        anti_spoof: mean(
            frames
                .iter()
                .filter_map(TaggedFrame::face)
                .filter_map(Face::bona_fide_score),
        ),
        same_person: identity::consistency(frames),
        completed,
        failed,
    }
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
    let below = |score: Option<f32>, required| {
        score
            .filter(|s| *s < required)
            .map(|measured| Shortfall { measured, required })
    };
    let consistency = below(findings.same_person, t.same_person);
    let seconds = presence::frames_with_second_subject(frames, t);
    let limit = presence::second_subject_limit(frames.len(), t);
    let second_subject = (seconds >= limit).then_some(SecondSubject {
        frames: seconds,
        limit,
    });
    if consistency.is_some() || second_subject.is_some() {
        rejections.push(Rejection::DifferentPersons {
            consistency,
            second_subject,
        });
    }
    if let Some(shortfall) = below(findings.anti_spoof, t.anti_spoof) {
        rejections.push(Rejection::SpoofDetected(shortfall));
    }
    if !findings.challenge_passed() {
        rejections.push(Rejection::ChallengeFailed);
    }
    if rejections.is_empty() {
        // Faces, but too few of them seen well enough to say whose they are.
        let unseen = findings.too_little_seen(frames, angles, t);
        rejections.extend(
            unseen.map(|measured| Rejection::InsufficientFaceDetections {
                measured,
                required: t.face_ratio,
            }),
        );
    }
    rejections
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

/// The sharpest portrait among the frames whose picture is at hand: near-frontal, eyes open. Where
/// no frame is one, the most frontal.
pub fn best_frame(frames: &[TaggedFrame], t: &Thresholds) -> Option<usize> {
    let faces = || {
        frames
            .iter()
            .enumerate()
            .filter(|(_, f)| f.has_picture)
            .filter_map(|(i, f)| Some((i, f.face()?)))
    };
    let portraits = || faces().filter(|(_, f)| f.pose.is_within(t.portrait_deg));
    let open = portraits().map(|(_, f)| f.eyes.ratio()).fold(0.0, f32::max) * t.blink_open_share;
    portraits()
        .filter(|(_, f)| f.eyes.ratio() >= open)
        .max_by(|(_, a), (_, b)| a.quality.sharpness.total_cmp(&b.quality.sharpness))
        .or_else(|| {
            faces().min_by(|(_, a), (_, b)| a.pose.deviation().total_cmp(&b.pose.deviation()))
        })
        .map(|(i, _)| i)
}

/// Weighted geometric mean of the anti-spoof score (1/2), identity (3/10) and quality of the best
/// frame (1/5), 0 to 1: one poor part cannot be made up for by the others.
///
/// Identity counts as 1 from 0.75, the mean similarity of genuine frontal pairs of the embedding
/// model. Quality is the product of size, 1 from the 112 pixels that the embedder looks at, and
/// exposure, 1 between a fifth and four fifths of full brightness. It ranks captures; the verdict
/// rests on each threshold by itself.
pub fn confidence(anti_spoof: f32, same_person: f32, best: &Face) -> f32 {
    let identity = (same_person / 0.75).clamp(0.0, 1.0);
    let size = (best.bounds.width / 112.0).clamp(0.0, 1.0);
    let from_edge = best.quality.brightness.min(255.0 - best.quality.brightness);
    let exposure = (from_edge / (0.2 * 255.0)).clamp(0.0, 1.0);
    anti_spoof.clamp(0.0, 1.0).powf(0.5) * identity.powf(0.3) * (size * exposure).powf(0.2)
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

#[cfg(test)]
mod tests;
