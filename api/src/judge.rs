//! From what became of a capture's frames to a verdict.

use livegate_common::job::{ClipFrame, FrameOutcome, MeasuredClip};
use livegate_common::liveness::challenge::{Challenge, Phase};
use livegate_common::liveness::decision::{
    Capture, Conclusion, Findings, Proof, Rejection, decide,
};
use livegate_common::liveness::evidence::{TaggedFrame, Timing, colour};
use livegate_common::liveness::measurement::FrameMeasurement;
use livegate_common::liveness::sampling::Sampling;
use livegate_common::liveness::thresholds::Thresholds;

/// Why there is nothing to judge.
#[derive(Clone, Debug, PartialEq)]
pub enum Undecodable {
    /// A frame's pixels could not be decoded.
    Frame {
        /// Its position, from 0.
        index: usize,
        /// Why; holds nothing of the picture.
        cause: String,
    },
    /// A face is shown without colour.
    NoColour {
        /// The frame's position, from 0; `None` for a clip.
        frame: Option<usize>,
        /// How much colour there is, percent of the brightness; of a clip's faces the median.
        measured: f32,
        /// How much there must be.
        required: f32,
    },
    /// The clip could not be played.
    Clip {
        /// Why; holds nothing of what it shows.
        cause: String,
    },
}

/// What a capture amounts to.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Some of it could not be decoded, or has no colour, so nothing else counts. Never empty.
    Undecodable(Vec<Undecodable>),
    /// It was rejected for these reasons. Never empty.
    Rejected(Findings, Vec<Rejection>),
    /// It was verified.
    Verified(Findings, Proof),
}

/// Judges frames; `phases` and `outcomes` are those of the frames, in their order. `timing`: where nobody
/// could know the challenge before its session was made.
pub fn judge_images(
    challenge: &Challenge,
    phases: &[Phase],
    outcomes: &[FrameOutcome],
    timing: Option<Timing>,
    thresholds: &Thresholds,
) -> Judgement {
    let (mut frames, mut undecodable) = (Vec::with_capacity(phases.len()), Vec::new());
    for (index, (phase, outcome)) in phases.iter().zip(outcomes).enumerate() {
        match outcome {
            FrameOutcome::Measured(measured) => {
                undecodable.extend(colour::lacking(measured, thresholds).map(|measured| {
                    Undecodable::NoColour {
                        frame: Some(index),
                        measured,
                        required: thresholds.colour,
                    }
                }));
                frames.push(TaggedFrame {
                    phase: *phase,
                    measurement: as_seen(challenge, measured.as_ref().clone()),
                    seconds: None,
                    has_picture: true,
                });
            }
            FrameOutcome::Undecodable(cause) => undecodable.push(Undecodable::Frame {
                index,
                cause: cause.clone(),
            }),
        }
    }
    if undecodable.is_empty() {
        let capture = Capture {
            frames: &frames,
            sampling: Sampling::Chosen,
            timing,
        };
        conclude(challenge, &capture, thresholds)
    } else {
        Judgement::Undecodable(undecodable)
    }
}

/// Judges a clip. `available_s`: seconds since its session was made, where nobody could know the challenge
/// before. Takes milliseconds for one of many frames: not on an async thread.
pub fn judge_clip(
    challenge: &Challenge,
    clip: &MeasuredClip,
    available_s: Option<f32>,
    thresholds: &Thresholds,
) -> Judgement {
    let measured = clip.frames.iter().map(|f| &f.measured);
    if let Some(measured) = colour::lacking_throughout(measured, thresholds) {
        return Judgement::Undecodable(vec![Undecodable::NoColour {
            frame: None,
            measured,
            required: thresholds.colour,
        }]);
    }
    let has_picture = |index| clip.portraits.iter().any(|p| p.frame == index);
    let frames: Vec<TaggedFrame> = (0..)
        .zip(&clip.frames)
        .map(|(index, ClipFrame { seconds, measured })| TaggedFrame {
            phase: Phase::Untagged,
            measurement: as_seen(challenge, measured.clone()),
            seconds: Some(*seconds),
            has_picture: has_picture(index),
        })
        .collect();
    let last = clip.frames.last().map_or(0.0, |f| f.seconds);
    let timing = available_s.map(|available_s| Timing {
        claimed_s: last,
        available_s,
    });
    let capture = Capture {
        frames: &frames,
        sampling: Sampling::Dense,
        timing,
    };
    conclude(challenge, &capture, thresholds)
}

/// Directions as they are, whatever the client's library did to the frames.
fn as_seen(challenge: &Challenge, measurement: FrameMeasurement) -> FrameMeasurement {
    if challenge.mirrored {
        measurement.unmirrored()
    } else {
        measurement
    }
}

fn conclude(challenge: &Challenge, capture: &Capture<'_>, thresholds: &Thresholds) -> Judgement {
    let verdict = decide(challenge, capture, thresholds);
    match verdict.conclusion {
        Conclusion::Verified(proof) => Judgement::Verified(verdict.findings, proof),
        Conclusion::Rejected(reasons) => Judgement::Rejected(verdict.findings, reasons),
    }
}
