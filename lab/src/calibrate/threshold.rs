//! Finds the threshold that meets a target error rate.

/// Scores of the presentations of one attack instrument species, 0 to 1.
pub type Species<'a> = &'a [f32];

/// The least threshold at which every species' APCER is at most `target`; `None` without attacks.
///
/// A presentation that scores the threshold or more is classified as bona fide. The threshold is half
/// way between the highest attack that must be detected and the next score above it, of either class: a
/// threshold equal to a score would change with the next capture.
pub fn threshold(species: &[Species<'_>], bona_fide: &[f32], target: f64) -> Option<f32> {
    let caught = |attacks: Species<'_>| {
        let mut highest: Vec<f32> = attacks.to_vec();
        highest.sort_by(|a, b| b.total_cmp(a));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of their number"
        )]
        let missed = (target.clamp(0.0, 1.0) * highest.len() as f64).floor() as usize;
        // All attacks of the species may be missed, so it sets no limit.
        highest.get(missed).copied()
    };
    let all = species.iter().filter(|attacks| !attacks.is_empty());
    let floor = all
        .clone()
        .filter_map(|attacks| caught(attacks))
        .reduce(f32::max);
    all.clone().next()?;
    let Some(floor) = floor else { return Some(0.0) };
    let scores = species.iter().copied().flatten().chain(bona_fide);
    let above = scores.copied().filter(|s| *s > floor).reduce(f32::min);
    Some(
        f32::midpoint(floor, above.unwrap_or(1.0))
            .max(floor.next_up())
            .min(1.0),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worst_species_decides() {
        let (print, screen) = ([0.1, 0.2, 0.3], [0.2, 0.5, 0.6]);
        let found = threshold(&[&print, &screen], &[0.8, 0.9], 0.0).unwrap();
        assert!((found - 0.7).abs() < 1e-6, "{found}");
        // One of three may be missed.
        let found = threshold(&[&print, &screen], &[0.8, 0.9], 0.34).unwrap();
        assert!((found - 0.55).abs() < 1e-6, "{found}");
        assert_eq!(threshold(&[], &[0.8], 0.1), None);
        assert_eq!(threshold(&[&[]], &[0.8], 0.1), None);
        assert_eq!(threshold(&[&print], &[0.8], 1.0), Some(0.0));
    }

    proptest! {
        #[test]
        fn the_target_is_met_and_no_score_below_would_meet_it(
            attacks in prop::collection::vec(0.0_f32..1.0, 1..40), bona_fide in prop::collection::vec(0.0_f32..1.0, 0..40),
            target in 0.0_f64..0.5,
        ) {
            let t = threshold(&[&attacks], &bona_fide, target).unwrap();
            let apcer = |t: f32| attacks.iter().filter(|s| **s >= t).count() as f64 / attacks.len() as f64;
            prop_assert!(apcer(t) <= target);
            let below = attacks.iter().copied().filter(|s| *s < t).reduce(f32::max);
            if let Some(below) = below {
                prop_assert!(apcer(below) > target);
            }
        }
    }
}
