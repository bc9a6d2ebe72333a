//! One search: presents an attack to the service until it is accepted or its tries run out.

use std::sync::Arc;

use futures_util::future::join_all;

use super::attack::{Make, Mode, Searched, Setting};
use super::climber::Climber;
use super::reading::Reading;
use crate::app::App;
use crate::attacks::lab::{Outcome, answer};
use crate::attacks::list::Cast;
use crate::attacks::table::Tally;

/// Number of tries of an attacker.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Number of random settings. All of them are presented.
    pub blind: usize,
    /// Number of all presentations. After the blind ones, each is chosen by the scores so far.
    pub tries: usize,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub struct Found {
    /// Results of the blind tries.
    pub blind: Tally,
    /// Results of all tries.
    pub all: Tally,
    /// Number of the first accepted try, from 1; `None` without one.
    pub through_at: Option<usize>,
    /// The first accepted setting, or else the one that came nearest.
    pub best: Vec<f64>,
    /// Its result.
    pub outcome: Outcome,
    /// Results of live people with the changes of the blind tries and of the best one; empty where the
    /// attack has no control.
    pub control: Tally,
}

/// Runs a search. All blind tries are presented. The climb ends with the first accepted try.
pub async fn search(
    app: &App,
    attack: &Arc<Searched>,
    mode: Mode,
    cast: &Arc<Cast>,
    budget: Budget,
    seed: u64,
) -> Found {
    let seed = of_line(attack, mode, seed);
    let mut climber = Climber::new(&attack.params, budget.blind, seed);
    let mut found = Found {
        blind: Tally::default(),
        all: Tally::default(),
        through_at: None,
        best: Vec::new(),
        outcome: Outcome::default(),
        control: Tally::default(),
    };
    let (mut tried, mut best_score) = (0, f64::NEG_INFINITY);
    while tried < budget.tries && (tried < budget.blind || found.through_at.is_none()) {
        let limit = if tried < budget.blind {
            budget.blind
        } else {
            budget.tries
        };
        let count = mode.at_once().min(limit - tried);
        let settings: Vec<_> = (0..count).map(|_| climber.ask()).collect();
        let presented = settings.iter().zip(tried..).map(|(values, number)| {
            let seed = seed.wrapping_add(number as u64);
            present(app, attack.make, attack, mode, cast, values.clone(), seed)
        });
        let readings = join_all(presented).await;
        for (values, reading) in settings.into_iter().zip(readings) {
            tried += 1;
            if tried <= budget.blind {
                found.blind.add(&reading.outcome);
            }
            found.all.add(&reading.outcome);
            if reading.accepted && found.through_at.is_none() {
                found.through_at = Some(tried);
            }
            if reading.score > best_score {
                best_score = reading.score;
                found.best.clone_from(&values);
                found.outcome = reading.outcome;
            }
            climber.tell(values, reading.score);
        }
    }
    found
}

/// Presents live people with the same changes: those of the first `count` blind settings, and of the
/// best one.
pub async fn control(
    app: &App,
    attack: &Arc<Searched>,
    mode: Mode,
    cast: &Arc<Cast>,
    best: &[f64],
    count: usize,
    seed: u64,
) -> Tally {
    let mut tally = Tally::default();
    let Some(make) = attack.control else {
        return tally;
    };
    let seed = of_line(attack, mode, seed);
    let mut climber = Climber::new(&attack.params, count, seed);
    let mut settings: Vec<_> = (0..count).map(|_| climber.ask()).collect();
    settings.push(best.to_vec());
    for (some, number) in settings.chunks(mode.at_once()).zip(0..) {
        let presented = some.iter().zip(0..).map(|(values, n)| {
            let seed = seed.wrapping_add(1000 * number + n);
            present(app, make, attack, mode, cast, values.clone(), seed)
        });
        for reading in join_all(presented).await {
            tally.add(&reading.outcome);
        }
    }
    tally
}

/// The seed of an attack and mode, so that no two try the same numbers.
fn of_line(attack: &Searched, mode: Mode, seed: u64) -> u64 {
    // FNV-1a (Fowler, Noll, Vo).
    let names = attack.name.bytes().chain(mode.name().bytes());
    names.fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

async fn present(
    app: &App,
    make: Make,
    attack: &Arc<Searched>,
    mode: Mode,
    cast: &Arc<Cast>,
    values: Vec<f64>,
    seed: u64,
) -> Reading {
    let (attack, cast) = (Arc::clone(attack), Arc::clone(cast));
    let made = move || {
        let setting = Setting::new(&attack.params, &values);
        make(&cast, mode, &setting, &mut fastrand::Rng::with_seed(seed))
    };
    let made = tokio::task::spawn_blocking(made).await.unwrap();
    Reading::of(&answer(app, made).await)
}
