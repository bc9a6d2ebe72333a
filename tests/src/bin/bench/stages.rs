//! Where the time goes: the service's own stage timings, between two readings of its metrics.

use livegate_tests::scrape::Scrape;

/// Stages of frames, as the metrics name them, in their order.
const OF_FRAMES: [&str; 6] = [
    "decode",
    "detect",
    "landmarks",
    "embed",
    "anti_spoof",
    "cues",
];

/// Prints the mean of each stage that frames went through between two readings of the metrics of a
/// process, whose names begin with `prefix`.
pub fn print(prefix: &str, before: &Scrape, after: &Scrape) {
    let grown = |part: &str, stage: &str| {
        let sample = format!("{prefix}stage_duration_seconds_{part}{{stage=\"{stage}\"}}");
        after.get(&sample).unwrap_or(0.0) - before.get(&sample).unwrap_or(0.0)
    };
    for stage in OF_FRAMES {
        let (seconds, times) = (grown("sum", stage), grown("count", stage));
        if times > 0.0 {
            println!(
                "  stage {stage:<12}           {:8.2} ms a frame",
                seconds / times * 1e3
            );
        }
    }
}
