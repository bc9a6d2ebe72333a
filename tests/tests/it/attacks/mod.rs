//! The attack suite, at every build: with the people that it was written with. What is reported in
//! `docs/attacks.md` is made by `make attacks`, with others.

mod search;

use std::sync::Arc;

use fastrand::Rng;
use futures_util::{StreamExt, stream};
use livegate_tests::app::App;
use livegate_tests::attacks::lab::{Outcome, present};
use livegate_tests::attacks::list::{Attack, Cast, Expected, all};
use livegate_tests::attacks::people::{WHILE_WRITING, cast, pool};
use livegate_tests::attacks::poor::{self, Poor};
use livegate_tests::attacks::presentation::Presentation;
use livegate_tests::media::root;
use livegate_tests::real::embedded;

/// What the attacks draw their parameters from here.
const SEED: u64 = 7;

/// Presents these, two at a time, and gives what was said of each.
async fn present_all<L>(
    app: &App,
    cast: &Arc<Cast>,
    presentations: impl IntoIterator<Item = (L, Attack, Option<Poor>)>,
) -> Vec<(L, Outcome)> {
    stream::iter(presentations)
        .map(async |(label, attack, poor)| {
            let cast = Arc::clone(cast);
            let make = move || {
                let mut rng = Rng::with_seed(SEED);
                let made: Presentation = (attack.make)(&cast, &mut rng);
                match poor {
                    Some(poor) => poor.seen(made, &mut rng),
                    None => made,
                }
            };
            let made = tokio::task::spawn_blocking(make).await.unwrap();
            (label, present(app, made).await)
        })
        .buffered(2)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn what_must_be_stopped_is_stopped() {
    let cast = cast(&pool(), WHILE_WRITING).await;
    let app = embedded(None).await;
    let attacks = all().into_iter().map(|a| ((a.name, a.expected), a, None));
    let outcomes = present_all(&app, &Arc::new(cast), attacks).await;
    let through: Vec<_> = outcomes
        .iter()
        .filter(|((_, expected), o)| *expected == Expected::Stopped && o.accepted)
        .collect();
    assert!(through.is_empty(), "got through: {through:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn what_is_stopped_where_it_is_seen_well_is_stopped_where_it_is_not() {
    let cast = cast(&pool(), WHILE_WRITING).await;
    let app = embedded(None).await;
    let worst = [
        Poor::Blur(2.0),
        Poor::Noise(8.0),
        Poor::Light(0.25),
        Poor::Jpeg(20),
        Poor::Pixels(0.25),
    ];
    let each = worst.into_iter().flat_map(|poor| {
        let attacks = poor::attacks().into_iter();
        attacks.map(move |a| ((a.name, poor), a, Some(poor)))
    });
    let outcomes = present_all(&app, &Arc::new(cast), each).await;
    let through: Vec<_> = outcomes
        .iter()
        .filter(|(_, o)| o.accepted)
        .map(|(label, _)| label)
        .collect();
    assert!(through.is_empty(), "got through: {through:?}");
}

#[test]
fn the_document_has_a_row_for_each_attack_and_no_other() {
    let document = std::fs::read_to_string(root().join("docs/attacks.md")).unwrap();
    let (_, after) = document.split_once("<!-- attacks -->").unwrap();
    let (table, _) = after.split_once("<!-- end of attacks -->").unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .skip(1)
        .collect();
    let names: Vec<&str> = all().iter().map(|a| a.name).collect();
    assert_eq!(rows, names);
    assert!(names.len() >= 25);
}
