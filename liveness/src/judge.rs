//! From what became of a capture's frames to a verdict.

use crate::challenge::{Challenge, Phase};
use crate::decision::{Capture, Conclusion, Findings, Proof, Rejection, decide};
use crate::evidence::{Timing, colour};
use crate::measurement::FrameMeasurement;
use crate::outcome::{ClipFrame, FrameOutcome};
use crate::sampling::Sampling;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

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

/// Judges frames, each with what the client says of it, in the caller's order. `timing`: the capture's time beside
/// the server's, where nobody could know the challenge before its session was made.
pub fn judge_images(
    challenge: &Challenge,
    outcomes: impl IntoIterator<Item = (Phase, FrameOutcome)>,
    timing: Option<Timing>,
    thresholds: &Thresholds,
) -> Judgement {
    let (mut frames, mut undecodable) = (Vec::new(), Vec::new());
    for (index, (phase, outcome)) in outcomes.into_iter().enumerate() {
        match outcome {
            FrameOutcome::Measured(measured) => {
                undecodable.extend(colour::lacking(&measured, thresholds).map(|measured| {
                    Undecodable::NoColour {
                        frame: Some(index),
                        measured,
                        required: thresholds.colour,
                    }
                }));
                frames.push(TaggedFrame {
                    phase,
                    measurement: as_seen(challenge, *measured),
                    seconds: None,
                    has_picture: true,
                });
            }
            FrameOutcome::Undecodable(cause) => {
                undecodable.push(Undecodable::Frame { index, cause });
            }
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

/// Judges a clip by its sampled frames, in their order. `has_picture` says of a position, from 0, whether the
/// picture of that frame is at hand. `available_s`: seconds since the session was made, where nobody could know
/// the challenge before. Takes milliseconds for a clip of many frames: not on an async thread.
pub fn judge_clip(
    challenge: &Challenge,
    frames: Vec<ClipFrame>,
    has_picture: impl Fn(usize) -> bool,
    available_s: Option<f32>,
    thresholds: &Thresholds,
) -> Judgement {
    let measured = frames.iter().map(|f| &f.measured);
    if let Some(measured) = colour::lacking_throughout(measured, thresholds) {
        return Judgement::Undecodable(vec![Undecodable::NoColour {
            frame: None,
            measured,
            required: thresholds.colour,
        }]);
    }
    let timing = available_s.map(|available_s| Timing {
        claimed_s: frames.last().map_or(0.0, |f| f.seconds),
        available_s,
    });
    let tagged = |(index, ClipFrame { seconds, measured })| TaggedFrame {
        phase: Phase::Untagged,
        measurement: as_seen(challenge, measured),
        seconds: Some(seconds),
        has_picture: has_picture(index),
    };
    let frames: Vec<TaggedFrame> = frames.into_iter().enumerate().map(tagged).collect();
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
