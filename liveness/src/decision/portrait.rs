//! The frame that stands for a capture, and how good the capture is.

use crate::evidence::Evidence;
use crate::measurement::Face;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// The sharpest portrait among the frames whose picture is at hand and whose face can be judged:
/// near-frontal, eyes open. Where no frame is one, the most frontal.
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
