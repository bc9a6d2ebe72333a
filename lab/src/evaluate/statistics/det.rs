//! Detection error trade-off: error rates at other thresholds.

use serde::Serialize;

/// Error rates at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Score below which a presentation is classified as an attack, 0 to 1.
    pub threshold: f64,
    /// Highest APCER of all instrument species, 0 to 1.
    pub apcer: f64,
    /// BPCER, 0 to 1.
    pub bpcer: f64,
}

/// Error rates by threshold. Never empty. From one point to the next APCER falls and BPCER rises.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Det(Vec<Point>);

impl Det {
    /// The trade-off for the scores of attacks, by instrument, and of bona fide presentations; `None`
    /// where there are no attacks or no bona fide presentations.
    ///
    /// It has one point for each way in which a threshold can separate the scores, at the middle of the
    /// gap between them, and the ends 0 and 1.
    pub fn of(attacks: &[Vec<f64>], bona_fide: &[f64]) -> Option<Self> {
        let attacks: Vec<Vec<f64>> = attacks
            .iter()
            .filter(|scores| !scores.is_empty())
            .map(|scores| sorted(scores.iter().copied()))
            .collect();
        if attacks.is_empty() || bona_fide.is_empty() {
            return None;
        }
        let bona_fide = sorted(bona_fide.iter().copied());
        let mut scores = sorted(attacks.iter().flatten().chain(&bona_fide).copied());
        scores.dedup();
        let middles = scores.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
        let thresholds = std::iter::once(0.0).chain(middles).chain([1.0]);
        let point = |threshold| Point {
            threshold,
            apcer: attacks
                .iter()
                .map(|scores| share(scores.len() - below(scores, threshold), scores.len()))
                .fold(0.0, f64::max),
            bpcer: share(below(&bona_fide, threshold), bona_fide.len()),
        };
        Some(Self(thresholds.map(point).collect()))
    }

    /// The points, in the order of their thresholds.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// The point where both error rates are closest. The equal error rate is their mean.
    pub fn equal_error(&self) -> Option<Point> {
        let distance = |p: &&Point| (p.apcer - p.bpcer).abs();
        let closest = |a: &&Point, b: &&Point| distance(a).total_cmp(&distance(b));
        self.0.iter().min_by(closest).copied()
    }

    /// The point with the lowest BPCER among those whose APCER is at most `most`.
    pub fn at_apcer(&self, most: f64) -> Option<Point> {
        // The points are in order, so the first one that qualifies is the best.
        self.0.iter().find(|p| p.apcer <= most).copied()
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn below(sorted: &[f64], threshold: f64) -> usize {
    sorted.partition_point(|score| *score < threshold)
}

#[expect(clippy::cast_precision_loss, reason = "numbers of captures")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scores_that_can_be_parted_have_a_threshold_without_error() {
        let det = Det::of(&[vec![0.1, 0.2], vec![0.3]], &[0.7, 0.9]).unwrap();
        let best = det.equal_error().unwrap();
        assert_eq!((best.apcer, best.bpcer), (0.0, 0.0));
        assert!((best.threshold - 0.5).abs() < 1e-9);
        assert_eq!(det.at_apcer(0.1).unwrap(), best);
    }

    #[test]
    fn the_worst_instrument_counts() {
        // Half of the prints and a quarter of the replays lie above 0.5.
        let prints = vec![0.1, 0.6];
        let replays = vec![0.1, 0.1, 0.2, 0.6];
        let det = Det::of(&[prints, replays], &[0.4, 0.8]).unwrap();
        let at = det.points().iter().find(|p| p.threshold > 0.45).unwrap();
        assert_eq!((at.apcer, at.bpcer), (0.5, 0.5));
        assert_eq!(det.equal_error().unwrap().threshold, at.threshold);
    }

    #[test]
    fn there_is_no_trade_off_of_one_kind() {
        assert_eq!(Det::of(&[], &[0.5]), None);
        assert_eq!(Det::of(&[vec![]], &[0.5]), None);
        assert_eq!(Det::of(&[vec![0.5]], &[]), None);
    }

    proptest! {
        #[test]
        fn one_error_falls_while_the_other_rises(
            attacks in prop::collection::vec(prop::collection::vec(0.0_f64..=1.0, 1..20), 1..4),
            bona_fide in prop::collection::vec(0.0_f64..=1.0, 1..20),
        ) {
            let det = Det::of(&attacks, &bona_fide).unwrap();
            let first = det.points().first().unwrap();
            prop_assert_eq!((first.apcer, first.bpcer), (1.0, 0.0));
            for pair in det.points().windows(2) {
                prop_assert!(pair[0].threshold <= pair[1].threshold);
                prop_assert!(pair[0].apcer >= pair[1].apcer && pair[0].bpcer <= pair[1].bpcer);
            }
        }
    }
}
