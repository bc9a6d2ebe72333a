//! `make bench`: measures speed and memory of the release binaries from outside. It prints figures and
//! does not judge them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measuring tool: it prints, and ends where something is missing"
)]

mod counted;
mod distributed;
mod embedded;
mod floor;
mod live;
mod load;
mod overload;
mod service;
mod stages;
mod turns;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use livegate_tests::client::Capture;
use livegate_tests::media::{jpeg, portrait_frame};

/// Number of verifies, one after another, for the figures of a single verify.
const VERIFIES: usize = 40;
/// Number of verifies before these.
const WARM_UP: usize = 5;

/// Measures speed and memory of the release binaries.
#[derive(Parser)]
struct Asked {
    /// What to measure; everything without one.
    parts: Vec<Part>,
    /// Another checkout of the project, built with the same profile into its `target`: compares its service with this
    /// one, in turns, and measures nothing else.
    #[arg(long, value_name = "FOLDER", conflicts_with = "parts")]
    baseline: Option<PathBuf>,
}

/// A part of the measurement.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// A worker's share of a verify, on one thread of this process: the models, and what is beside them.
    Floor,
    /// Verifies, clips and live frames in one process.
    Embedded,
    /// More than the service can do.
    Overload,
    /// One key beside another that floods.
    Tenants,
    /// Workers behind RabbitMQ and Redis.
    Distributed,
}

#[tokio::main]
async fn main() {
    let asked = Asked::parse();
    let folder = tempfile::tempdir().unwrap();
    let capture = Arc::new(capture());
    let bytes: usize = capture.0.iter().map(|(_, jpeg)| jpeg.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    println!(
        "{cores} cores, shared with the client; load before: {}; a verify is 8 frames of 1280x720, {} KB of JPEG each",
        load.split_whitespace().next().unwrap(),
        bytes / 8 / 1000
    );
    if let Some(earlier) = asked.baseline {
        return turns::measure(folder.path(), &capture, &earlier).await;
    }
    let is_asked = |part| asked.parts.is_empty() || asked.parts.contains(&part);
    if is_asked(Part::Floor) {
        floor::measure(&capture);
    }
    if is_asked(Part::Embedded) {
        embedded::measure(folder.path(), &capture).await;
    }
    if is_asked(Part::Overload) || is_asked(Part::Tenants) {
        let kinds = overload::Kind::all(&capture, &embedded::clip());
        if is_asked(Part::Overload) {
            overload::rates(folder.path(), &kinds).await;
        }
        if is_asked(Part::Tenants) {
            overload::beside(folder.path(), &kinds).await;
        }
    }
    if is_asked(Part::Distributed) {
        distributed::measure(folder.path(), &capture).await;
    }
}

/// A capture of a face in eight different 1280x720 frames.
fn capture() -> Capture {
    let tags = ["center", "center", "turn_left", "turn_left", "turn_left"];
    let tags = tags.into_iter().chain(["turn_right"; 3]);
    let frame = |(i, tag): (u32, &str)| {
        let picture = portrait_frame(640 + 10 * i, 12 * i64::from(i));
        (tag.to_owned(), jpeg(&picture))
    };
    Capture((0..).zip(tags).map(frame).collect())
}

/// Prints a figure.
fn figure(name: &str, value: f64, unit: &str) {
    println!("  {name:<28} {value:8.1} {unit}");
}

fn percentile(times: &mut [Duration], p: usize) -> f64 {
    times.sort();
    times[(times.len() - 1) * p / 100].as_secs_f64() * 1e3
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
