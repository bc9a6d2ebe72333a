//! The searching attacks at every build: a few tries each, with the people that they were written with.

use std::sync::Arc;

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_instruments::perturb::{Noise, Place};
use livegate_tests::attacks::list::Expected;
use livegate_tests::attacks::people::{WHILE_WRITING, cast, pool};
use livegate_tests::attacks::search::list::all;
use livegate_tests::attacks::search::noise::cell;
use livegate_tests::attacks::search::run::{Budget, search};
use livegate_tests::attacks::search::service::start;
use livegate_tests::media::root;

/// What the attacks draw their parameters from here.
const SEED: u64 = 7;
/// One setting at random and one near it: what climbs further is `make attacks`.
const BUDGET: Budget = Budget { blind: 1, tries: 2 };

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn what_must_be_stopped_is_stopped_whatever_its_setting() {
    let cast = Arc::new(cast(&pool(), WHILE_WRITING).await);
    let app = start(None).await;
    let each = all().into_iter().map(Arc::new).flat_map(|attack| {
        let modes = attack.modes.iter().copied();
        let must = modes.filter(|mode| (attack.expected)(*mode) == Expected::Stopped);
        must.map(|mode| (Arc::clone(&attack), mode))
            .collect::<Vec<_>>()
    });
    let found: Vec<_> = stream::iter(each)
        .map(async |(attack, mode)| {
            let found = search(&app, &attack, mode, &cast, BUDGET, SEED).await;
            (attack.name, mode, found.through_at, found.best)
        })
        .buffer_unordered(3)
        .collect()
        .await;
    let through: Vec<_> = found.iter().filter(|f| f.2.is_some()).collect();
    assert!(through.is_empty(), "got through: {through:?}");

    // Noise of any grain, colour and place over a real replay.
    let noise = |sigma, grain, chroma, place| Noise {
        sigma,
        grain,
        chroma,
        place,
    };
    for noise in [
        noise(8.0, 1.0, 0.5, Place::Whole),
        noise(12.0, 2.0, 0.0, Place::Face),
        noise(8.0, 2.0, 1.0, Place::Around),
        noise(8.0, 4.0, 0.5, Place::Whole),
    ] {
        let (replays, _) = cell(&app, std::slice::from_ref(&cast), noise, SEED).await;
        assert_eq!(replays.accepted, 0, "{noise:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn a_setting_and_a_seed_make_one_presentation() {
    let cast = cast(&pool(), WHILE_WRITING).await;
    let mut rng = Rng::with_seed(SEED);
    for attack in all() {
        let values: Vec<f64> = attack
            .params
            .iter()
            .map(|p| p.least + (p.most - p.least) * rng.f64())
            .collect();
        let mode = attack.modes[0];
        let [one, same] = [1, 1].map(|seed| attack.presentation(&cast, mode, &values, seed));
        assert!(!one.pictures().is_empty(), "{}", attack.name);
        assert!(one.pictures() == same.pictures(), "{}", attack.name);
    }
}

#[test]
fn the_document_has_a_row_for_each_searched_attack_and_mode() {
    let document = std::fs::read_to_string(root().join("docs/attacks.md")).unwrap();
    let (_, after) = document.split_once("<!-- search -->").unwrap();
    let (table, _) = after.split_once("<!-- end of search -->").unwrap();
    for attack in all() {
        for mode in attack.modes {
            let row = format!("| {} | {} |", attack.name, mode.name());
            let count = table.lines().filter(|line| line.starts_with(&row)).count();
            assert_eq!(count, 2, "one for each set of models: {row}");
        }
    }
}
