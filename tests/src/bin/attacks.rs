//! `make attacks`: presents all attacks, live people and poor captures to the whole service, and writes
//! the results into `docs/attacks.md`.
//!
//! Arguments select tables. Takes some minutes, and needs `LIVEGATE_MEDIA`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a tool for whoever works on this project: it stops where something is missing"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_common::job::Look;
use livegate_tests::app::App;
use livegate_tests::attacks::bona_fide::{SUBJECTS, session};
use livegate_tests::attacks::footage::{Footage, RATE};
use livegate_tests::attacks::lab::{Outcome, present};
use livegate_tests::attacks::left_out::{Extremes, operating_point};
use livegate_tests::attacks::list::{Attack, Cast, TURNS, all};
use livegate_tests::attacks::people::{REPORTED, SEARCHED, cast, casts, pool};
use livegate_tests::attacks::poor::{self, Poor};
use livegate_tests::attacks::presentation::Presentation;
use livegate_tests::attacks::search::report::searches;
use livegate_tests::attacks::search::run::Budget;
use livegate_tests::attacks::search::service::{optional_models, start};
use livegate_tests::attacks::search::{self, noise};
use livegate_tests::attacks::table::{Tally, attack_row, filled_in};
use livegate_tests::media::root;
use livegate_tests::real::{embedded, embedded_at};
use livegate_worker::AnalyzerPool;

/// Tries of each attack with each cast.
const TRIES: u64 = 3;
/// Sessions of each live person.
const SESSIONS: u64 = 20;
/// Tries of a searching attacker in each mode with each cast, unless `SEARCH_TRIES` sets another number.
/// A third of them is blind.
const SEARCH_TRIES: usize = 60;
/// Seed of all parameters. It was not used while the attacks were written.
const SEED: u64 = 20_261_122;

#[tokio::main]
async fn main() {
    let pool = pool();
    let three = optional_models();
    let mut casts = Vec::new();
    for roles in REPORTED {
        casts.push(Arc::new(cast(&pool, roles).await));
    }
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |table: &str| asked.is_empty() || asked.iter().any(|a| a == table);
    if is_asked("attacks") {
        let (one, three) = (embedded(None).await, embedded(Some(&three)).await);
        write("attacks", &attacks(&one, &three, &casts).await);
    }
    if is_asked("poor_capture") {
        write(
            "poor_capture",
            &poor_capture(&embedded(None).await, &casts).await,
        );
    }
    if is_asked("noise") || is_asked("search") {
        searched(&pool, &is_asked).await;
    }
    if is_asked("bona_fide") {
        write("bona_fide", &bona_fide(&pool, &three).await);
    }
}

/// Results of searching attacks and of noise, with the shipped models and with the optional ones.
async fn searched(pool: &AnalyzerPool, is_asked: &impl Fn(&str) -> bool) {
    let people = casts(pool, &SEARCHED).await;
    let people: Vec<_> = people.into_iter().map(Arc::new).collect();
    let optional = optional_models();
    let asked = std::env::var("SEARCH_TRIES").ok();
    let tries = asked.map_or(SEARCH_TRIES, |text| {
        text.parse().expect("a number of tries")
    });
    let budget = Budget {
        blind: tries / 3,
        tries,
    };
    let (mut surface, mut found) = (String::new(), String::new());
    for (config, name) in [
        (None, "The shipped models alone"),
        (Some(&*optional), "With the optional anti-spoof models"),
    ] {
        let app = start(config).await;
        if is_asked("noise") {
            let table = noise::table(&app, &people, SEED).await;
            writeln!(surface, "{name}:\n\n{table}").unwrap();
        }
        if is_asked("search") {
            let lines = searches(&app, &people, budget, SEED, "").await;
            let table = search::report::table(&lines, budget);
            writeln!(found, "{name}:\n\n{table}").unwrap();
        }
        app.stop().await;
    }
    if is_asked("noise") {
        write("noise", surface.trim_end());
    }
    if is_asked("search") {
        write("search", found.trim_end());
    }
}

/// Writes a table into the document.
fn write(name: &str, table: &str) {
    let path: PathBuf = root().join("docs/attacks.md");
    let document = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, filled_in(&document, name, table)).unwrap();
}

/// Makes presentations outside the async runtime and presents them, two at a time.
async fn tally<F>(app: &App, makers: impl IntoIterator<Item = F>) -> Tally
where
    F: FnOnce() -> Presentation + Send + 'static,
{
    let outcomes: Vec<Outcome> = stream::iter(makers)
        .map(async |make| present(app, tokio::task::spawn_blocking(make).await.unwrap()).await)
        .buffer_unordered(2)
        .collect()
        .await;
    let mut tally = Tally::default();
    outcomes.iter().for_each(|o| tally.add(o));
    tally
}

