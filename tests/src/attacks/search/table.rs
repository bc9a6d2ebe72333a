//! Results of searches as rows of Markdown.

use livegate_lab::evaluate::statistics::of_share;

use super::attack::{Mode, Searched, Setting};
use super::run::{Budget, Found};
use crate::attacks::list::Expected;
use crate::attacks::table::Tally;

/// Head of the table.
pub const HEAD: &str = "| attack | mode | blind, accepted | with scores | best setting | what stopped it | live people, the same changes | where it gets through |\n|---|---|---|---|---|---|---|---|\n";

/// One row: an attack in one mode, against each cast.
pub fn row(attack: &Searched, mode: Mode, found: &[Found], budget: Budget) -> String {
    let blind = sum(found.iter().map(|f| &f.blind));
    let control = sum(found.iter().map(|f| &f.control));
    let climbs: Vec<String> = found
        .iter()
        .map(|f| match f.through_at {
            Some(at) => format!("in {at}"),
            None => format!("not in {}", budget.tries),
        })
        .collect();
    let through = found.iter().find(|f| f.through_at.is_some());
    let best = through.or(found.first()).map_or_else(String::new, |f| {
        let setting = Setting::new(&attack.params, &f.best).words();
        match f.outcome.anti_spoof {
            Some(score) => format!("{setting} (anti-spoof {score:.2})"),
            None => setting,
        }
    });
    let stopped = sum(found.iter().map(|f| &f.all));
    let why = match (attack.expected)(mode) {
        Expected::Stopped => "",
        Expected::Open(why) => why,
    };
    let live = if control.tries == 0 {
        "–".to_owned()
    } else {
        control.passed()
    };
    format!(
        "| {} | {} | {} | {} | {best} | {} | {live} | {why} |\n",
        attack.name,
        mode.name(),
        with_interval(&blind),
        climbs.join(", "),
        stopped.said(),
    )
}

/// A share with the exact 95% interval of independent trials, as `3 of 20 (3–38%)`.
pub fn with_interval(tally: &Tally) -> String {
    let interval = of_share(tally.accepted, tally.tries);
    let interval = interval.map_or_else(String::new, |i| {
        format!(" ({:.0}–{:.0}%)", 100.0 * i.low, 100.0 * i.high)
    });
    tally.passed() + &interval
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    let mut sum = Tally::default();
    tallies.for_each(|t| sum.add_all(t));
    sum
}
