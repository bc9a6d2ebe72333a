//! Sums up results of presentations, as rows of Markdown.

use std::collections::BTreeMap;

use super::lab::Outcome;
use super::list::{Attack, Expected};

/// Results of one kind of presentation.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Number of presentations.
    pub tries: usize,
    /// Number of accepted presentations.
    pub accepted: usize,
    said: BTreeMap<String, usize>,
    anti_spoof: Vec<f64>,
}

impl Tally {
    /// Adds one result.
    pub fn add(&mut self, outcome: &Outcome) {
        self.tries += 1;
        self.accepted += usize::from(outcome.accepted);
        self.anti_spoof.extend(outcome.anti_spoof);
        for said in &outcome.said {
            *self.said.entry(said.clone()).or_default() += 1;
        }
    }

    /// Adds all results of another tally.
    pub fn add_all(&mut self, other: &Self) {
        self.tries += other.tries;
        self.accepted += other.accepted;
        for (said, count) in &other.said {
            *self.said.entry(said.clone()).or_default() += count;
        }
        self.anti_spoof.extend(&other.anti_spoof);
    }

    /// Number of stopped presentations, of all.
    pub fn stopped(&self) -> String {
        format!("{} of {}", self.tries - self.accepted, self.tries)
    }

    /// Number of accepted presentations, of all.
    pub fn passed(&self) -> String {
        format!("{} of {}", self.accepted, self.tries)
    }

    /// Reasons for rejections, the most frequent first.
    pub fn said(&self) -> String {
        let mut said: Vec<_> = self.said.iter().collect();
        said.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let words = said
            .iter()
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")));
        let words: Vec<String> = words.collect();
        if words.is_empty() {
            "–".to_owned()
        } else {
            words.join(", ")
        }
    }

    /// Median and range of the anti-spoof scores.
    pub fn score(&self) -> String {
        let mut scores = self.anti_spoof.clone();
        scores.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (scores.first(), scores.last()) else {
            return "–".to_owned();
        };
        let median = scores[scores.len() / 2];
        format!("{median:.2} ({least:.2}–{most:.2})")
    }
}

/// A row of the document's table of attacks: results with the shipped model, and with all three.
pub fn attack_row(attack: &Attack, way: &str, one: &Tally, three: &Tally) -> String {
    let rest = match attack.expected {
        Expected::Stopped => "",
        Expected::Open(why) => why,
    };
    format!(
        "| {} | {way} | {} | {} | {} | {} | {} | {} | {rest} |\n",
        attack.name,
        one.stopped(),
        one.said(),
        one.score(),
        three.stopped(),
        three.said(),
        three.score(),
    )
}

/// The document with `table` between the marks of this name.
pub fn filled_in(document: &str, name: &str, table: &str) -> String {
    let (from, to) = (
        format!("<!-- {name} -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let start = document.find(&from).expect("the document has the mark") + from.len();
    let end = document.find(&to).expect("the document has its end");
    format!("{}\n{table}\n{}", &document[..start], &document[end..])
}
