//! Searches for settings of attacks that are accepted, and prints the results. It writes no files; `make
//! attacks` writes the document.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool for those who work on this project: it stops where something is missing"
)]

use std::sync::Arc;

use clap::Parser;
use livegate_tests::attacks::people::{SEARCHED, WHILE_WRITING, casts, pool};
use livegate_tests::attacks::search::noise;
use livegate_tests::attacks::search::report::{searches, table, unchanged};
use livegate_tests::attacks::search::run::Budget;
use livegate_tests::attacks::search::service::{optional_models, start};

/// Searches for settings of attacks that are accepted.
#[derive(Parser)]
struct Options {
    /// Only attacks whose name and mode ("images", "video", "interactive") contain this.
    #[arg(default_value = "")]
    filter: String,
    /// Number of random settings.
    #[arg(long, default_value_t = 20)]
    blind: usize,
    /// Number of all presentations.
    #[arg(long, default_value_t = 60)]
    tries: usize,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Uses the people with whom the attacks were written, not those of the document.
    #[arg(long)]
    writing: bool,
    /// Uses the optional anti-spoof models, too.
    #[arg(long)]
    optional: bool,
    /// Measures the effect of noise instead of searching.
    #[arg(long)]
    noise: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let roles: &[_] = if options.writing {
        &[WHILE_WRITING]
    } else {
        &SEARCHED
    };
    let people = casts(&pool(), roles).await;
    let people: Vec<_> = people.into_iter().map(Arc::new).collect();
    let config = options.optional.then(optional_models);
    let app = start(config.as_deref()).await;
    println!("{}", unchanged(&app, &people).await);
    if options.noise {
        println!("{}", noise::table(&app, &people, options.seed).await);
        return;
    }
    let budget = Budget {
        blind: options.blind,
        tries: options.tries,
    };
    let lines = searches(&app, &people, budget, options.seed, &options.filter).await;
    println!("{}", table(&lines, budget));
}
