//! Fits the scale of anti-spoof scores, so that a score means the share of bona fide captures among
//! those with that score.

use livegate_liveness::thresholds::Scale;

/// The raw score of a capture, and its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Combined anti-spoof score as the models give it, 0 (attack) to 1 (bona fide).
    pub score: f32,
    /// Whether the capture is bona fide.
    pub is_bona_fide: bool,
}

/// Most steps of the fit. After these, the current result is used.
const MOST_STEPS: usize = 100;
/// Added to the Hessian, so that it can be inverted.
const RIDGE: f64 = 1e-9;
/// The fit has converged when the gradient is below this.
const SETTLED: f64 = 1e-9;

/// Logistic regression on the log-odds of the scores, with both classes weighing the same; `None` where
/// one of the classes is missing.
///
/// Platt, "Probabilistic outputs for support vector machines", 1999. His targets keep the slope finite
/// for a set that can be separated without error. Solved by Newton's method with halved steps, after
/// Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine
/// Learning 68, 2007. Also `None` for a negative slope, which would reverse the order of scores: such a
/// model is useless.
pub fn fit(samples: &[Sample]) -> Option<Scale> {
    let count = |bona_fide| {
        samples
            .iter()
            .filter(|s| s.is_bona_fide == bona_fide)
            .count()
    };
    let (genuine, attacks) = (count(true), count(false));
    if genuine == 0 || attacks == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "captures, not stars")]
    let (genuine, attacks) = (genuine as f64, attacks as f64);
    let points: Vec<Point> = samples
        .iter()
        .map(|s| Point {
            odds: f64::from(Scale::default().margin(s.score)),
            target: if s.is_bona_fide {
                (genuine + 1.0) / (genuine + 2.0)
            } else {
                1.0 / (attacks + 2.0)
            },
            weight: if s.is_bona_fide {
                0.5 / genuine
            } else {
                0.5 / attacks
            },
        })
        .collect();
    let (slope, offset) = newton(&points);
    #[expect(clippy::cast_possible_truncation, reason = "a handful")]
    let scale = Scale {
        slope: slope as f32,
        offset: offset as f32,
    };
    (slope > 0.0 && slope.is_finite() && offset.is_finite()).then_some(scale)
}

struct Point {
    odds: f64,
    target: f64,
    weight: f64,
}

/// Cross entropy of the targets for a line.
fn loss(points: &[Point], (slope, offset): (f64, f64)) -> f64 {
    let of = |p: &Point| {
        let z = slope * p.odds + offset;
        // ln(1 + e^z) - target z, without overflow.
        p.weight * (z.max(0.0) + (-z.abs()).exp().ln_1p() - p.target * z)
    };
    points.iter().map(of).sum()
}

fn newton(points: &[Point]) -> (f64, f64) {
    let mut line = (1.0, 0.0);
    let mut least = loss(points, line);
    for _step in 0..MOST_STEPS {
        let (mut g, mut h) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
        for p in points {
            let share = 1.0 / (1.0 + (-(line.0 * p.odds + line.1)).exp());
            let (error, curve) = (
                p.weight * (share - p.target),
                p.weight * share * (1.0 - share),
            );
            g[0] += error * p.odds;
            g[1] += error;
            h[0] += curve * p.odds * p.odds;
            h[1] += curve * p.odds;
            h[2] += curve;
        }
        if g[0].abs().max(g[1].abs()) < SETTLED {
            break;
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        let step = (
            (h[2] * g[0] - h[1] * g[1]) / determinant,
            (h[0] * g[1] - h[1] * g[0]) / determinant,
        );
        let mut share = 1.0;
        let better = loop {
            let tried = (line.0 - share * step.0, line.1 - share * step.1);
            let now = loss(points, tried);
            if now < least {
                break Some((tried, now));
            }
            share /= 2.0;
            if share < 1e-10 {
                break None;
            }
        };
        let Some((next, now)) = better else { break };
        (line, least) = (next, now);
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn samples(genuine: &[f32], attacks: &[f32]) -> Vec<Sample> {
        let of = |is_bona_fide| {
            move |score: &f32| Sample {
                score: *score,
                is_bona_fide,
            }
        };
        let genuine = genuine.iter().map(of(true));
        genuine.chain(attacks.iter().map(of(false))).collect()
    }

    #[test]
    fn scores_that_mean_what_they_say_stay_where_they_are() {
        // Among captures that score s, the share s is bona fide.
        let mut all = Vec::new();
        for tenth in 1..10 {
            for n in 0..1000 {
                let (score, is_bona_fide) = (tenth as f32 / 10.0, n < tenth * 100);
                all.push(Sample {
                    score,
                    is_bona_fide,
                });
            }
        }
        let scale = fit(&all).unwrap();
        assert!(
            (scale.slope - 1.0).abs() < 0.01 && scale.offset.abs() < 0.01,
            "{scale:?}"
        );
    }

    #[test]
    fn without_both_classes_or_with_scores_turned_around_there_is_no_fit() {
        assert_eq!(fit(&samples(&[0.9], &[])), None);
        assert_eq!(fit(&samples(&[], &[0.1])), None);
        assert_eq!(fit(&samples(&[0.1, 0.2], &[0.8, 0.9])), None);
    }

    #[test]
    fn what_can_be_told_apart_is_fitted_with_a_finite_slope() {
        let scale = fit(&samples(&[0.99, 0.97], &[0.01, 0.02])).unwrap();
        assert!(scale.slope > 0.0 && scale.slope < 5.0, "{scale:?}");
        assert!(scale.rescale(0.98) > 0.6 && scale.rescale(0.015) < 0.4);
    }

    proptest! {
        #[test]
        fn no_line_nearby_is_better(
            genuine in prop::collection::vec(0.3_f32..1.0, 2..20), attacks in prop::collection::vec(0.0_f32..0.7, 2..20),
        ) {
            let all = samples(&genuine, &attacks);
            let Some(scale) = fit(&all) else { return Ok(()) };
            let (n, m) = (genuine.len() as f64, attacks.len() as f64);
            let points: Vec<Point> = all.iter().map(|s| Point {
                odds: f64::from(Scale::default().margin(s.score)),
                target: if s.is_bona_fide { (n + 1.0) / (n + 2.0) } else { 1.0 / (m + 2.0) },
                weight: if s.is_bona_fide { 0.5 / n } else { 0.5 / m },
            }).collect();
            let line = (f64::from(scale.slope), f64::from(scale.offset));
            for (a, b) in [(0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02)] {
                prop_assert!(loss(&points, line) <= loss(&points, (line.0 + a, line.1 + b)) + 1e-7);
            }
        }
    }
}
