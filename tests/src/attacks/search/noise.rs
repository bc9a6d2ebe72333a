//! Effect of noise on replays and live people, by strength, grain, colour and place.

use std::sync::Arc;

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_instruments::perturb::{Noise, Place, noised};
use livegate_liveness::session::Task;

use super::attack::Mode;
use super::list::REPLAYED;
use super::reel::{acted, changed, presentation};
use crate::app::App;
use crate::attacks::footage::Footage;
use crate::attacks::lab::present;
use crate::attacks::list::{Cast, TURNS};
use crate::attacks::presentation::Presentation;
use crate::attacks::table::Tally;

/// Standard deviations, grey levels. The least is below the noise of most cameras.
pub const STRENGTHS: [f32; 5] = [2.0, 4.0, 8.0, 12.0, 16.0];
/// Sizes of grains, pixels.
pub const GRAINS: [f32; 3] = [1.0, 2.0, 4.0];
/// Shares of colour, with their names.
pub const CHANNELS: [(f32, &str); 3] = [(0.0, "luma"), (1.0, "chroma"), (0.5, "both")];
/// Places, with their names.
pub const PLACES: [(Place, &str); 3] = [
    (Place::Face, "face"),
    (Place::Around, "around"),
    (Place::Whole, "whole"),
];

/// Captures of the replay, by their actions.
const REPLAYS: [[Task; 2]; 2] = [REPLAYED, [Task::LookUp, Task::LookDown]];

/// The table: a row for each place, colour and grain, a column for each strength. Each cell has the
/// accepted captures of the replay and those of live people.
pub async fn table(app: &App, casts: &[Arc<Cast>], seed: u64) -> String {
    let mut table = "| place | colour | grain, pixels |".to_owned();
    for strength in STRENGTHS {
        table += &format!(" σ {strength} |");
    }
    table += "\n|---|---|---|";
    table += &"---|".repeat(STRENGTHS.len());
    table += "\n";
    for (place, place_name) in PLACES {
        for (chroma, channel) in CHANNELS {
            for grain in GRAINS {
                let mut row = format!("| {place_name} | {channel} | {grain} |");
                for sigma in STRENGTHS {
                    let noise = Noise {
                        sigma,
                        grain,
                        chroma,
                        place,
                    };
                    let (replays, live) = cell(app, casts, noise, seed).await;
                    row += &format!(" {}, {} |", replays.passed(), live.passed());
                }
                eprintln!("{row}");
                table += &row;
                table += "\n";
            }
        }
    }
    table
}

/// Results of replay captures and live captures under this noise, in images mode.
pub async fn cell(app: &App, casts: &[Arc<Cast>], noise: Noise, seed: u64) -> (Tally, Tally) {
    let replay = casts.first().map(|c| &c.replay);
    let replays = replay
        .into_iter()
        .flat_map(|footage| REPLAYS.map(|tasks| (Arc::clone(footage), tasks.to_vec())));
    // Each person once, even if in several casts.
    let mut people: Vec<Arc<Footage>> = Vec::new();
    for cast in casts {
        for person in [&cast.victim, &cast.other] {
            if people.iter().all(|p| p.name != person.name) {
                people.push(Arc::clone(person));
            }
        }
    }
    let live = people.into_iter().map(|person| (person, TURNS.to_vec()));
    (
        tally(app, replays, noise, seed).await,
        tally(app, live, noise, seed).await,
    )
}

async fn tally(
    app: &App,
    captures: impl Iterator<Item = (Arc<Footage>, Vec<Task>)>,
    noise: Noise,
    seed: u64,
) -> Tally {
    let present = async |(footage, tasks): (Arc<Footage>, Vec<Task>)| {
        let make = move || noisy(&footage, &tasks, noise, seed);
        present(app, tokio::task::spawn_blocking(make).await.unwrap()).await
    };
    let outcomes: Vec<_> = stream::iter(captures)
        .map(present)
        .buffered(2)
        .collect()
        .await;
    let mut tally = Tally::default();
    outcomes.iter().for_each(|o| tally.add(o));
    tally
}

fn noisy(footage: &Footage, tasks: &[Task], noise: Noise, seed: u64) -> Presentation {
    let mut rng = Rng::with_seed(seed);
    let takes = changed(
        acted(footage, tasks, Mode::Images),
        &mut rng,
        |p, face, rng| noised(p, noise, face, rng),
    );
    presentation(Mode::Images, tasks, takes, 90)
}
