//! Plot of the distribution of anti-spoof scores.

use maud::html;

use super::{BELOW, LEFT, LINE, Mark, Plot, RIGHT, Scale, WIDTH, axes, legend};
use crate::evaluate::report::pad::ScoreRange;

/// Height of the data, pixels.
const HEIGHT: f64 = 240.0;
/// Steps of counts that are easy to read.
const STEPS: [usize; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/// Most grid lines on either side of zero.
const MOST_TICKS: usize = 5;

/// Plots captures by anti-spoof score, bona fide presentations above attacks, and the threshold.
pub fn scores(ranges: &[ScoreRange], threshold: f32) -> Plot {
    let top = 3.0 * LINE + 10.0;
    let most = |count: fn(&ScoreRange) -> usize| ranges.iter().map(count).max().unwrap_or(0).max(1);
    let (above, below) = (most(|r| r.bona_fide), most(|r| r.attacks));
    let x = Scale::linear((0.0, 1.0), (LEFT, WIDTH - RIGHT));
    let y = Scale::linear((-float(below), float(above)), (top + HEIGHT, top));
    let ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(|score| (score, format!("{score:.1}")));
    let bar = |range: &ScoreRange, count: f64| {
        let (left, right) = (x.at(range.from) + 1.0, x.at(range.to) - 1.0);
        let (zero, end) = (y.at(0.0), y.at(count));
        format!("M{left} {zero}V{end}H{right}V{zero}Z")
    };
    let (at, threshold) = (
        x.at(f64::from(threshold)),
        format!("threshold {threshold:.2}: below it is an attack"),
    );
    let content = html! {
        (axes(&x, &ticks, "deciding anti-spoof score of the capture", &y, &count_ticks(below, above), "captures"))
        @for range in ranges {
            path.fill-1 d=(bar(range, float(range.bona_fide))) {}
            path.fill-2 d=(bar(range, -float(range.attacks))) {}
        }
        path.threshold d=(format!("M{at} {top}v{HEIGHT}")) {}
        (legend(0, "fill-1", Mark::Area, "bona fide presentations (above)"))
        (legend(1, "fill-2", Mark::Area, "attacks (below)"))
        (legend(2, "threshold", Mark::Line, &threshold))
    };
    Plot {
        title: "Anti-spoof scores of bona fide presentations and of attacks".to_owned(),
        height: top + HEIGHT + BELOW,
        content,
    }
}

/// Whole numbers on either side of zero, few enough to be readable.
fn count_ticks(below: usize, above: usize) -> Vec<(f64, String)> {
    let largest = below.max(above);
    let fits = |step: &&usize| largest / **step <= MOST_TICKS;
    let step = STEPS.iter().find(fits).copied().unwrap_or(largest);
    let tick = |side: f64| move |n: usize| (side * float(n * step), (n * step).to_string());
    let downwards = (1..=below / step).map(tick(-1.0));
    downwards.chain((0..=above / step).map(tick(1.0))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of captures")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_few_ticks_and_whole_ones() {
        for (below, above) in [(1, 1), (3, 12), (40, 2), (999, 1000), (70_000, 3)] {
            let ticks = count_ticks(below, above);
            assert!(ticks.len() <= 2 * MOST_TICKS + 1, "{ticks:?}");
            assert!(ticks.iter().all(|(value, _)| value.fract() == 0.0));
            assert!(ticks.contains(&(0.0, "0".to_owned())));
        }
    }
}