/// One maker for each of these casts and tries.
fn makers(
    attack: &Attack,
    casts: &[Arc<Cast>],
) -> Vec<impl FnOnce() -> Presentation + Send + use<>> {
    let make = attack.make;
    let each = casts
        .iter()
        .flat_map(|cast| (0..TRIES).map(move |n| (Arc::clone(cast), SEED + n)));
    each.map(|(cast, seed)| move || make(&cast, &mut Rng::with_seed(seed)))
        .collect()
}

async fn attacks(one: &App, three: &App, casts: &[Arc<Cast>]) -> String {
    let mut table = "| attack | by | stopped | what spoke, of so many | anti-spoof, median and range | stopped, three models | what spoke | anti-spoof | where it gets through |\n|---|---|---|---|---|---|---|---|---|\n".to_owned();
    for attack in all() {
        let way = (attack.make)(&casts[0], &mut Rng::with_seed(SEED)).way();
        let by_one = tally(one, makers(&attack, casts)).await;
        let by_three = tally(three, makers(&attack, casts)).await;
        let row = attack_row(&attack, way, &by_one, &by_three);
        eprint!("{row}");
        table += &row;
    }
    table
}

async fn poor_capture(app: &App, casts: &[Arc<Cast>]) -> String {
    let mut table =
        "| seen | live, accepted | what spoke | attacks, accepted |\n|---|---|---|---|\n"
            .to_owned();
    for poor in poor::ALL {
        let live = |cast: &Arc<Cast>| {
            [Arc::clone(&cast.victim), Arc::clone(&cast.other)].map(|person| {
                move || seen(poor, Presentation::images(&TURNS, person.shots(&TURNS)))
            })
        };
        let live = tally(app, casts.iter().flat_map(live)).await;
        let attacks = poor::attacks().into_iter().flat_map(|attack| {
            let make = attack.make;
            let with = move |cast: &Arc<Cast>| {
                let cast = Arc::clone(cast);
                move || seen(poor, make(&cast, &mut Rng::with_seed(SEED)))
            };
            casts.iter().map(with).collect::<Vec<_>>()
        });
        let attacks = tally(app, attacks).await;
        let row = format!(
            "| {} | {} | {} | {} |\n",
            poor.words(),
            live.passed(),
            live.said(),
            attacks.passed()
        );
        eprint!("{row}");
        table += &row;
    }
    table
}

fn seen(poor: Poor, presentation: Presentation) -> Presentation {
    poor.seen(presentation, &mut Rng::with_seed(SEED))
}

async fn bona_fide(pool: &AnalyzerPool, three: &Path) -> String {
    let mut people = Vec::new();
    for subject in &SUBJECTS {
        let footage = Footage::load(pool, subject.file, Look::Whole).await;
        let extremes = Extremes::of(&footage);
        eprintln!("{}: {extremes:?}", subject.file);
        people.push((subject, Arc::new(footage), extremes));
    }
    let mut table = "| person | accepted | what spoke | accepted, three models | what spoke | thresholds from the others: likeness to the portrait, least likeness, raster, border, speed, scene, copy |\n|---|---|---|---|---|---|\n".to_owned();
    for (index, &(subject, ref footage, _)) in people.iter().enumerate() {
        let others = people.iter().enumerate().filter(|(n, _)| *n != index);
        let others: Vec<_> = others.map(|(_, (_, _, extremes))| extremes).collect();
        let point = operating_point(&others);
        let mut row = format!("| {} |", footage.name);
        for config in [None, Some(three)] {
            let app = embedded_at(config, &point).await;
            let sessions = (0..SESSIONS).map(|n| {
                let footage = Arc::clone(footage);
                move || session(subject, &footage, &mut Rng::with_seed(SEED + n))
            });
            let tally = tally(&app, sessions).await;
            app.stop().await;
            write!(row, " {} | {} |", tally.passed(), tally.said()).unwrap();
        }
        let t = &point.thresholds;
        // The scene's column is the change allowed in a step of a fifteenth of a second.
        writeln!(
            row,
            " {:.2}, {:.2}, {:.1}, {:.2}, {:.0}, {:.2}, {:.4} |",
            t.same_person,
            t.least_likeness,
            t.raster,
            t.border,
            t.head_speed,
            t.scene_step + t.scene_rate / RATE as f32,
            t.copy_likeness
        )
        .unwrap();
        eprint!("{row}");
        table += &row;
    }
    table
}
