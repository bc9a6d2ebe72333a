//! The numbers that belong to a set of anti-spoof models.

use serde::{Deserialize, Serialize};

use crate::sampling::Sampling;

/// The numbers that belong to one set of anti-spoof models.
///
/// Thresholds are margins (see [`margin_of`](crate::measurement::margin_of)): of the weakest picture of a
/// part alone, which may be an accident, and of the mean of its weakest few. Where frames came densely
/// there are more of them, so that the weakest are weaker by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PadThresholds {
    /// What makes a margin a score.
    pub scale: Scale,
    /// Least mean margin of the weakest pictures of a whole capture, of frames that the caller chose.
    pub whole: f32,
    /// Least mean margin of the weakest pictures of a part, likewise.
    pub chosen: f32,
    /// Least margin of the weakest one.
    pub single_chosen: f32,
    /// As `chosen`, where frames came densely.
    pub dense: f32,
    /// As `single_chosen`, where frames came densely.
    pub single_dense: f32,
    /// The measurement behind the numbers.
    pub source: String,
}

impl PadThresholds {
    /// The score that is reported as the threshold, 0 to 1: what the mean of the weakest pictures needs. A
    /// verified capture has at least as much on average, where as many pictures were scored.
    pub fn threshold(&self, sampling: Sampling) -> f32 {
        self.scale.score(match sampling {
            Sampling::Chosen => self.whole,
            Sampling::Dense => self.dense,
        })
    }
}

impl Default for PadThresholds {
    /// Margins as they are, and no threshold that any model has measured.
    fn default() -> Self {
        Self {
            scale: Scale::default(),
            whole: 0.0,
            chosen: 0.0,
            single_chosen: 0.0,
            dense: 0.0,
            single_dense: 0.0,
            source: "none".to_owned(),
        }
    }
}

/// A straight line through margins, which are log-odds: what a fit on labelled captures gives, so that a
/// score is the share of captures like it that are bona fide.
///
/// Platt, "Probabilistic outputs for support vector machines", 1999.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// What margins are multiplied with, above 0.
    pub slope: f32,
    /// What is added to them.
    pub offset: f32,
}

/// Leaves margins as they are.
impl Default for Scale {
    fn default() -> Self {
        Self {
            slope: 1.0,
            offset: 0.0,
        }
    }
}

impl Scale {
    /// The score of a margin, 0 (attack presentation) to 1 (bona fide).
    pub fn score(self, margin: f32) -> f32 {
        1.0 / (1.0 + (-(self.slope * margin + self.offset)).exp())
    }

    /// The score of what scored `raw` on a scale that leaves margins as they are.
    pub fn rescale(self, raw: f32) -> f32 {
        self.score(Self::default().margin(raw))
    }

    /// The margin of a score; scores nearer to 0 or 1 than 0.0001 count as that.
    pub fn margin(self, score: f32) -> f32 {
        let score = score.clamp(1e-4, 1.0 - 1e-4);
        ((score / (1.0 - score)).ln() - self.offset) / self.slope
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_scale_keeps_the_order_and_can_be_undone(
            a in -8.0_f32..8.0, b in -8.0_f32..8.0, slope in 0.2_f32..1.0, offset in -1.0_f32..1.0,
        ) {
            let scale = Scale { slope, offset };
            let (low, high) = (scale.score(a.min(b)), scale.score(a.max(b)));
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low <= high);
            prop_assert!((scale.margin(scale.score(a)) - a).abs() < 0.05);
        }
    }
}
