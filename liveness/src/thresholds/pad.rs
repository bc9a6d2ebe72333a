//! Thresholds of a set of anti-spoof models.

use serde::{Deserialize, Serialize};

use crate::sampling::Sampling;

/// Thresholds of one set of anti-spoof models (PAD: presentation attack detection).
///
/// They are margins (see [`margin_of`](crate::measurement::margin_of)). The weakest picture of a part may
/// be an accident, so it has a lower threshold than the mean of the weakest few. Dense frames have more
/// pictures, whose weakest are weaker by chance, so they have thresholds of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PadThresholds {
    /// Turns a margin into a score.
    pub scale: Scale,
    /// Least mean margin of the weakest pictures of a whole capture, for frames that the caller chose.
    pub whole: f32,
    /// Least mean margin of the weakest pictures of a part, for frames that the caller chose.
    pub chosen: f32,
    /// Least margin of the weakest picture of a part, for frames that the caller chose.
    pub single_chosen: f32,
    /// As `chosen`, for dense frames.
    pub dense: f32,
    /// As `single_chosen`, for dense frames.
    pub single_dense: f32,
    /// The measurement behind these numbers.
    pub source: String,
}

impl PadThresholds {
    /// The score that is reported as the threshold, 0 to 1: the one that the mean of the weakest pictures
    /// needs. The average of a verified capture is at least as high if enough pictures were scored.
    pub fn threshold(&self, sampling: Sampling) -> f32 {
        self.scale.score(match sampling {
            Sampling::Chosen => self.whole,
            Sampling::Dense => self.dense,
        })
    }
}

impl Default for PadThresholds {
    /// Leaves margins as they are. The thresholds are placeholders, which no model has measured.
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

/// A linear function of margins, which are log-odds, that turns them into scores.
///
/// Fitted on labelled captures, it makes a score the share of captures with the same margin that are bona
/// fide. Source: Platt, "Probabilistic outputs for support vector machines", 1999.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Factor for margins, above 0.
    pub slope: f32,
    /// Offset added after that.
    pub offset: f32,
}

/// The scale that leaves margins as they are.
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

    /// The score on this scale of a margin that has the score `raw` on the default scale.
    pub fn rescale(self, raw: f32) -> f32 {
        self.score(Self::default().margin(raw))
    }

    /// The margin of a score. Scores closer than 0.0001 to 0 or 1 are moved to that distance.
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
