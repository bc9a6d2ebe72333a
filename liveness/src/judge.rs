//! Judges a capture: turns the outcomes of its frames, or of a clip, into a verdict.

use crate::challenge::{Challenge, Phase};
use crate::decision::{Capture, Conclusion, Findings, Proof, Rejection, decide};
use crate::embedding::Embedding;
use crate::evidence::{Timing, colour};
use crate::measurement::FrameMeasurement;
use crate::outcome::{ClipFrame, FrameOutcome};
use crate::reference::Comparison;
use crate::sampling::Sampling;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// Why a capture cannot be judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Undecodable {
    /// A frame's pixels could not be decoded.
    Frame {
        /// The frame's position in the capture, from 0.
        index: usize,
        /// The cause. It holds nothing of the picture.
        cause: String,
    },
    /// A face is shown without colour, so that anti-spoof models cannot judge it.
    NoColour {
        /// The frame's position in the capture, from 0; `None` for a clip.
        frame: Option<usize>,
        /// Colour of the face and its surroundings, percent of the brightness; for a clip the median of its
        /// faces.
        measured: f32,
        /// The least colour that is accepted, percent of the brightness.
        required: f32,
    },
    /// The clip could not be played.
    Clip {
        /// The cause. It holds nothing of what the clip shows.
        cause: String,
    },
}

/// The judgement of a capture.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Frames that could not be decoded or have no colour; nothing else was judged. Never empty.
    Undecodable(Vec<Undecodable>),
    /// The capture was rejected, for these reasons. Never empty.
    Rejected(Findings, Vec<Rejection>),
    /// The capture was verified.
    Verified(Findings, Proof),
}

impl Judgement {
    /// Compares the capture with a reference. A portrait of one person is needed; the verdict does not matter.
    pub fn compared_with(&self, reference: Option<&Embedding>, t: &Thresholds) -> Comparison {
        let (portrait, reasons) = match self {
            Self::Undecodable(_) => (None, &[][..]),
            Self::Rejected(findings, reasons) => (findings.portrait.as_ref(), &reasons[..]),
            Self::Verified(_, proof) => (Some(&proof.embedding), &[][..]),
        };
        Comparison::of(reference, portrait, reasons, t)
    }
}

/// Judges frames that the caller chose, each with its tag, in the caller's order.
///
/// `timing` compares the capture's time with the server's. It is `None` if the challenge could be known
/// before the session was made.
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

/// Judges a clip by its sampled frames, in their order.
///
/// `has_picture` tells for a position, from 0, whether the picture of that frame is available.
/// `available_s` is the number of seconds since the session was made, `None` if the challenge could be
/// known before. A clip of many frames takes milliseconds: do not call it on an async thread.
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
        claimed_s: length(&frames),
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

/// Time from the first sample to the last, seconds.
fn length(frames: &[ClipFrame]) -> f32 {
    let ends = frames.first().zip(frames.last());
    ends.map_or(0.0, |(first, last)| last.seconds - first.seconds)
}

/// The measurement with the subject's own directions: mirrored frames are turned back.
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
