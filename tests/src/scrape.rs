//! Reads metrics as a collector does.

use std::collections::BTreeSet;
use std::net::SocketAddr;

/// The text of `/metrics`.
#[derive(Clone, Debug)]
pub struct Scrape(pub String);

impl Scrape {
    /// Reads the metrics at `address`.
    pub async fn of(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("http://{address}/metrics")).send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        Self(answer.text().await.unwrap())
    }

    /// The value of a sample. Its name includes the labels, as in the text: `name{label="value"}`. Fails
    /// the test without it.
    #[track_caller]
    pub fn value(&self, sample: &str) -> f64 {
        let value = self.get(sample);
        value.unwrap_or_else(|| panic!("no {sample} in\n{}", self.0))
    }

    /// The value of a sample, if there is one.
    pub fn get(&self, sample: &str) -> Option<f64> {
        let mut samples = self.samples();
        samples.find_map(|(name, value)| (name == sample).then_some(value))
    }

    /// Names of all samples, without their labels.
    pub fn names(&self) -> BTreeSet<String> {
        let name = |(sample, _): (&str, f64)| sample.split('{').next().unwrap().to_owned();
        self.samples().map(name).collect()
    }

    fn samples(&self) -> impl Iterator<Item = (&str, f64)> {
        let lines = self.0.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            (sample, value.parse().unwrap())
        })
    }
}
