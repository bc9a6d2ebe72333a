//! The few pictures of a clip that may become its best frame.
//!
//! The API chooses the best frame, by angles that the worker does not know. So the worker keeps the best
//! pictures of each of several ranges of angles.

use livegate_common::job::Portrait;
use livegate_liveness::measurement::Face;

/// Upper ends of the ranges of angles, degrees. The last range has no upper end.
const RANGES_DEG: [f32; 4] = [5.0, 10.0, 15.0, 30.0];

/// Most pictures kept in each range.
const PER_RANGE: usize = 2;

/// The pictures kept so far, in ranges of angles.
#[derive(Default)]
pub struct Album([Vec<Candidate>; RANGES_DEG.len() + 1]);

struct Candidate {
    rank: Rank,
    portrait: Portrait,
}

impl Album {
    /// Whether a picture of this face would be kept now.
    pub fn wants(&self, face: &Face) -> bool {
        let range = &self.0[range(face)];
        range.len() < PER_RANGE || range.last().is_some_and(|worst| rank(face) > worst.rank)
    }

    /// Keeps the picture of this face, unless better ones have arrived in the meantime.
    pub fn keep(&mut self, face: &Face, portrait: Portrait) {
        let (range, rank) = (&mut self.0[range(face)], rank(face));
        let at = range.partition_point(|c| c.rank >= rank);
        range.insert(at, Candidate { rank, portrait });
        range.truncate(PER_RANGE);
    }

    /// The pictures, in the order of their frames.
    pub fn into_portraits(self) -> Vec<Portrait> {
        let mut portraits: Vec<Portrait> =
            self.0.into_iter().flatten().map(|c| c.portrait).collect();
        portraits.sort_by_key(|p| p.frame);
        portraits
    }
}

fn range(face: &Face) -> usize {
    RANGES_DEG.partition_point(|end| *end < face.pose.deviation())
}

/// Whether an anti-spoof model could score the face, which a best frame needs; and a number that is higher for a
/// sharper face and wider open eyes, without unit.
type Rank = (bool, f32);

fn rank(face: &Face) -> Rank {
    let quality = face.quality.sharpness * face.eyes.ratio().max(0.0);
    (face.margin().is_some(), quality)
}
