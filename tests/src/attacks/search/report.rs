//! Runs all searches, one after the other.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::attack::{Mode, Searched};
use super::list::{REPLAYED, all};
use super::reading::Reading;
use super::reel::{acted, presentation};
use super::run::{Budget, Found, control, search};
use super::table::{HEAD, row};
use crate::app::App;
use crate::attacks::lab::answer;
use crate::attacks::list::{Cast, TURNS};
use crate::attacks::table::Tally;

/// JPEG quality of unchanged pictures.
const QUALITY: u8 = 90;
/// Head of the table of unchanged captures.
const UNCHANGED: &str = "| unchanged | mode | accepted | what stopped it | anti-spoof, median and range |\n|---|---|---|---|---|\n";

/// Number of settings with which live people are presented, besides the best one.
const CONTROLS: usize = 3;

/// Results of one attack in one mode, against each cast.
pub struct Line {
    /// The attack.
    pub attack: Arc<Searched>,
    /// The mode.
    pub mode: Mode,
    /// The result for each cast.
    pub found: Vec<Found>,
}

/// Searches each attack whose name and mode contain `filter`, in each of its modes, against each cast.
/// Two lines run at a time, since an interactive session mostly waits.
pub async fn searches(
    app: &App,
    casts: &[Arc<Cast>],
    budget: Budget,
    seed: u64,
    filter: &str,
) -> Vec<Line> {
    let of_attack = |attack: Searched| {
        let attack = Arc::new(attack);
        let modes = attack.modes.iter();
        modes
            .map(move |mode| (Arc::clone(&attack), *mode))
            .collect::<Vec<_>>()
    };
    let wanted = |(attack, mode): &(Arc<Searched>, Mode)| {
        format!("{} {}", attack.name, mode.name()).contains(filter)
    };
    let lines = all().into_iter().flat_map(of_attack).filter(wanted);
    stream::iter(lines)
        .map(async |(attack, mode)| {
            let mut found = Vec::new();
            for (cast, seed) in casts.iter().zip(seed..) {
                let mut one = search(app, &attack, mode, cast, budget, seed).await;
                one.control = control(app, &attack, mode, cast, &one.best, CONTROLS, seed).await;
                found.push(one);
            }
            eprint!("{}", row(&attack, mode, &found, budget));
            Line {
                attack,
                mode,
                found,
            }
        })
        .buffered(2)
        .collect()
        .await
}

/// The table for the document.
pub fn table(lines: &[Line], budget: Budget) -> String {
    let rows = lines
        .iter()
        .map(|l| row(&l.attack, l.mode, &l.found, budget));
    HEAD.to_owned() + &rows.collect::<String>()
}

/// Results of unchanged live captures and replays in each mode, with the same frames as the attacks. The
/// searches are compared with these.
pub async fn unchanged(app: &App, casts: &[Arc<Cast>]) -> String {
    let mut table = UNCHANGED.to_owned();
    for mode in Mode::ALL {
        let (mut live, mut replay) = (Tally::default(), Tally::default());
        for cast in casts {
            for person in [&cast.victim, &cast.other] {
                let shown = presentation(mode, &TURNS, acted(person, &TURNS, mode), QUALITY);
                live.add(&Reading::of(&answer(app, shown).await).outcome);
            }
        }
        if let Some(cast) = casts.first() {
            let takes = acted(&cast.replay, &REPLAYED, mode);
            let shown = presentation(mode, &REPLAYED, takes, QUALITY);
            replay.add(&Reading::of(&answer(app, shown).await).outcome);
        }
        for (name, tally) in [("live people", live), ("the replay", replay)] {
            table += &format!(
                "| {name} | {} | {} | {} | {} |\n",
                mode.name(),
                tally.passed(),
                tally.said(),
                tally.score()
            );
        }
    }
    table
}
