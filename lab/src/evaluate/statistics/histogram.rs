//! Histograms of values between -1 and 1, in steps of a hundredth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rounded;

/// Number of values by hundredths. A histogram reveals nothing about a single face.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<i16, u64>);

/// Summary of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Number of values.
    pub n: u64,
    /// Least value.
    pub min: f64,
    /// 1st percentile.
    pub p1: f64,
    /// 5th percentile.
    pub p5: f64,
    /// 25th percentile.
    pub p25: f64,
    /// 50th percentile.
    pub median: f64,
    /// 75th percentile.
    pub p75: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest value.
    pub max: f64,
}

impl Histogram {
    /// Counts a value, limited to -1 to 1.
    pub fn add(&mut self, value: f32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "from -100 to 100 by the clamp"
        )]
        let hundredths = (value.clamp(-1.0, 1.0) * 100.0).round() as i16;
        *self.0.entry(hundredths).or_default() += 1;
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (hundredths, count) in &other.0 {
            *self.0.entry(*hundredths).or_default() += count;
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The summary; `None` without values.
    pub fn distribution(&self) -> Option<Distribution> {
        Some(Distribution {
            n: self.count(),
            min: self.percentile(0)?,
            p1: self.percentile(1)?,
            p5: self.percentile(5)?,
            p25: self.percentile(25)?,
            median: self.percentile(50)?,
            p75: self.percentile(75)?,
            p95: self.percentile(95)?,
            p99: self.percentile(99)?,
            max: self.percentile(100)?,
        })
    }

    /// The least value that `percent` of all values do not exceed (nearest rank).
    fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.0.iter().find_map(|(hundredths, count)| {
            seen += count;
            (seen >= rank).then(|| rounded(f64::from(*hundredths) / 100.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f32>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|v| histogram.add(v));
        histogram
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let found = of((1..=100).map(|n| n as f32 / 100.0)).distribution();
        let found = found.unwrap();
        assert_eq!((found.n, found.min, found.p1), (100, 0.01, 0.01));
        assert_eq!((found.p5, found.p25, found.median), (0.05, 0.25, 0.5));
        assert_eq!((found.p75, found.p95), (0.75, 0.95));
        assert_eq!((found.p99, found.max), (0.99, 1.0));
        let one = of([-0.237]).distribution().unwrap();
        assert_eq!((one.p1, one.median, one.p99), (-0.24, -0.24, -0.24));
        assert_eq!(Histogram::default().distribution(), None);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut sum = of([0.1, 0.5]);
        sum.merge(&of([0.5, -0.9]));
        assert_eq!(sum, of([0.5, 0.1, -0.9, 0.5]));
    }

    #[test]
    fn a_histogram_survives_being_written_down() {
        let histogram = of([-0.5, 0.25, 0.25]);
        let text = serde_json::to_string(&histogram).unwrap();
        assert_eq!(text, r#"{"-50":1,"25":2}"#);
        let read: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(read, histogram);
    }
}
