//! The best frame of a capture, and the capture's confidence.

use crate::evidence::Evidence;
use crate::measurement::Face;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// Position, from 0, of the sharpest portrait; `None` if no face can be judged.
///
/// A portrait is near-frontal and has open eyes. Only frames whose picture is available and whose face can
/// be judged are considered. If none of them is a portrait, the most frontal one is taken.
pub fn best_frame(frames: &[TaggedFrame], t: &Thresholds) -> Option<usize> {
    let faces = || {
        frames
            .iter()
            .enumerate()
            .filter(|(_, f)| f.has_picture)
            .filter_map(|(i, f)| Some((i, Evidence::judged(&f.measurement, t)?)))
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

/// Confidence of a verified capture, 0 to 1: a weighted geometric mean, in which good parts cannot make up
/// for a poor one.
///
/// Weights are 1/2 for the anti-spoof score, 3/10 for identity and 1/5 for the quality of the best frame.
/// Identity counts as 1 from 0.75, the mean similarity of genuine frontal pairs of the embedding model.
/// Quality is the product of size and exposure. Size is 1 from 112 pixels, the embedder's input. Exposure
/// is 1 between a fifth and four fifths of full brightness. Confidence ranks captures; the verdict compares
/// each value with its own threshold.
pub fn confidence(anti_spoof: f32, same_person: f32, best: &Face) -> f32 {
    let identity = (same_person / 0.75).clamp(0.0, 1.0);
    let size = (best.bounds.width / 112.0).clamp(0.0, 1.0);
    let from_edge = best.quality.brightness.min(255.0 - best.quality.brightness);
    let exposure = (from_edge / (0.2 * 255.0)).clamp(0.0, 1.0);
    anti_spoof.clamp(0.0, 1.0).powf(0.5) * identity.powf(0.3) * (size * exposure).powf(0.2)
}
