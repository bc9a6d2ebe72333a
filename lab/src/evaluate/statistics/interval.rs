//! Exact 95% intervals of probabilities and counts.
//!
//! They hold for independent trials. Captures of one subject, or by one instrument, are not independent:
//! consider the number of subjects, too.

use statrs::distribution::{Beta, ContinuousCDF, Gamma};

/// Probability beyond each end of an interval.
const TAIL: f64 = 0.025;

/// The values that a measurement does not exclude at 95% confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Interval of a probability after `count` of `of` trials; `None` without trials.
///
/// Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
/// binomial", Biometrika 26(4), 1934. It contains the true value in at least 95% of all experiments.
/// After no error in n trials the upper end is close to 3.7 / n (the rule of three is its one-sided
/// form).
pub fn of_share(count: usize, of: usize) -> Option<Interval> {
    let (hits, misses) = (float(count), float(of.checked_sub(count)?));
    if of == 0 {
        return None;
    }
    let low = match count {
        0 => 0.0,
        _ => Beta::new(hits, misses + 1.0).ok()?.inverse_cdf(TAIL),
    };
    let high = match of - count {
        0 => 1.0,
        _ => Beta::new(hits + 1.0, misses).ok()?.inverse_cdf(1.0 - TAIL),
    };
    Some(Interval { low, high })
}

/// Interval of the expected number of events when `count` were observed.
///
/// Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28(3/4), 1936.
pub fn of_count(count: usize) -> Option<Interval> {
    let events = float(count);
    let low = match count {
        0 => 0.0,
        _ => Gamma::new(events, 1.0).ok()?.inverse_cdf(TAIL),
    };
    let high = Gamma::new(events + 1.0, 1.0).ok()?.inverse_cdf(1.0 - TAIL);
    Some(Interval { low, high })
}

#[expect(clippy::cast_precision_loss, reason = "numbers of captures and events")]
fn float(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, Discrete, Poisson};

    use super::*;

    fn close(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() < 1e-7 * wanted.max(1.0)
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Reference values from scipy 1.17: beta.ppf and chi2.ppf.
        for (count, of, low, high) in [
            (0, 10, 0.0, 0.308_497_107_8),
            (1, 10, 0.002_528_578_544, 0.445_016_117_0),
            (5, 10, 0.187_086_028_5, 0.812_913_971_6),
            (10, 10, 0.691_502_892_2, 1.0),
            (0, 300, 0.0, 0.012_220_974_69),
            (37, 1000, 0.026_182_708_84, 0.050_641_123_06),
            (0, 1, 0.0, 0.975),
        ] {
            let found = of_share(count, of).unwrap();
            let agrees = close(found.low, low) && close(found.high, high);
            assert!(agrees, "{count} of {of}: {found:?}");
        }
        for (count, low, high) in [
            (0, 0.0, 3.688_879_454),
            (1, 0.025_317_807_98, 5.571_643_391),
            (20, 12.216_519_59, 30.888_377_90),
        ] {
            let found = of_count(count).unwrap();
            let agrees = close(found.low, low) && close(found.high, high);
            assert!(agrees, "{count}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_known_without_a_trial() {
        assert_eq!(of_share(0, 0), None);
        assert_eq!(of_share(2, 1), None);
    }

    proptest! {
        #[test]
        fn whatever_the_true_share_at_least_95_of_100_experiments_cover_it(
            of in 1_usize..80, truth in 0.0_f64..=1.0,
        ) {
            let outcomes = Binomial::new(truth, of as u64).unwrap();
            let covers = |count: &usize| {
                let found = of_share(*count, of).unwrap();
                found.low <= truth && truth <= found.high
            };
            let coverage: f64 = (0..=of).filter(covers).map(|c| outcomes.pmf(c as u64)).sum();
            prop_assert!(coverage >= 0.95 - 1e-6, "{coverage}");
        }

        #[test]
        fn whatever_the_true_number_at_least_95_of_100_experiments_cover_it(
            truth in 0.01_f64..30.0,
        ) {
            let outcomes = Poisson::new(truth).unwrap();
            let covers = |count: &usize| {
                let found = of_count(*count).unwrap();
                found.low <= truth && truth <= found.high
            };
            let coverage: f64 = (0..200).filter(covers).map(|c| outcomes.pmf(c as u64)).sum();
            prop_assert!(coverage >= 0.95 - 1e-6, "{coverage}");
        }

        #[test]
        fn large_sets_have_intervals_around_their_share(of in 1_usize..50_000, share in 0.0_f64..=1.0) {
            let count = ((of as f64 * share) as usize).min(of);
            let found = of_share(count, of).unwrap();
            let measured = count as f64 / of as f64;
            prop_assert!(0.0 <= found.low && found.low <= measured);
            prop_assert!(measured <= found.high && found.high <= 1.0);
        }
    }
}
