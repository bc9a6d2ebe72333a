//! Stage timings of the service, from two readings of its metrics.

use livegate_tests::scrape::Scrape;

/// Stages in the order in which a request goes through them, with the beginning of their names in the
/// metrics. Stages of waiting include those of measuring.
const STAGES: [(&str, &str); 17] = [
    ("livegate_", "parse"),
    ("livegate_", "seal"),
    ("livegate_", "publish"),
    ("livegate_", "wait"),
    ("livegate_worker_", "queue"),
    ("livegate_worker_", "open"),
    ("livegate_worker_", "thread"),
    ("livegate_worker_", "decode"),
    ("livegate_worker_", "detect"),
    ("livegate_worker_", "landmarks"),
    ("livegate_worker_", "expression"),
    ("livegate_worker_", "embed"),
    ("livegate_worker_", "anti_spoof"),
    ("livegate_worker_", "cues"),
    ("livegate_worker_", "store"),
    ("livegate_", "decide"),
    ("livegate_", "answer"),
];

/// Prints the time of each stage between two readings, in which `verifies` verifies ended.
pub fn print(verifies: usize, before: &Scrape, after: &Scrape) {
    for (prefix, stage) in STAGES {
        let grown = |part: &str| {
            let sample = format!("{prefix}stage_duration_seconds_{part}{{stage=\"{stage}\"}}");
            after.value(&sample) - before.value(&sample)
        };
        let (ms, times) = (grown("sum") * 1e3, grown("count"));
        println!(
            "  stage {stage:<22} {:8.2} ms a verify, {:5.1} times of {:6.2} ms",
            ms / verifies as f64,
            times / verifies as f64,
            ms / times
        );
    }
}
