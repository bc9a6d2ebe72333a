//! The few lowest of many values. Each picture counts once.

use serde::{Deserialize, Serialize};

/// The lowest values that were added, each of a different picture, in ascending order.
///
/// Whatever is computed from them can only fall as values are added: no number of good frames raises it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lowest {
    most: usize,
    /// Picture number and value.
    values: Vec<(u32, f32)>,
}

impl Lowest {
    /// Keeps `most` values.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            values: Vec::new(),
        }
    }

    /// Adds the value of a picture. Of several values of one picture, the lowest counts.
    pub fn add(&mut self, picture: u32, value: f32) {
        match self.values.iter_mut().find(|(p, _)| *p == picture) {
            Some((_, known)) => *known = known.min(value),
            None => self.values.push((picture, value)),
        }
        self.values.sort_by(|a, b| a.1.total_cmp(&b.1));
        self.values.truncate(self.most);
    }

    /// The number of values that are kept.
    pub fn most(&self) -> usize {
        self.most
    }

    /// The mean of the lowest value, of the lowest two, and so on, each with its number of values.
    pub fn means(&self) -> impl Iterator<Item = (usize, f32)> {
        let sums = self.values.iter().scan(0.0, |sum, (_, value)| {
            *sum += value;
            Some(*sum)
        });
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let mean = |(n, sum): (usize, f32)| (n, sum / n as f32);
        (1..).zip(sums).map(mean)
    }

    /// The highest of the kept values; `None` while fewer than [`Self::most`] were added.
    pub fn last(&self) -> Option<f32> {
        let is_full = self.values.len() == self.most;
        self.values.last().map(|(_, v)| *v).filter(|_| is_full)
    }

    /// The highest of the kept values, however few they are; `None` if there are none.
    pub fn highest(&self) -> Option<f32> {
        self.values.last().map(|(_, v)| *v)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[(u32, f32)]) -> Lowest {
        let mut lowest = Lowest::new(2);
        values.iter().for_each(|(p, v)| lowest.add(*p, *v));
        lowest
    }

    #[test]
    fn one_picture_counts_once_by_its_lowest_value() {
        let repeated = of(&[(1, 3.0), (1, 1.0), (1, 2.0), (2, 5.0)]);
        assert_eq!(repeated.means().collect::<Vec<_>>(), [(1, 1.0), (2, 3.0)]);
        assert_eq!(of(&[(1, 3.0), (1, 1.0)]).last(), None);
    }

    proptest! {
        #[test]
        fn no_value_that_is_added_raises_what_is_kept(
            values in prop::collection::vec((0_u32..8, -10.0_f32..10.0), 0..20), more in (0_u32..8, -10.0_f32..10.0),
        ) {
            let (before, after) = (of(&values), of(&[&values[..], &[more]].concat()));
            for ((n, before), (m, after)) in before.means().zip(after.means()) {
                prop_assert!(n == m && after <= before);
            }
            if let Some(before) = before.last() {
                prop_assert!(after.last().unwrap() <= before);
            }
        }

        #[test]
        fn the_order_does_not_matter(values in prop::collection::vec(-10.0_f32..10.0, 0..20), by in 0_usize..20) {
            let values: Vec<_> = (0..).zip(values).collect();
            let mut rotated = values.clone();
            rotated.rotate_left(by % values.len().max(1));
            prop_assert_eq!(of(&values), of(&rotated));
        }
    }
}
